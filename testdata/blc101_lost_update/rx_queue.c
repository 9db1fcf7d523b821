// An element for each receive queue.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, __u64);
} queues SEC(".maps");

__u64 by_queue[64];

SEC("xdp")
int count(struct xdp_md *ctx)
{
	__u32 queue = ctx->rx_queue_index;
	__u64 *v = bpf_map_lookup_elem(&queues, &queue);

	if (v)
		*v += 1; // want BLC101 (medium)
	if (queue < 64)
		by_queue[queue]++; // want BLC101 (medium)
	return XDP_PASS;
}

char _license[] SEC("license") = "GPL";
