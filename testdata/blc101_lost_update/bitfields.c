// Bit-fields that share a unit are written together.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

struct conn {
	__u32 seen_syn : 1;
	__u32 seen_ack : 1;
	__u32 retrans : 6;
	__u32 rest : 24;
	__u64 alone;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__type(value, struct conn);
} conns SEC(".maps");

SEC("tc")
int mark(struct __sk_buff *skb)
{
	__u32 key = skb->hash;
	struct conn *c = bpf_map_lookup_elem(&conns, &key);

	if (!c)
		return TC_ACT_OK;
	c->seen_syn = 1; // want BLC101
	c->alone = skb->len;
	return TC_ACT_OK;
}

SEC("tc")
int count(struct __sk_buff *skb)
{
	__u32 key = skb->hash;
	struct conn *c = bpf_map_lookup_elem(&conns, &key);

	if (!c)
		return TC_ACT_OK;
	c->retrans++; // want BLC101
	return TC_ACT_OK;
}

char LICENSE[] SEC("license") = "GPL";
