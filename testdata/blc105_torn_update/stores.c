// show: note
// Plain stores to an element that others read: a position of two coordinates.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

struct pos {
	__u32 x;
	__u32 y;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, struct pos);
} where SEC(".maps");

SEC("tc")
int moves(struct __sk_buff *skb)
{
	__u32 key = 0;
	struct pos *p = bpf_map_lookup_elem(&where, &key);

	if (!p)
		return TC_ACT_OK;
	p->x = skb->len;
	p->y = skb->mark; // want BLC105 "where.x and where.y"
	return TC_ACT_OK;
}

char LICENSE[] SEC("license") = "GPL";
