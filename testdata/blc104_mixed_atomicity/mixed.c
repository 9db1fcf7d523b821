// Atomic adds on one side, plain stores on the other.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

struct val {
	__u64 packets;
	__u64 bytes;
	__u64 both;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 16);
	__type(key, __u32);
	__type(value, struct val);
} stats SEC(".maps");

__u64 dropped;

SEC("xdp")
int count(struct xdp_md *ctx)
{
	__u32 key = ctx->rx_queue_index;
	struct val *v = bpf_map_lookup_elem(&stats, &key);

	if (!v)
		return XDP_PASS;
	__sync_fetch_and_add(&v->packets, 1);
	__sync_fetch_and_add(&v->bytes, ctx->data_end - ctx->data);
	__sync_fetch_and_add(&v->both, 1);
	__sync_fetch_and_add(&dropped, 1);
	return XDP_PASS;
}

SEC("tc")
int reset(struct __sk_buff *skb)
{
	__u32 key = skb->queue_mapping;
	struct val *v = bpf_map_lookup_elem(&stats, &key);

	if (!v)
		return TC_ACT_OK;
	v->packets = 0; // want BLC104 "stats.packets"
	*(volatile __u64 *)&v->bytes = skb->len; // want BLC104 "stats.bytes"
	dropped = 0; // want BLC104 "dropped"
	// The read-modify-write is a lost update already, and only that.
	v->both += 2; // want BLC101
	return TC_ACT_OK;
}

SEC("tc")
int reset_whole(struct __sk_buff *skb)
{
	__u32 key = skb->queue_mapping;
	struct val *v = bpf_map_lookup_elem(&stats, &key);

	if (!v)
		return TC_ACT_OK;
	__builtin_memset(v, 0, sizeof(*v)); // want BLC104
	return TC_ACT_OK;
}

static __u64 sampled;

// Several CPUs come here at once: the result of the addition elects none.
SEC("tc")
int start_again(struct __sk_buff *skb)
{
	if (__sync_fetch_and_add(&sampled, 1) >= 100)
		sampled = 0; // want BLC104 "sampled"
	return TC_ACT_OK;
}

// A compare-and-swap loop computes, as an atomic would.
__u64 product = 1;

SEC("xdp")
int multiply(struct xdp_md *ctx)
{
	__u64 old = product;

	__sync_val_compare_and_swap(&product, old, old * 3);
	return XDP_PASS;
}

SEC("tc")
int set_back(struct __sk_buff *skb)
{
	product = 1; // want BLC104 "product"
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
