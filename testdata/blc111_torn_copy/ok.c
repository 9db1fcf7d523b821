// show: note
// Under the lock, small, or private.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

struct data {
	__u64 a, b, c;
};

struct val {
	struct bpf_spin_lock lock;
	__u32 small[2];
	struct data d;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16);
	__type(key, __u32);
	__type(value, struct val);
} vals SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct data);
} mine SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} events SEC(".maps");

SEC("tc")
int copies(struct __sk_buff *skb)
{
	__u32 key = skb->hash, zero = 0;
	struct val *v = bpf_map_lookup_elem(&vals, &key);
	struct data *m = bpf_map_lookup_elem(&mine, &zero);
	struct data d;

	if (!v || !m)
		return TC_ACT_OK;
	bpf_spin_lock(&v->lock);
	d = v->d;
	v->d.a = skb->len;
	bpf_spin_unlock(&v->lock);
	*m = d;
	bpf_ringbuf_output(&events, &d, sizeof(d), 0);
	return TC_ACT_OK;
}

struct buckets {
	__u64 n[4];
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16);
	__type(key, __u32);
	__type(value, struct buckets);
} hists SEC(".maps");

// Element by element, whether or not the loop is unrolled.
SEC("tc")
int adds_up(struct __sk_buff *skb)
{
	__u32 key = skb->hash;
	struct buckets *b = bpf_map_lookup_elem(&hists, &key);
	__u64 sum = 0;

	if (!b)
		return TC_ACT_OK;
#pragma clang loop unroll(full)
	for (int i = 0; i < 4; i++)
		sum += b->n[i];
	return sum > 1000;
}

SEC("xdp")
int adds(struct xdp_md *ctx)
{
	__u32 key = ctx->rx_queue_index;
	struct buckets *b = bpf_map_lookup_elem(&hists, &key);

	if (b)
		__sync_fetch_and_add(&b->n[1], 1);
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "GPL";
