// show: note
// Short loops under a lock, long ones outside.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

struct val {
	struct bpf_spin_lock lock;
	__u64 slots[16];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct val);
} vals SEC(".maps");

SEC("tc")
int clear(struct __sk_buff *skb)
{
	__u32 zero = 0, sum = 0;
	struct val *v = bpf_map_lookup_elem(&vals, &zero);

	if (!v)
		return TC_ACT_OK;
	for (int i = 0; i < 4000; i++)
		sum += bpf_get_prandom_u32();
	bpf_spin_lock(&v->lock);
	for (int i = 0; i < 16; i++)
		v->slots[i] = sum;
	bpf_spin_unlock(&v->lock);
	return TC_ACT_OK;
}

char LICENSE[] SEC("license") = "GPL";
