// Arena memory reached through pointers that were loaded from elsewhere.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "kfuncs.h"

#define __arena __attribute__((address_space(1)))

struct {
	__uint(type, BPF_MAP_TYPE_ARENA);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 100);
} arena SEC(".maps");

/* The verifier converts addresses only in a program that names its arena. */
#define USES_ARENA() asm volatile("" : : "r"(&arena))

void __arena *bpf_arena_alloc_pages(void *map, void __arena *addr, __u32 page_cnt, int node_id, __u64 flags) __ksym __weak;

struct stats {
	struct stats __arena *next;
	__u64 packets;
	__u64 bytes;
	__u32 slots[64];
};

struct stats __arena *total;
struct stats __arena *head;
struct stats __arena *table[256];

SEC("xdp")
int through_a_global(struct xdp_md *ctx)
{
	struct stats __arena *s = total;

	USES_ARENA();
	if (!s)
		return XDP_PASS;
	s->packets++; // want BLC101 "both load stats.packets in arena arena"
	s->slots[ctx->rx_queue_index & 63] += 1; // want BLC101 "stats.slots"
	__sync_fetch_and_add(&s->bytes, 1);
	return XDP_PASS;
}

SEC("xdp")
int spelled_twice(struct xdp_md *ctx)
{
	USES_ARENA();
	total->packets = total->packets + 2; // want BLC101
	return XDP_PASS;
}

SEC("tc")
int along_a_list(struct __sk_buff *skb)
{
	struct stats __arena *s;
	int i;

	USES_ARENA();
	s = head;
	for (i = 0; i < 100 && s; i++) {
		if (s->slots[0] == skb->mark)
			s->packets += 1; // want BLC101 "packets"
		s = s->next;
	}
	return 0;
}

SEC("tc")
int in_a_table(struct __sk_buff *skb)
{
	struct stats __arena *s = table[skb->mark & 255];

	USES_ARENA();
	if (s)
		s->packets |= 4; // want BLC101 "packets"
	return 0;
}

SEC("fentry.s/do_nanosleep")
int after_publication(void *ctx)
{
	struct stats __arena *s = bpf_arena_alloc_pages(&arena, NULL, 1, -1, 0);

	if (!s)
		return 0;
	s->packets = 1;
	s->packets += 2;
	total = s;
	asm volatile("" ::: "memory");
	s->packets += 3; // want BLC101 "packets"
	return 0;
}

char _license[] SEC("license") = "GPL";
