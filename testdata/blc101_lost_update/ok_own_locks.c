// A lock of the program's own making, and elections by compare and swap.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

struct val {
	__u64 busy;
	__u64 n;
	__u64 first;
	__u64 claimed;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct val);
} vals SEC(".maps");

SEC("tc")
int trylock(struct __sk_buff *skb)
{
	__u32 key = 0;
	struct val *v = bpf_map_lookup_elem(&vals, &key);

	if (!v)
		return TC_ACT_OK;
	if (__sync_val_compare_and_swap(&v->busy, 0, 1))
		return TC_ACT_OK;
	v->n++;
	__sync_lock_test_and_set(&v->busy, 0);
	return TC_ACT_OK;
}

SEC("tc")
int elect(struct __sk_buff *skb)
{
	__u32 key = 0;
	struct val *v = bpf_map_lookup_elem(&vals, &key);

	if (!v)
		return TC_ACT_OK;
	if (__sync_fetch_and_add(&v->claimed, 1) == 0)
		v->first = bpf_ktime_get_ns();
	return TC_ACT_OK;
}

char LICENSE[] SEC("license") = "GPL";
