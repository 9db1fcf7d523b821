// Atomic everywhere, plain where nobody else is, or under one lock.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

struct val {
	struct bpf_spin_lock lock;
	__u64 packets;
	__u64 locked;
	__u64 other;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16);
	__type(key, __u32);
	__type(value, struct val);
} stats SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} mine SEC(".maps");

SEC("tc")
int count(struct __sk_buff *skb)
{
	__u32 key = skb->queue_mapping, zero = 0;
	struct val *v = bpf_map_lookup_elem(&stats, &key);
	__u64 *m = bpf_map_lookup_elem(&mine, &zero);

	if (m)
		__sync_fetch_and_add(m, 1);
	if (!v) {
		struct val init = {};

		// Not yet in the map.
		init.packets = 1;
		bpf_map_update_elem(&stats, &key, &init, BPF_NOEXIST);
		return TC_ACT_OK;
	}
	__sync_fetch_and_add(&v->packets, 1);
	bpf_spin_lock(&v->lock);
	__sync_fetch_and_add(&v->locked, 1);
	bpf_spin_unlock(&v->lock);
	// A plain load beside atomic updates is fine.
	if (v->packets > 100)
		return TC_ACT_SHOT;
	return TC_ACT_OK;
}

SEC("tc")
int reset(struct __sk_buff *skb)
{
	__u32 key = skb->queue_mapping, zero = 0;
	struct val *v = bpf_map_lookup_elem(&stats, &key);
	__u64 *m = bpf_map_lookup_elem(&mine, &zero);

	if (m)
		*m = 0;
	if (!v)
		return TC_ACT_OK;
	__sync_lock_test_and_set(&v->packets, 0);
	v->other = 0;
	bpf_spin_lock(&v->lock);
	v->locked = 0;
	bpf_spin_unlock(&v->lock);
	return TC_ACT_OK;
}

char LICENSE[] SEC("license") = "GPL";
