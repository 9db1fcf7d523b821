// What belongs to one CPU, in less usual spellings.
// show: low
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

struct inner {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u64);
} one SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 128);
	__type(key, __u32);
	__array(values, struct inner);
} by_cpu SEC(".maps") = { .values = { &one } };

__u64 slots[4096];
__u32 seen;

// A map of the CPU's own.
SEC("xdp")
int inner_map(struct xdp_md *ctx)
{
	__u32 cpu = bpf_get_smp_processor_id(), zero = 0;
	void *map = bpf_map_lookup_elem(&by_cpu, &cpu);
	__u64 *n;

	if (!map)
		return XDP_PASS;
	n = bpf_map_lookup_elem(map, &zero);
	if (n)
		*n += 1;
	return XDP_PASS;
}

// Eight slots for each CPU, one for each queue.
SEC("xdp")
int rows(struct xdp_md *ctx)
{
	__u32 i = bpf_get_smp_processor_id() * 8 + (ctx->rx_queue_index & 7);

	if (i < 4096)
		slots[i]++;
	return XDP_PASS;
}

// Set again to what it is.
SEC("xdp")
int either(struct xdp_md *ctx)
{
	if (!seen || ctx->rx_queue_index == 3)
		seen = 1;
	return XDP_PASS;
}

// A test before, which may leave early, and one right before the store, which
// only saves writing what is there.
__u32 full;

SEC("tc")
int saves_writing(struct __sk_buff *skb)
{
	if (*(volatile __u32 *)&full) {
		skb->mark = 1;
		goto out;
	}
	if (skb->priority == 3)
		return 0;
	skb->mark = 2;
out:
	if (*(volatile __u32 *)&full)
		*(volatile __u32 *)&full = 0;
	return 0;
}

char _license[] SEC("license") = "GPL";
