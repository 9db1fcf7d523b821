// Memory that nobody else sees yet, or that programs cannot write.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "kfuncs.h"

struct event {
	__u64 n;
	__u64 sum;
	__u32 kind : 4;
	__u32 rest : 28;
};

struct node {
	struct bpf_rb_node rb;
	__u64 value;
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} events SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, struct event);
} seen SEC(".maps");

const volatile __u64 limit = 100;

SEC("tc")
int on_stack(struct __sk_buff *skb)
{
	struct event e = {};
	__u32 key = skb->hash;

	e.n++;
	e.sum += skb->len;
	e.kind = 3;
	if (e.sum > limit)
		e.sum = limit;
	bpf_map_update_elem(&seen, &key, &e, BPF_NOEXIST);
	return TC_ACT_OK;
}

SEC("tc")
int reserved(struct __sk_buff *skb)
{
	struct event *e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);

	if (!e)
		return TC_ACT_OK;
	e->n = 1;
	e->n++;
	e->sum = e->n + skb->len;
	e->kind = 1;
	bpf_ringbuf_submit(e, 0);
	return TC_ACT_OK;
}

SEC("tc")
int allocated(struct __sk_buff *skb)
{
	struct node *n = bpf_obj_new(typeof(*n));

	if (!n)
		return TC_ACT_OK;
	n->value = skb->len;
	n->value++;
	bpf_obj_drop(n);
	return TC_ACT_OK;
}

SEC("xdp")
int packet(struct xdp_md *ctx)
{
	__u8 *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;

	if (data + 20 > end)
		return XDP_PASS;
	data[8]--;
	return XDP_TX;
}

char LICENSE[] SEC("license") = "GPL";
