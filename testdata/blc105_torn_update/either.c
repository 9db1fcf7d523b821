// show: note
// One field or the other: no run changes two fields of one element.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

struct val {
	__u64 ok;
	__u64 failed;
	__u64 by_kind[3];
	__u64 seen;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16);
	__type(key, __u32);
	__type(value, struct val);
} results SEC(".maps");

SEC("xdp")
int branches(struct xdp_md *ctx)
{
	__u32 key = ctx->ingress_ifindex;
	struct val *v = bpf_map_lookup_elem(&results, &key);

	if (!v)
		return XDP_PASS;
	if (ctx->data_end - ctx->data < 64)
		__sync_fetch_and_add(&v->failed, 1);
	else
		__sync_fetch_and_add(&v->ok, 1);
	return XDP_PASS;
}

SEC("tc")
int cases(struct __sk_buff *skb)
{
	__u32 key = skb->ifindex;
	struct val *v = bpf_map_lookup_elem(&results, &key);

	if (!v)
		return TC_ACT_OK;
	switch (skb->protocol) {
	case 8:
		__sync_fetch_and_add(&v->by_kind[0], 1);
		break;
	case 0xdd86:
		__sync_fetch_and_add(&v->by_kind[1], 1);
		break;
	default:
		__sync_fetch_and_add(&v->seen, 1);
	}
	return TC_ACT_OK;
}

// Another element in each round.
SEC("tc")
int rounds(struct __sk_buff *skb)
{
	for (__u32 i = 0; i < 8; i++) {
		__u32 key = i;
		struct val *v = bpf_map_lookup_elem(&results, &key);

		if (!v)
			continue;
		if (i & 1)
			__sync_fetch_and_add(&v->ok, 1);
		else
			__sync_fetch_and_add(&v->failed, 1);
	}
	return TC_ACT_OK;
}

char LICENSE[] SEC("license") = "GPL";
