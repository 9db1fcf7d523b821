// show: note
// Copies of more than 8 bytes without the lock.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

struct data {
	__u64 a, b, c;
};

struct val {
	struct bpf_spin_lock lock;
	struct data d;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16);
	__type(key, __u32);
	__type(value, struct val);
} vals SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} events SEC(".maps");

SEC("tc")
int out(struct __sk_buff *skb)
{
	__u32 key = skb->hash;
	struct val *v = bpf_map_lookup_elem(&vals, &key);
	struct data d;

	if (!v)
		return TC_ACT_OK;
	d = v->d; // want BLC111 "24 bytes are copied out of"
	bpf_ringbuf_output(&events, &d, sizeof(d), 0);
	return TC_ACT_OK;
}

SEC("tc")
int in(struct __sk_buff *skb)
{
	__u32 key = skb->hash;
	struct data d = { 1, skb->len, skb->mark };
	struct val *v = bpf_map_lookup_elem(&vals, &key);

	if (!v)
		return TC_ACT_OK;
	v->d = d; // want BLC111 "into"
	return TC_ACT_OK;
}

char LICENSE[] SEC("license") = "GPL";
