// The load is of another field, another element or another map.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

struct val {
	__u64 last;
	__u64 delta;
	__u64 prev;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 8);
	__type(key, __u32);
	__type(value, struct val);
} vals SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 8);
	__type(key, __u32);
	__type(value, struct val);
} config SEC(".maps");

SEC("tc")
int fields(struct __sk_buff *skb)
{
	__u32 key = 0;
	__u64 now = bpf_ktime_get_ns();
	struct val *v = bpf_map_lookup_elem(&vals, &key);

	if (!v)
		return TC_ACT_OK;
	v->delta = now - v->last;
	v->last = now;
	return TC_ACT_OK;
}

SEC("tc")
int elements(struct __sk_buff *skb)
{
	__u32 one = 1, two = 2;
	struct val *a = bpf_map_lookup_elem(&vals, &one);
	struct val *b = bpf_map_lookup_elem(&vals, &two);
	struct val *c = bpf_map_lookup_elem(&config, &one);

	if (!a || !b || !c)
		return TC_ACT_OK;
	a->last = b->last + 1;
	b->prev = c->prev * 2;
	return TC_ACT_OK;
}

char LICENSE[] SEC("license") = "GPL";
