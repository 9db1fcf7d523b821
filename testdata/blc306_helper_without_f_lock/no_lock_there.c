// BPF_F_LOCK is refused for a map that cannot hold the lock: not the flag is
// missing.
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

SEC("tc")
int set(struct __sk_buff *skb)
{
	__u32 key = skb->hash;
	struct val v = { .n = skb->len };

	bpf_map_update_elem(&recent, &key, &v, BPF_ANY);
	return TC_ACT_OK;
}

char LICENSE[] SEC("license") = "GPL";
