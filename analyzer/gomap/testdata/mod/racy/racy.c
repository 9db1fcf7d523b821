//go:build ignore
/* Racy programs: what is wrong in them is told at the go:generate line. */
#include "../bpf/bpf.h"

struct counts {
	__u64 packets;
	__u64 bytes;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct counts);
} counts SEC(".maps");

SEC("tc")
int count(struct __sk_buff *skb)
{
	__u32 key = 0;
	struct counts *c = bpf_map_lookup_elem(&counts, &key);

	if (!c)
		return 0;
	c->packets++;
	// bpflockcheck:ignore BLC101 an estimate is enough
	c->bytes += skb->len;
	return 0;
}

char _license[] SEC("license") = "GPL";
