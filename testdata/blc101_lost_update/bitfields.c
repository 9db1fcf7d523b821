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

struct leg {
	__u64 packets;
	__u32 syn : 1;
	__u32 approved : 1;
};

struct flow {
	struct leg there, back;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__type(value, struct flow);
} flows SEC(".maps");

// Which of the two legs is known to the packet only.
SEC("tc")
int legs(struct __sk_buff *skb)
{
	__u32 key = skb->hash;
	struct flow *f = bpf_map_lookup_elem(&flows, &key);
	struct leg *leg;

	if (!f)
		return TC_ACT_OK;
	leg = skb->ingress_ifindex ? &f->there : &f->back;
	leg->packets++; // want(source) BLC101 "packets in a value of flows" // want(object) BLC101
	leg->approved = 1; // want(source) BLC101 "bit-field approved in a value of flows" // want(object) BLC101
	f->back.approved = 1; // want(source) BLC101 "bit-field flows.back.approved" // want(object) BLC101
	return TC_ACT_OK;
}

char LICENSE[] SEC("license") = "GPL";
