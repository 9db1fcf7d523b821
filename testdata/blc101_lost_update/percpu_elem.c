// Another CPU's value is shared with that CPU.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} load SEC(".maps");

SEC("tc")
int steal(struct __sk_buff *skb)
{
	__u32 zero = 0;
	__u64 *other = bpf_map_lookup_percpu_elem(&load, &zero, skb->queue_mapping);

	if (other)
		*other -= 1; // want BLC101 "load"
	return TC_ACT_OK;
}

SEC("tc")
int own(struct __sk_buff *skb)
{
	__u32 zero = 0;
	__u64 *mine = bpf_map_lookup_elem(&load, &zero);

	if (mine)
		*mine += 1;
	return TC_ACT_OK;
}

char LICENSE[] SEC("license") = "GPL";
