// A map that cannot hold a lock is created without BTF: the kernel finds no
// lock in it, and refuses no program for its sake.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

struct val {
	struct bpf_spin_lock lock; // want BLC206 "lru_hash"
	__u64 n;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16);
	__type(key, __u32);
	__type(value, struct val);
} recent SEC(".maps");

SEC("kprobe/do_exit")
int reads(void *ctx)
{
	__u32 key = 1;
	struct val *v = bpf_map_lookup_elem(&recent, &key);

	return v && v->n > 3;
}

char LICENSE[] SEC("license") = "GPL";
