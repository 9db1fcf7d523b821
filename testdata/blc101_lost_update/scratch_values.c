// What is kept of a per-CPU scratch value where one way fills it and another does
// not says nothing of what was tested before: of that the source is silent. clang
// makes one choice of two registers of it, which the object shows.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

struct flow {
	__u32 kind;
	__u32 mark;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__type(value, struct flow);
} flows SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, struct flow);
} scratch SEC(".maps");

SEC("tc")
int mark(struct __sk_buff *skb)
{
	__u32 zero = 0, one = 1, key = skb->hash;
	struct flow *f = bpf_map_lookup_elem(&flows, &key);
	struct flow *in = bpf_map_lookup_elem(&scratch, &zero);
	struct flow *s = bpf_map_lookup_elem(&scratch, &one);

	if (!f || !in || !s)
		return TC_ACT_OK;
	if (f->kind == 3)
		s->kind = in->mark;
	f->kind = s->kind; // want(object) BLC101
	return TC_ACT_OK;
}

char LICENSE[] SEC("license") = "GPL";
