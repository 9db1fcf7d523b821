// show: note
// Each field has a function of its own; one field changes only sometimes.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

struct val {
	__u64 packets;
	__u64 bytes;
	__u64 errors;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16);
	__type(key, __u32);
	__type(value, struct val);
} flows SEC(".maps");

static __always_inline void add_packet(struct val *v)
{
	__sync_fetch_and_add(&v->packets, 1);
}

static __always_inline void add_bytes(struct val *v, __u64 n)
{
	__sync_fetch_and_add(&v->bytes, n); // want BLC105 "flows.packets and flows.bytes"
}

SEC("xdp")
int count(struct xdp_md *ctx)
{
	__u32 key = ctx->rx_queue_index;
	struct val *v = bpf_map_lookup_elem(&flows, &key);

	if (!v)
		return XDP_PASS;
	add_packet(v);
	add_bytes(v, ctx->data_end - ctx->data);
	return XDP_PASS;
}

SEC("tc")
int sometimes(struct __sk_buff *skb)
{
	__u32 key = skb->hash;
	struct val *v = bpf_map_lookup_elem(&flows, &key);

	if (!v)
		return TC_ACT_OK;
	if (skb->len > 1500)
		__sync_fetch_and_add(&v->errors, 1);
	__sync_fetch_and_add(&v->packets, 1); // want BLC105 "flows.errors and flows.packets"
	return TC_ACT_OK;
}

char LICENSE[] SEC("license") = "GPL";
