// show: note
// The elements that a callback visits: fields of one of them change together,
// and not the last one's with the next one's.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

struct val {
	__u64 visits;
	__u64 sum;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16);
	__type(key, __u32);
	__type(value, struct val);
} vals SEC(".maps");

static long both(struct bpf_map *map, __u32 *key, struct val *v, void *ctx)
{
	__sync_fetch_and_add(&v->visits, 1);
	__sync_fetch_and_add(&v->sum, *key); // want BLC105 "vals.visits and vals.sum"
	return 0;
}

static long either(struct bpf_map *map, __u32 *key, struct val *v, void *ctx)
{
	if (*key & 1)
		__sync_fetch_and_add(&v->visits, 1);
	else
		__sync_fetch_and_add(&v->sum, 1);
	return 0;
}

SEC("fentry/do_exit")
int visits_both(void *ctx)
{
	bpf_for_each_map_elem(&vals, both, 0, 0);
	return 0;
}

SEC("fentry/do_exit")
int visits_either(void *ctx)
{
	bpf_for_each_map_elem(&vals, either, 0, 0);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
