// With the flag, first inserts, and values without a lock.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "locked.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, __u64);
} plain SEC(".maps");

SEC("tc")
int with_flag(struct __sk_buff *skb)
{
	__u32 key = skb->hash;
	__u64 n = skb->len;
	struct locked v = { .n = n };

	bpf_map_update_elem(&vals, &key, &v, BPF_F_LOCK);
	bpf_map_update_elem(&vals, &key, &v, BPF_F_LOCK | BPF_EXIST);
	bpf_map_update_elem(&vals, &key, &v, BPF_NOEXIST);
	bpf_map_update_elem(&plain, &key, &n, BPF_ANY);
	return TC_ACT_OK;
}

char LICENSE[] SEC("license") = "GPL";
