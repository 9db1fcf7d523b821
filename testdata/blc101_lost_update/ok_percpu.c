// Per-CPU maps of every kind: each CPU has its own value.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "percpu_maps.h"

struct {
	__uint(type, BPF_MAP_TYPE_LRU_PERCPU_HASH);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__type(value, struct pstat);
} lru SEC(".maps");

// Slots by CPU number in a map that all CPUs share.
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 256);
	__type(key, __u32);
	__type(value, struct pstat);
} by_cpu SEC(".maps");

static __u64 count_of[256];

static __always_inline void add(struct pstat *s, __u64 len)
{
	s->packets++;
	s->bytes += len;
}

SEC("xdp")
int count(struct xdp_md *ctx)
{
	__u32 key = 1, cpu = bpf_get_smp_processor_id();
	__u64 len = ctx->data_end - ctx->data;
	struct pstat *s;

	s = pstat_of(&percpu_array, key);
	if (s)
		add(s, len);
	s = pstat_of(&percpu_hash, ctx->rx_queue_index);
	if (s)
		add(s, len);
	s = bpf_map_lookup_elem(&lru, &key);
	if (s)
		add(s, len);
	s = bpf_map_lookup_elem(&by_cpu, &cpu);
	if (s)
		add(s, len);
	if (cpu < 256)
		count_of[cpu]++;
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "GPL";
