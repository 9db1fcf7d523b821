// Setting the same constant again and again does no harm.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

struct val {
	__u32 seen;
	__u32 warned;
	__u64 first;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__type(value, struct val);
} vals SEC(".maps");

static int enabled;

SEC("tc")
int set_once(struct __sk_buff *skb)
{
	__u32 key = skb->hash;
	struct val *v = bpf_map_lookup_elem(&vals, &key);

	if (!v)
		return TC_ACT_OK;
	if (!v->seen)
		v->seen = 1;
	if (skb->len > 1500 && !v->warned)
		v->warned = 1;
	if (!enabled)
		enabled = 1;
	return v->seen ? TC_ACT_OK : TC_ACT_SHOT;
}

char LICENSE[] SEC("license") = "GPL";
