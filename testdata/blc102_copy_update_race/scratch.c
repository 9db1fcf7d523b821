// A value too large for the stack is made in a per-CPU slot, and from there
// written to a map that all CPUs share.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

struct event {
	__u64 count;
	__u64 last;
	char name[480];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, struct event);
} scratch SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__type(value, struct event);
} events SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__type(value, struct event);
} archive SEC(".maps");

SEC("xdp")
int counts(struct xdp_md *ctx)
{
	__u32 zero = 0, key = ctx->ingress_ifindex;
	struct event *e = bpf_map_lookup_elem(&scratch, &zero), *old;

	if (!e)
		return XDP_PASS;
	old = bpf_map_lookup_elem(&events, &key);
	if (old)
		e->count = old->count + 1;
	else
		e->count = 1;
	e->last = bpf_ktime_get_ns();
	bpf_map_update_elem(&events, &key, e, BPF_ANY); // want BLC102 "events"
	return XDP_PASS;
}

SEC("xdp")
int copies(struct xdp_md *ctx)
{
	__u32 zero = 0, key = ctx->ingress_ifindex;
	struct event *e = bpf_map_lookup_elem(&scratch, &zero), *old;

	if (!e)
		return XDP_PASS;
	old = bpf_map_lookup_elem(&events, &key);
	if (!old)
		return XDP_PASS;
	__builtin_memcpy(e, old, sizeof(*e));
	e->count++;
	bpf_map_update_elem(&events, &key, e, BPF_EXIST); // want BLC102 "events"
	return XDP_PASS;
}

// What is written does not derive from what was there.
SEC("xdp")
int replaces(struct xdp_md *ctx)
{
	__u32 zero = 0, key = ctx->ingress_ifindex;
	struct event *e = bpf_map_lookup_elem(&scratch, &zero), *old;

	if (!e)
		return XDP_PASS;
	old = bpf_map_lookup_elem(&events, &key);
	if (old && old->last > 1000)
		return XDP_PASS;
	e->count = ctx->rx_queue_index;
	e->last = bpf_ktime_get_ns();
	bpf_map_update_elem(&events, &key, e, BPF_ANY);
	return XDP_PASS;
}

// From one map to another.
SEC("xdp")
int archives(struct xdp_md *ctx)
{
	__u32 zero = 0, key = ctx->ingress_ifindex;
	struct event *e = bpf_map_lookup_elem(&scratch, &zero), *old;

	if (!e)
		return XDP_PASS;
	old = bpf_map_lookup_elem(&events, &key);
	if (!old)
		return XDP_PASS;
	e->count = old->count + 1;
	e->last = bpf_ktime_get_ns();
	bpf_map_update_elem(&archive, &key, e, BPF_ANY);
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "GPL";
