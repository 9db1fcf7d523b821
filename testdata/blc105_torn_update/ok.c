// show: note
// One counter; two under a lock; two of one CPU.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

struct val {
	struct bpf_spin_lock lock;
	__u64 packets;
	__u64 bytes;
};

struct pair {
	__u64 packets;
	__u64 bytes;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16);
	__type(key, __u32);
	__type(value, struct val);
} flows SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct pair);
} mine SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct pair);
} one SEC(".maps");

SEC("xdp")
int count(struct xdp_md *ctx)
{
	__u32 key = ctx->rx_queue_index, zero = 0;
	struct val *v = bpf_map_lookup_elem(&flows, &key);
	struct pair *m = bpf_map_lookup_elem(&mine, &zero);
	struct pair *o = bpf_map_lookup_elem(&one, &zero);
	__u64 len = ctx->data_end - ctx->data;

	if (!v || !m || !o)
		return XDP_PASS;
	m->packets++;
	m->bytes += len;
	__sync_fetch_and_add(&o->bytes, len);
	bpf_spin_lock(&v->lock);
	v->packets++;
	v->bytes += len;
	bpf_spin_unlock(&v->lock);
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "GPL";
