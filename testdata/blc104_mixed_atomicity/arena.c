// Arena memory behind a pointer, counted atomically and reset plainly.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

#define __arena __attribute__((address_space(1)))

struct {
	__uint(type, BPF_MAP_TYPE_ARENA);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 100);
} arena SEC(".maps");

/* The verifier converts addresses only in a program that names its arena. */
#define USES_ARENA() asm volatile("" : : "r"(&arena))

struct stats {
	__u64 packets;
	__u64 bytes;
	__u64 seen;
};

struct limits {
	__u64 packets;
	__u64 rate;
};

struct stats __arena *total;
struct limits __arena *limit;

SEC("xdp")
int count(struct xdp_md *ctx)
{
	struct stats __arena *s = total;

	USES_ARENA();
	if (!s)
		return XDP_PASS;
	__sync_fetch_and_add(&s->packets, 1);
	__sync_fetch_and_add(&s->bytes, ctx->data_end - ctx->data);
	s->seen = bpf_ktime_get_ns();
	return XDP_PASS;
}

SEC("tc")
int reset(struct __sk_buff *skb)
{
	struct stats __arena *s = total;
	struct limits __arena *l = limit;

	USES_ARENA();
	if (!s || !l)
		return 0;
	s->packets = 0; // want BLC104 "stats.packets in arena arena"
	l->packets = 100;
	l->rate = skb->mark;
	return 0;
}

char _license[] SEC("license") = "GPL";
