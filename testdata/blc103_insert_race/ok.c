// Inserts that lose nothing.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

struct val {
	__u64 packets;
	__u64 start;
};

#define HASH(name, map_type, key_type) \
	struct { \
		__uint(type, map_type); \
		__uint(max_entries, 1024); \
		__type(key, key_type); \
		__type(value, struct val); \
	} name SEC(".maps")

HASH(flows, BPF_MAP_TYPE_HASH, __u32);
HASH(percpu, BPF_MAP_TYPE_PERCPU_HASH, __u32);
HASH(by_thread, BPF_MAP_TYPE_HASH, __u64);
HASH(started, BPF_MAP_TYPE_HASH, __u32);

static const struct val zero;

// The first insert wins; the second CPU finds it.
SEC("xdp")
int noexist(struct xdp_md *ctx)
{
	__u32 key = ctx->rx_queue_index;
	struct val *v = bpf_map_lookup_elem(&flows, &key);

	if (!v) {
		bpf_map_update_elem(&flows, &key, &zero, BPF_NOEXIST);
		v = bpf_map_lookup_elem(&flows, &key);
		if (!v)
			return XDP_PASS;
	}
	__sync_fetch_and_add(&v->packets, 1);
	return XDP_PASS;
}

SEC("xdp")
int own_cpu(struct xdp_md *ctx)
{
	__u32 key = ctx->rx_queue_index;
	struct val *v = bpf_map_lookup_elem(&percpu, &key);

	if (!v) {
		bpf_map_update_elem(&percpu, &key, &zero, BPF_ANY);
		return XDP_PASS;
	}
	v->packets++;
	return XDP_PASS;
}

SEC("tp/syscalls/sys_enter_write")
int own_thread(void *ctx)
{
	__u64 id = bpf_get_current_pid_tgid();
	struct val *v = bpf_map_lookup_elem(&by_thread, &id);

	if (!v) {
		bpf_map_update_elem(&by_thread, &id, &zero, BPF_ANY);
		return 0;
	}
	v->packets++;
	return 0;
}

// Elements that are inserted and read, but never changed in place.
SEC("tc")
int start(struct __sk_buff *skb)
{
	__u32 key = skb->hash;
	struct val now = { .start = bpf_ktime_get_ns() };

	if (!bpf_map_lookup_elem(&started, &key))
		bpf_map_update_elem(&started, &key, &now, BPF_ANY);
	return TC_ACT_OK;
}

SEC("tc")
int stop(struct __sk_buff *skb)
{
	__u32 key = skb->hash;
	struct val *v = bpf_map_lookup_elem(&started, &key);

	if (!v)
		return TC_ACT_OK;
	skb->mark = bpf_ktime_get_ns() - v->start;
	bpf_map_delete_elem(&started, &key);
	return TC_ACT_OK;
}

char LICENSE[] SEC("license") = "GPL";
