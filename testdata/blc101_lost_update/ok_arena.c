// Arena memory that nobody else changes.
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
void bpf_arena_free_pages(void *map, void __arena *ptr, __u32 page_cnt) __ksym __weak;

struct node {
	struct node __arena *next;
	__u64 count;
};

struct other {
	__u64 pad;
	__u64 count;
};

struct box {
	struct node __arena *mine;
};

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct box);
} tasks SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct box);
} cpus SEC(".maps");

struct node __arena *per_cpu[256];
__u64 __arena counts[256];
struct node __arena *first;
struct other __arena *second;

// Allocated here, and given back or published only at the end.
SEC("fentry.s/do_nanosleep")
int private(void *ctx)
{
	struct node __arena *n = bpf_arena_alloc_pages(&arena, NULL, 1, -1, 0);

	if (!n)
		return 0;
	n->count = 1;
	n->count += 2;
	if (n->count & 1) {
		bpf_arena_free_pages(&arena, n, 1);
		return 0;
	}
	n->next = first;
	first = n;
	return 0;
}

SEC("xdp")
int this_cpu(struct xdp_md *ctx)
{
	__u32 cpu = bpf_get_smp_processor_id();
	struct node __arena *n = per_cpu[cpu & 255];

	USES_ARENA();
	if (n)
		n->count++;
	counts[cpu & 255]++;
	return XDP_PASS;
}

SEC("xdp")
int percpu_map(struct xdp_md *ctx)
{
	__u32 zero = 0;
	struct box *b = bpf_map_lookup_elem(&cpus, &zero);

	USES_ARENA();
	if (b && b->mine)
		b->mine->count++;
	return XDP_PASS;
}

SEC("tp_btf/sys_enter")
int own_task(void *ctx)
{
	struct box *b = bpf_task_storage_get(&tasks, bpf_get_current_task_btf(), 0, 0);
	struct node __arena *n;

	USES_ARENA();
	if (!b)
		return 0;
	n = b->mine;
	if (n)
		n->count++;
	return 0;
}

// Another struct's member at the same offset.
SEC("xdp")
int reads_one_writes_other(struct xdp_md *ctx)
{
	struct node __arena *n = first;
	struct other __arena *o = second;

	USES_ARENA();
	if (n && o)
		o->count = n->count + 1;
	return XDP_PASS;
}

SEC("xdp")
int atomic(struct xdp_md *ctx)
{
	struct node __arena *n = first;

	USES_ARENA();
	if (n)
		__sync_fetch_and_add(&n->count, 1);
	return XDP_PASS;
}

char _license[] SEC("license") = "GPL";
