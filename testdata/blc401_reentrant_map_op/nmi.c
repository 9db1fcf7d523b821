// Operations that take a lock, where that lock may be held already.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__type(value, __u64);
} counts SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, 1024);
	__type(value, __u64);
} queue SEC(".maps");

SEC("perf_event")
int sample(struct bpf_perf_event_data *ctx)
{
	__u32 key = 1;
	__u64 n = 1;

	bpf_map_update_elem(&counts, &key, &n, BPF_ANY); // want BLC401 "NMI"
	bpf_map_push_elem(&queue, &n, 0); // want BLC401 "queue"
	return 0;
}

SEC("tp/lock/contention_begin")
int contention(void *ctx)
{
	__u32 key = 1;

	bpf_map_delete_elem(&counts, &key); // want BLC401 "contention_begin"
	return 0;
}

SEC("kprobe/htab_map_update_elem")
int in_map_code(void *ctx)
{
	__u32 key = 2;
	__u64 n = 1;

	bpf_map_update_elem(&counts, &key, &n, BPF_ANY); // want BLC401 "htab_map_update_elem"
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
