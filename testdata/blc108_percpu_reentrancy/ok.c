// Programs that do not meet on a CPU, or that use atomics.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

#define PERCPU(name, value_type) \
	struct { \
		__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY); \
		__uint(max_entries, 1); \
		__type(key, __u32); \
		__type(value, value_type); \
	} name SEC(".maps")

PERCPU(of_xdp, __u64);
PERCPU(of_tracing, __u64);
PERCPU(atomic, __u64);

SEC("xdp")
int ingress(struct xdp_md *ctx)
{
	__u32 zero = 0;
	__u64 *c = bpf_map_lookup_elem(&of_xdp, &zero);

	if (c)
		*c += 1;
	c = bpf_map_lookup_elem(&atomic, &zero);
	if (c)
		__sync_fetch_and_add(c, 1);
	return XDP_PASS;
}

SEC("tc")
int egress(struct __sk_buff *skb)
{
	__u32 zero = 0;
	__u64 *c = bpf_map_lookup_elem(&of_xdp, &zero);

	if (c)
		*c += 1;
	return TC_ACT_OK;
}

// bpf_prog_active keeps these apart.
SEC("tp/syscalls/sys_enter_write")
int task(void *ctx)
{
	__u32 zero = 0;
	__u64 *c = bpf_map_lookup_elem(&of_tracing, &zero);

	if (c)
		*c += 1;
	return 0;
}

SEC("perf_event")
int nmi(struct bpf_perf_event_data *ctx)
{
	__u32 zero = 0;
	__u64 *c = bpf_map_lookup_elem(&of_tracing, &zero);

	if (c)
		*c += 1;
	return 0;
}

SEC("lsm/file_open")
int hook(void *ctx)
{
	__u32 zero = 0;
	__u64 *c = bpf_map_lookup_elem(&atomic, &zero);

	if (c)
		__sync_fetch_and_add(c, 1);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
