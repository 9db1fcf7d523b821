// Two locks side by side in one struct: the kernel refuses the object's BTF, and
// with it the locks of every other map.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "locked.h"

struct two {
	struct bpf_spin_lock a;
	struct bpf_spin_lock b; // want BLC206 "refuses the object's whole BTF"
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16);
	__type(key, __u32);
	__type(value, struct two);
} nobody_takes SEC(".maps");

SEC("tc")
int takes_another(struct __sk_buff *skb)
{
	__u32 key = skb->hash;
	struct locked *v = bpf_map_lookup_elem(&vals, &key);

	if (!v)
		return TC_ACT_OK;
	bpf_spin_lock(&v->lock);
	v->n++;
	bpf_spin_unlock(&v->lock);
	return TC_ACT_OK;
}

char LICENSE[] SEC("license") = "GPL";
