// Values that only this thread or CPU uses, and values that do not derive from
// the old one.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

struct val {
	__u64 packets;
	__u64 last;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, __u64);
	__type(value, struct val);
} by_thread SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__type(value, struct val);
} by_cpu SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__type(value, struct val);
} last SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__type(value, struct val);
} archive SEC(".maps");

SEC("tp/syscalls/sys_enter_write")
int thread(void *ctx)
{
	__u64 id = bpf_get_current_pid_tgid();
	struct val *old = bpf_map_lookup_elem(&by_thread, &id);
	struct val new = {};

	if (old)
		new = *old;
	new.packets++;
	bpf_map_update_elem(&by_thread, &id, &new, BPF_ANY);
	return 0;
}

SEC("tc")
int cpu(struct __sk_buff *skb)
{
	__u32 key = skb->hash;
	struct val *old = bpf_map_lookup_elem(&by_cpu, &key);
	struct val new = {};

	if (old)
		new = *old;
	new.packets++;
	bpf_map_update_elem(&by_cpu, &key, &new, BPF_ANY);
	return TC_ACT_OK;
}

// The newest value wins, whatever was there.
SEC("tc")
int overwrite(struct __sk_buff *skb)
{
	__u32 key = skb->hash;
	struct val *old = bpf_map_lookup_elem(&last, &key);
	struct val new = { .packets = skb->len, .last = bpf_ktime_get_ns() };

	if (old && old->last > new.last)
		return TC_ACT_OK;
	bpf_map_update_elem(&last, &key, &new, BPF_ANY);
	return TC_ACT_OK;
}

// From one map to another.
SEC("tc")
int move(struct __sk_buff *skb)
{
	__u32 key = skb->hash;
	struct val *old = bpf_map_lookup_elem(&last, &key);
	struct val new;

	if (!old)
		return TC_ACT_OK;
	new = *old;
	new.last = bpf_ktime_get_ns();
	bpf_map_update_elem(&archive, &key, &new, BPF_ANY);
	return TC_ACT_OK;
}

char LICENSE[] SEC("license") = "GPL";
