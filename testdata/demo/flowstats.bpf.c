// SPDX-License-Identifier: Apache-2.0
// A flow monitor as one finds it in the wild: it loads packets, counts, limits
// and samples, and every one of these loses something once two CPUs are busy.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "flowstats.h"

static __u64 sequence;

/* The counters of a packet's flow, which is made when it is new. */
static __always_inline struct flow *flow_of(struct flow_key *key)
{
	struct flow init = { .first_seen = bpf_ktime_get_ns() };
	struct flow *f = bpf_map_lookup_elem(&flows, key);

	if (f)
		return f;
	bpf_map_update_elem(&flows, key, &init, BPF_ANY); // want BLC103
	return bpf_map_lookup_elem(&flows, key);
}

static __always_inline void account(struct flow *f, __u64 len)
{
	__sync_fetch_and_add(&f->packets, 1);
	f->bytes += len; // want BLC101
	if (len > f->biggest)
		f->biggest = len; // want BLC101
}

/* Takes len tokens; false when there are not enough. */
static __always_inline bool spend(__u32 ifindex, __u64 len)
{
	__u32 slot = ifindex & 63;
	struct budget *b = bpf_map_lookup_elem(&budgets, &slot);
	bool ok;

	if (!b)
		return true;
	bpf_spin_lock(&b->lock);
	ok = b->tokens >= len;
	if (ok)
		b->tokens -= len;
	bpf_spin_unlock(&b->lock);
	return ok;
}

SEC("xdp")
int monitor(struct xdp_md *ctx)
{
	__u8 *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	__u32 ifindex = ctx->ingress_ifindex;
	struct flow_key key = {};
	__u64 *dropped, one = 1;
	struct flow *f;

	if (data + 34 > end)
		return XDP_PASS;
	__builtin_memcpy(&key.saddr, data + 26, 4);
	__builtin_memcpy(&key.daddr, data + 30, 4);
	f = flow_of(&key);
	if (f)
		account(f, end - data);
	if (spend(ifindex, end - data))
		return XDP_PASS;
	dropped = bpf_map_lookup_elem(&drops, &ifindex);
	if (dropped)
		one += *dropped;
	bpf_map_update_elem(&drops, &ifindex, &one, BPF_ANY); // want BLC102
	return XDP_DROP;
}

/* Sends the start of some packets to userspace. */
SEC("tc")
int sampler(struct __sk_buff *skb)
{
	__u32 zero = 0;
	struct sample *s = bpf_map_lookup_elem(&scratch, &zero);

	skb->mark = sequence++; // want BLC101
	if (!s || skb->mark % 128)
		return TC_ACT_OK;
	s->ifindex = skb->ifindex; // want BLC107
	s->len = skb->len;
	if (bpf_skb_load_bytes(skb, 0, s->head, sizeof(s->head)) == 0)
		bpf_ringbuf_output(&samples, s, sizeof(*s), 0);
	return TC_ACT_OK;
}

/* Starts the statistics of a flow anew. */
SEC("tc")
int restart(struct __sk_buff *skb)
{
	struct flow_key key = { .saddr = skb->mark };
	struct flow *f = bpf_map_lookup_elem(&flows, &key);

	if (f)
		f->packets = 0; // want BLC104
	return TC_ACT_OK;
}

char LICENSE[] SEC("license") = "GPL";
