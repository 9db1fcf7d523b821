// Memory that the ways to a place fill in different pieces.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, __u64);
} counts SEC(".maps");

struct pair {
	__u32 first;
	__u32 second;
};

SEC("tc")
int whole_or_half(struct __sk_buff *skb)
{
	struct pair p = {};
	__u32 slot = 1;

	if (skb->len > 100)
		*(__u64 *)&p = *(__u64 *)skb->cb;
	else
		p.first = skb->mark;
	if (p.second) {
		__u64 *n = bpf_map_lookup_elem(&counts, &slot);

		if (n)
			*n += 1; // want BLC101
	}
	return 0;
}

SEC("tc")
int half_or_whole(struct __sk_buff *skb)
{
	struct pair p = {};
	__u32 slot = 1;

	if (skb->len > 100)
		p.first = skb->mark;
	else
		*(__u64 *)&p = *(__u64 *)skb->cb;
	if (p.second) {
		__u64 *n = bpf_map_lookup_elem(&counts, &slot);

		if (n)
			*n += 1; // want BLC101
	}
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
