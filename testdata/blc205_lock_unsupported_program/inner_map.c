// The kernel looks at the values of the map that a program refers to: those of a
// map of maps are maps, whatever the inner maps' values hold.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "locked.h"

struct inner {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, struct locked);
} first SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 4);
	__type(key, __u32);
	__array(values, struct inner);
} outer SEC(".maps") = {
	.values = { &first },
};

SEC("tp/syscalls/sys_enter_write")
int through_the_outer_map(void *ctx)
{
	__u32 key = 0;
	void *in = bpf_map_lookup_elem(&outer, &key);
	struct locked *v;

	if (!in)
		return 0;
	v = bpf_map_lookup_elem(in, &key);
	if (!v)
		return 0;
	bpf_spin_lock(&v->lock);
	v->n++;
	bpf_spin_unlock(&v->lock);
	return 0;
}

SEC("socket")
int directly(struct __sk_buff *skb)
{
	__u32 key = 0;

	bpf_map_delete_elem(&first, &key); // want BLC205 "first is used"
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
