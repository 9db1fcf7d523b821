// Program types that may.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "locked.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, __u64);
} plain SEC(".maps");

static __always_inline int set(__u64 n)
{
	__u32 key = 1;
	struct locked *v = bpf_map_lookup_elem(&vals, &key);

	if (!v)
		return 0;
	bpf_spin_lock(&v->lock);
	v->n = n;
	bpf_spin_unlock(&v->lock);
	return 0;
}

SEC("xdp")
int packet(struct xdp_md *ctx)
{
	return set(ctx->rx_queue_index) ?: XDP_PASS;
}

SEC("syscall")
int on_demand(void *ctx)
{
	return set(1);
}

SEC("tp_btf/sys_enter")
int typed_tracepoint(void *ctx)
{
	return set(2);
}

SEC("cgroup_skb/egress")
int cgroup(struct __sk_buff *skb)
{
	set(skb->len);
	return 1;
}

// A tracing program that keeps to a map without a lock.
SEC("tp/syscalls/sys_enter_write")
int tracing(void *ctx)
{
	__u32 key = 1;
	__u64 *v = bpf_map_lookup_elem(&plain, &key);

	if (v)
		__sync_fetch_and_add(v, 1);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
