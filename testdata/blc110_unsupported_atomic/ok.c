// kernel: 5.12
// Every atomic of 5.12, on memory that takes them.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

struct val {
	__u64 n;
	__u32 narrow;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16);
	__type(key, __u32);
	__type(value, struct val);
} vals SEC(".maps");

static __u64 total;

SEC("tc")
int atomics(struct __sk_buff *skb)
{
	__u32 key = skb->hash;
	__u64 local = 1;
	struct val *v = bpf_map_lookup_elem(&vals, &key);

	if (!v)
		return TC_ACT_OK;
	skb->mark = __sync_fetch_and_add(&v->n, 1);
	__sync_fetch_and_or(&v->narrow, 1);
	__sync_fetch_and_and(&total, ~1ull);
	__sync_fetch_and_xor(&total, 8);
	local = __sync_lock_test_and_set(&total, local);
	skb->priority = __sync_val_compare_and_swap(&v->n, local, 7);
	return TC_ACT_OK;
}

char LICENSE[] SEC("license") = "GPL";
