// Not sums: minima, maxima, claims, and taking a number.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

struct stat {
	__u64 min;
	__u64 max;
	__u64 since;
	__u32 busy;
	__u32 state;
	__u32 tokens;
	__u64 last;
	__u64 window_count;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 16);
	__type(key, __u32);
	__type(value, struct stat);
} stats SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} events SEC(".maps");

static __u64 next_id;

SEC("xdp")
int extremes(struct xdp_md *ctx)
{
	__u32 key = 0;
	__u64 n = ctx->data_end - ctx->data;
	struct stat *v = bpf_map_lookup_elem(&stats, &key);

	if (!v)
		return XDP_PASS;
	if (n > v->max)
		v->max = n; // want BLC101 "stats.max"
	v->min = n < v->min ? n : v->min; // want BLC101 "stats.min"
	return XDP_PASS;
}

SEC("xdp")
int claim(struct xdp_md *ctx)
{
	__u32 key = 1;
	struct stat *v = bpf_map_lookup_elem(&stats, &key);

	if (!v)
		return XDP_PASS;
	if (v->busy)
		return XDP_PASS;
	v->busy = 1; // want BLC101 "stats.busy"
	bpf_ringbuf_output(&events, &key, sizeof(key), 0);
	return XDP_PASS;
}

SEC("xdp")
int rate_limit(struct xdp_md *ctx)
{
	__u32 key = 2;
	__u64 now = bpf_ktime_get_ns();
	struct stat *v = bpf_map_lookup_elem(&stats, &key);

	if (!v)
		return XDP_PASS;
	if (now - v->last > 1000000000) {
		v->last = now; // want BLC101 "stats.last"
		bpf_ringbuf_output(&events, &key, sizeof(key), 0);
	}
	if (v->tokens == 0)
		return XDP_DROP;
	v->tokens--; // want BLC101 "stats.tokens"
	return XDP_PASS;
}

SEC("tc")
int take_and_advance(struct __sk_buff *skb)
{
	__u64 id = next_id;

	next_id = id + 1; // want BLC101 "next_id"
	skb->mark = id;
	return TC_ACT_OK;
}

SEC("tc")
int machine(struct __sk_buff *skb)
{
	__u32 key = 3;
	struct stat *v = bpf_map_lookup_elem(&stats, &key);

	if (!v)
		return TC_ACT_OK;
	switch (v->state) {
	case 0:
		v->state = skb->len; // want BLC101 "stats.state"
		break;
	case 1:
		bpf_ringbuf_output(&events, &key, sizeof(key), 0);
		break;
	}
	return TC_ACT_OK;
}

static __u32 rate;
static __u64 dropped;

// Everyone over the limit gets here: the atomic result elects nobody.
SEC("tc")
int over_limit(struct __sk_buff *skb)
{
	if (__sync_fetch_and_add(&rate, 1) > 1000) {
		dropped++; // want BLC101 "dropped"
		return TC_ACT_SHOT;
	}
	return TC_ACT_OK;
}

static __u64 again;

// The test under the lock is of another variable.
static struct bpf_spin_lock again_lock SEC(".data.again");
__u64 allowed;

SEC("tc")
int not_tested_again(struct __sk_buff *skb)
{
	if (again)
		return TC_ACT_OK;
	bpf_spin_lock(&again_lock);
	if (allowed)
		again = skb->len; // want BLC101 "again"
	bpf_spin_unlock(&again_lock);
	return TC_ACT_OK;
}

char LICENSE[] SEC("license") = "GPL";
