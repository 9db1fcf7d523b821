// Every spelling of an increment of a shared counter.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "annotations.h"

struct flow {
	__u64 packets;
	__u64 bytes;
	__u32 flags;
	__u16 drops;
	__u8 retries;
	__u64 history[8];
	struct {
		__u64 last;
		__u64 total;
	} sub;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__type(value, struct flow);
} flows SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u64);
} totals SEC(".maps");

SEC("xdp")
int spellings(struct xdp_md *ctx)
{
	__u32 key = ctx->rx_queue_index;
	__u64 len = ctx->data_end - ctx->data;
	struct flow *v = bpf_map_lookup_elem(&flows, &key);

	if (!v)
		return XDP_PASS;
	v->packets++; // want BLC101 "flows.packets"
	v->bytes += len; // want BLC101 "flows.bytes"
	++v->sub.total; // want BLC101 "flows.sub.total"
	v->sub.last = v->sub.last + 1; // want BLC101
	v->flags |= 4; // want BLC101 "flows.flags"
	v->drops--; // want BLC101
	v->retries += 2; // want BLC101
	return XDP_PASS;
}

SEC("xdp")
int pointers(struct xdp_md *ctx)
{
	__u32 zero = 0;
	__u64 *total = bpf_map_lookup_elem(&totals, &zero);

	if (total)
		*total += 1; // want BLC101 "totals"
	zero = 1;
	total = bpf_map_lookup_elem(&totals, &zero);
	if (total)
		(*total)++; // want BLC101
	zero = 2;
	total = bpf_map_lookup_elem(&totals, &zero);
	if (total) {
		__u64 old = *total;
		__u64 new = old * 3 + 1;

		*total = new; // want BLC101
	}
	return XDP_PASS;
}

// Marked accesses are single instructions, and still two of them.
SEC("xdp")
int marked(struct xdp_md *ctx)
{
	__u32 key = ctx->rx_queue_index;
	struct flow *v = bpf_map_lookup_elem(&flows, &key);

	if (!v)
		return XDP_PASS;
	WRITE_ONCE(v->packets, READ_ONCE(v->packets) + 1); // want BLC101
	*(volatile __u64 *)&v->bytes += 1; // want BLC101
	return XDP_PASS;
}

// A pointer into the value.
SEC("tc")
int inner_pointer(struct __sk_buff *skb)
{
	__u32 key = skb->hash;
	struct flow *v = bpf_map_lookup_elem(&flows, &key);
	__u64 *count;

	if (!v)
		return TC_ACT_OK;
	count = skb->len > 100 ? &v->packets : &v->bytes;
	*count += 1; // want BLC101
	return TC_ACT_OK;
}

// An array in the value.
SEC("tc")
int histogram(struct __sk_buff *skb)
{
	__u32 key = skb->hash;
	__u32 slot = skb->len >> 8;
	struct flow *v = bpf_map_lookup_elem(&flows, &key);

	if (!v)
		return TC_ACT_OK;
	if (slot >= 8)
		slot = 7;
	v->history[slot]++; // want BLC101 "history"
	v->history[0] += 2; // want BLC101
	return TC_ACT_OK;
}

char LICENSE[] SEC("license") = "GPL";
