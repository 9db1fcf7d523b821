// show: note
// Two counters that belong together.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

struct val {
	__u64 packets;
	__u64 bytes;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16);
	__type(key, __u32);
	__type(value, struct val);
} flows SEC(".maps");

SEC("xdp")
int count(struct xdp_md *ctx)
{
	__u32 key = ctx->rx_queue_index;
	struct val *v = bpf_map_lookup_elem(&flows, &key);

	if (!v)
		return XDP_PASS;
	__sync_fetch_and_add(&v->packets, 1);
	__sync_fetch_and_add(&v->bytes, ctx->data_end - ctx->data); // want BLC105 "flows.packets and flows.bytes"
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "GPL";
