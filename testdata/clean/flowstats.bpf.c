// SPDX-License-Identifier: Apache-2.0
// A flow monitor that holds on many CPUs.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

#define RATE 1000000

struct flow_key {
	__u32 saddr;
	__u32 daddr;
};

struct flow {
	__u64 packets;
	__u64 bytes;
	__u64 biggest;
};

struct budget {
	struct bpf_spin_lock lock;
	__u64 tokens;
	__u64 refilled;
};

struct sample {
	__u32 ifindex;
	__u32 len;
	__u8 head[64];
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 65536);
	__type(key, struct flow_key);
	__type(value, struct flow);
} flows SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, struct budget);
} budgets SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 16);
} samples SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} drops SEC(".maps");

static __u64 sequence;

static __always_inline struct flow *flow_of(struct flow_key *key)
{
	struct flow init = {};
	struct flow *f = bpf_map_lookup_elem(&flows, key);

	if (f)
		return f;
	bpf_map_update_elem(&flows, key, &init, BPF_NOEXIST);
	return bpf_map_lookup_elem(&flows, key);
}

static __always_inline void account(struct flow *f, __u64 len)
{
	__sync_fetch_and_add(&f->packets, 1);
	__sync_fetch_and_add(&f->bytes, len);
	for (int i = 0; i < 4; i++) {
		__u64 old = f->biggest;

		if (len <= old || __sync_bool_compare_and_swap(&f->biggest, old, len))
			break;
	}
}

static __always_inline bool spend(__u32 ifindex, __u64 len)
{
	__u32 slot = ifindex & 63;
	__u64 now = bpf_ktime_get_ns();
	struct budget *b = bpf_map_lookup_elem(&budgets, &slot);
	bool ok = false;

	if (!b)
		return true;
	bpf_spin_lock(&b->lock);
	if (now - b->refilled > 1000000000) {
		b->tokens = RATE;
		b->refilled = now;
	}
	if (b->tokens < len)
		goto out;
	b->tokens -= len;
	ok = true;
out:
	bpf_spin_unlock(&b->lock);
	return ok;
}

SEC("xdp")
int monitor(struct xdp_md *ctx)
{
	__u8 *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct flow_key key = {};
	__u32 zero = 0;
	struct flow *f;
	__u64 *dropped;

	if (data + 34 > end)
		return XDP_PASS;
	__builtin_memcpy(&key.saddr, data + 26, 4);
	__builtin_memcpy(&key.daddr, data + 30, 4);
	f = flow_of(&key);
	if (f)
		account(f, end - data);
	if (spend(ctx->ingress_ifindex, end - data))
		return XDP_PASS;
	dropped = bpf_map_lookup_elem(&drops, &zero);
	if (dropped)
		*dropped += 1;
	return XDP_DROP;
}

SEC("tc")
int sampler(struct __sk_buff *skb)
{
	struct sample *s;

	if (__sync_fetch_and_add(&sequence, 1) % 128)
		return TC_ACT_OK;
	s = bpf_ringbuf_reserve(&samples, sizeof(*s), 0);
	if (!s)
		return TC_ACT_OK;
	s->ifindex = skb->ifindex;
	s->len = skb->len;
	if (bpf_skb_load_bytes(skb, 0, s->head, sizeof(s->head)))
		bpf_ringbuf_discard(s, 0);
	else
		bpf_ringbuf_submit(s, 0);
	return TC_ACT_OK;
}

char LICENSE[] SEC("license") = "GPL";
