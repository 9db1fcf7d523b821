// Atomic operations lose nothing.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "annotations.h"

struct val {
	__u64 n;
	__u64 max;
	__u32 owner;
	__u64 flags;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__type(value, struct val);
} vals SEC(".maps");

static __u64 ids;

SEC("xdp")
int atomics(struct xdp_md *ctx)
{
	__u32 key = ctx->rx_queue_index;
	__u64 len = ctx->data_end - ctx->data;
	struct val *v = bpf_map_lookup_elem(&vals, &key);

	if (!v)
		return XDP_PASS;
	__sync_fetch_and_add(&v->n, 1);
	__atomic_fetch_add(&v->n, len, __ATOMIC_RELAXED);
	__sync_fetch_and_or(&v->flags, 2);
	// The result of one atomic decides about another place.
	if (__sync_fetch_and_add(&ids, 1) > 1000)
		return XDP_DROP;
	return XDP_PASS;
}

// A maximum by compare and swap: a failed swap changes nothing.
SEC("xdp")
int cas_loop(struct xdp_md *ctx)
{
	__u32 key = ctx->rx_queue_index;
	__u64 len = ctx->data_end - ctx->data;
	struct val *v = bpf_map_lookup_elem(&vals, &key);

	if (!v)
		return XDP_PASS;
	for (int i = 0; i < 8; i++) {
		__u64 old = READ_ONCE(v->max);

		if (len <= old)
			break;
		if (__sync_val_compare_and_swap(&v->max, old, len) == old)
			break;
	}
	return XDP_PASS;
}

// x = x changes nothing; a store that does not depend on the old value loses
// nothing by this rule.
SEC("xdp")
int no_change(struct xdp_md *ctx)
{
	__u32 key = ctx->rx_queue_index;
	struct val *v = bpf_map_lookup_elem(&vals, &key);

	if (!v)
		return XDP_PASS;
	v->owner = ctx->ingress_ifindex;
	return v->owner == 7 ? XDP_DROP : XDP_PASS;
}

char LICENSE[] SEC("license") = "GPL";
