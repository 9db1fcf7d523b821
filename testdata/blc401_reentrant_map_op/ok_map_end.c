// The end of a map's life runs without any bucket's lock.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, __u64);
	__type(value, __u64);
} starts SEC(".maps");

SEC("kprobe/trie_free")
int entry(void *ctx)
{
	__u64 key = bpf_get_current_pid_tgid(), now = bpf_ktime_get_ns();

	return bpf_map_update_elem(&starts, &key, &now, BPF_ANY);
}

char LICENSE[] SEC("license") = "GPL";
