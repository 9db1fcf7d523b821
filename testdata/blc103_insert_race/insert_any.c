// Two CPUs miss a key, and both insert it.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

struct val {
	__u64 packets;
	__u64 first_seen;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__type(value, struct val);
} flows SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__type(value, struct val);
} recent SEC(".maps");

SEC("xdp")
int count(struct xdp_md *ctx)
{
	__u32 key = ctx->rx_queue_index;
	struct val *v = bpf_map_lookup_elem(&flows, &key);

	if (!v) {
		struct val init = { .packets = 1, .first_seen = bpf_ktime_get_ns() };

		bpf_map_update_elem(&flows, &key, &init, BPF_ANY); // want BLC103 "flows"
		return XDP_PASS;
	}
	__sync_fetch_and_add(&v->packets, 1);
	return XDP_PASS;
}

static __always_inline struct val *get(__u32 key)
{
	struct val zero = {}, *v;

	v = bpf_map_lookup_elem(&recent, &key);
	if (v)
		return v;
	bpf_map_update_elem(&recent, &key, &zero, 0); // want BLC103 "recent"
	return bpf_map_lookup_elem(&recent, &key);
}

SEC("tc")
int through_get_or_create(struct __sk_buff *skb)
{
	struct val *v = get(skb->hash);

	if (v)
		__sync_fetch_and_add(&v->packets, skb->len);
	return TC_ACT_OK;
}

char LICENSE[] SEC("license") = "GPL";
