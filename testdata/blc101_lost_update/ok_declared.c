// Races that the source declares as intended, and single writers.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "annotations.h"

struct val {
	__u64 approx __data_racy;
	__u64 generation __single_writer;
	struct {
		__u64 hits;
	} sub __data_racy;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct val);
} vals SEC(".maps");

static __u64 rough __data_racy;

SEC("tc")
int declared(struct __sk_buff *skb)
{
	__u32 key = 0;
	struct val *v = bpf_map_lookup_elem(&vals, &key);

	if (!v)
		return TC_ACT_OK;
	v->approx++;
	v->generation++;
	v->sub.hits++;
	rough++;
	return TC_ACT_OK;
}

char LICENSE[] SEC("license") = "GPL";
