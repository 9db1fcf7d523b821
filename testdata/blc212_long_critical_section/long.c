// show: note
// Long loops under a lock.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

struct val {
	struct bpf_spin_lock lock;
	__u64 slots[2048];
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
	__u32 zero = 0;
	struct val *v = bpf_map_lookup_elem(&vals, &zero);

	if (!v)
		return TC_ACT_OK;
	bpf_spin_lock(&v->lock);
	for (int i = 0; i < 2048; i++) // want BLC212 "with lock vals.lock held"
		v->slots[i] = i;
	bpf_spin_unlock(&v->lock);
	return TC_ACT_OK;
}

char LICENSE[] SEC("license") = "GPL";
