// show: note
// Filled in on the stack, inserted whole.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

struct val {
	__u64 start;
	__u32 kind;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16);
	__type(key, __u32);
	__type(value, struct val);
} conns SEC(".maps");

SEC("tc")
int create(struct __sk_buff *skb)
{
	__u32 key = skb->hash;
	struct val v = {};

	v.start = bpf_ktime_get_ns();
	v.kind = skb->protocol;
	bpf_map_update_elem(&conns, &key, &v, BPF_NOEXIST);
	return TC_ACT_OK;
}

SEC("xdp")
int reader(struct xdp_md *ctx)
{
	__u32 key = ctx->rx_queue_index;
	struct val *v = bpf_map_lookup_elem(&conns, &key);

	return v && v->start && v->kind == 6 ? XDP_PASS : XDP_DROP;
}

char LICENSE[] SEC("license") = "GPL";
