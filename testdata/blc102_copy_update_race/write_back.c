// A changed copy is written back; the element's own pointer is written back.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

struct val {
	__u64 packets;
	__u64 bytes;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__type(value, struct val);
} flows SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__type(value, __u64);
} counts SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct val);
} total SEC(".maps");

SEC("xdp")
int whole_copy(struct xdp_md *ctx)
{
	__u32 key = ctx->rx_queue_index;
	struct val *old = bpf_map_lookup_elem(&flows, &key);
	struct val new;

	if (!old)
		return XDP_PASS;
	new = *old;
	new.packets += 1;
	new.bytes += ctx->data_end - ctx->data;
	bpf_map_update_elem(&flows, &key, &new, BPF_ANY); // want BLC102 "flows"
	return XDP_PASS;
}

SEC("xdp")
int scalar_copy(struct xdp_md *ctx)
{
	__u32 key = ctx->ingress_ifindex;
	__u64 *old = bpf_map_lookup_elem(&counts, &key);
	__u64 n = 1;

	if (old)
		n = *old + 1;
	bpf_map_update_elem(&counts, &key, &n, BPF_ANY); // want BLC102 "counts"
	return XDP_PASS;
}

SEC("tc")
int only_if_exists(struct __sk_buff *skb)
{
	__u32 zero = 0;
	struct val *old = bpf_map_lookup_elem(&total, &zero);
	struct val new = {};

	if (!old)
		return TC_ACT_OK;
	new.packets = old->packets + 1;
	new.bytes = old->bytes + skb->len;
	bpf_map_update_elem(&total, &zero, &new, BPF_EXIST); // want BLC102 "total"
	return TC_ACT_OK;
}

// Changed in place and then written back over itself. The change is a lost
// update of its own.
SEC("tc")
int own_pointer(struct __sk_buff *skb)
{
	__u32 key = skb->hash;
	__u64 *old = bpf_map_lookup_elem(&counts, &key);

	if (!old)
		return TC_ACT_OK;
	*old += 1; // want BLC101
	bpf_map_update_elem(&counts, &key, old, BPF_ANY); // want BLC102 "in place"
	return TC_ACT_OK;
}

static __always_inline void store(__u32 *key, struct val *v)
{
	bpf_map_update_elem(&flows, key, v, BPF_ANY); // want BLC102
}

static __always_inline int load(__u32 *key, struct val *v)
{
	struct val *p = bpf_map_lookup_elem(&flows, key);

	if (!p)
		return -1;
	__builtin_memcpy(v, p, sizeof(*v));
	return 0;
}

SEC("tc")
int through_wrappers(struct __sk_buff *skb)
{
	__u32 key = skb->hash;
	struct val v;

	if (load(&key, &v))
		return TC_ACT_OK;
	v.packets++;
	store(&key, &v);
	return TC_ACT_OK;
}

char LICENSE[] SEC("license") = "GPL";
