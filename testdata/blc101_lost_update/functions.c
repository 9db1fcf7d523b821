// The load and the store are far apart: in macros, static functions and
// callbacks.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

struct counter {
	__u64 hits;
	__u64 misses;
	__u64 high;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__type(value, struct counter);
} counters SEC(".maps");

#define BUMP(c, field) ((c)->field += 1)
#define LOOKUP(key) ((struct counter *)bpf_map_lookup_elem(&counters, &(key)))

static __always_inline void bump_hits(struct counter *c)
{
	c->hits++; // want BLC101 "counters.hits"
}

static __noinline int bump_misses(struct counter *c, __u64 by)
{
	if (!c)
		return 0;
	c->misses += by; // want BLC101 "counters.misses"
	return 1;
}

static __always_inline __u64 current_high(struct counter *c)
{
	return c->high;
}

static __always_inline void set_high(struct counter *c, __u64 v)
{
	c->high = v; // want BLC101 "counters.high"
}

SEC("xdp")
int direct(struct xdp_md *ctx)
{
	__u32 key = ctx->ingress_ifindex;
	struct counter *c = LOOKUP(key);

	if (!c)
		return XDP_PASS;
	bump_hits(c);
	bump_misses(c, 2);
	set_high(c, current_high(c) + 1);
	return XDP_PASS;
}

SEC("tc")
int through_macros(struct __sk_buff *skb)
{
	__u32 key = skb->ifindex;
	struct counter *c = LOOKUP(key);

	if (c)
		BUMP(c, hits); // want BLC101
	return TC_ACT_OK;
}

struct walk {
	struct counter *c;
	__u32 step;
};

static long visit(__u32 i, struct walk *w)
{
	__u32 key = i;
	struct counter *c = bpf_map_lookup_elem(&counters, &key);

	if (!c)
		return 1;
	c->hits += w->step; // want BLC101
	return 0;
}

SEC("tc")
int in_a_loop_callback(struct __sk_buff *skb)
{
	struct walk w = { .step = 3 };

	bpf_loop(16, visit, &w, 0);
	return TC_ACT_OK;
}

static long each(struct bpf_map *map, __u32 *key, struct counter *c, void *ctx)
{
	c->misses = c->misses / 2; // want BLC101
	return 0;
}

SEC("tc")
int in_each_element(struct __sk_buff *skb)
{
	bpf_for_each_map_elem(&counters, each, NULL, 0);
	return TC_ACT_OK;
}

char LICENSE[] SEC("license") = "GPL";
