// SPDX-License-Identifier: Apache-2.0
// What the commands of the documentation are run on: a program with one lost
// update, and a map with a lock for the Go code beside it.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

struct limit {
	struct bpf_spin_lock lock;
	__u64 tokens;
	__u64 refills;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__type(value, __u64);
} flows SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct limit);
} limits SEC(".maps");

SEC("tc")
int count(struct __sk_buff *skb)
{
	__u32 key = skb->mark;
	__u64 *packets = bpf_map_lookup_elem(&flows, &key);

	if (packets)
		*packets += 1;
	return TC_ACT_OK;
}

SEC("tc")
int refill(struct __sk_buff *skb)
{
	__u32 zero = 0;
	struct limit *l = bpf_map_lookup_elem(&limits, &zero);

	if (!l)
		return TC_ACT_OK;
	bpf_spin_lock(&l->lock);
	l->tokens = 100;
	l->refills++;
	bpf_spin_unlock(&l->lock);
	return TC_ACT_OK;
}

char LICENSE[] SEC("license") = "GPL";
