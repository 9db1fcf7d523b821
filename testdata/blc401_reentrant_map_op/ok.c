// Arrays take no lock; most attach points are never reached from map code.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__type(value, __u64);
} counts SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u64);
} slots SEC(".maps");

SEC("perf_event")
int sample(struct bpf_perf_event_data *ctx)
{
	__u32 key = 1;
	__u64 n = 1;
	__u64 *v = bpf_map_lookup_elem(&counts, &key);

	if (v)
		__sync_fetch_and_add(v, 1);
	bpf_map_update_elem(&slots, &key, &n, BPF_ANY);
	return 0;
}

SEC("kprobe/tcp_sendmsg")
int elsewhere(void *ctx)
{
	__u32 key = 1;
	__u64 n = 1;

	bpf_map_update_elem(&counts, &key, &n, BPF_ANY);
	return 0;
}

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__type(value, __u64);
} allocated SEC(".maps");

/* Frees a packet, and is no allocator. */
SEC("tp/skb/kfree_skb")
int drops(void *ctx)
{
	__u32 key = 1;
	__u64 n = 1;

	bpf_map_update_elem(&allocated, &key, &n, BPF_NOEXIST);
	return 0;
}

SEC("tp/syscalls/sys_enter_write")
int on_entry(void *ctx)
{
	__u32 key = 1;

	bpf_map_delete_elem(&counts, &key);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
