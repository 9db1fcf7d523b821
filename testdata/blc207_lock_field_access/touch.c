// Nothing but the lock functions may touch the lock.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "locked.h"

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} events SEC(".maps");

SEC("tc")
int direct(struct __sk_buff *skb)
{
	__u32 key = skb->hash;
	struct locked *v = bpf_map_lookup_elem(&vals, &key);

	if (!v)
		return TC_ACT_OK;
	return v->lock.val; // want BLC207 "is read"
}

SEC("tc")
int direct_store(struct __sk_buff *skb)
{
	__u32 key = skb->hash;
	struct locked *v = bpf_map_lookup_elem(&vals, &key);

	if (!v)
		return TC_ACT_OK;
	v->lock.val = 0; // want BLC207 "is written"
	return TC_ACT_OK;
}

SEC("tc")
int whole_value(struct __sk_buff *skb)
{
	__u32 key = skb->hash;
	struct locked init = { .n = 1 };
	struct locked *v = bpf_map_lookup_elem(&vals, &key);

	if (!v)
		return TC_ACT_OK;
	*v = init; // want BLC207
	return TC_ACT_OK;
}

SEC("tc")
int to_a_helper(struct __sk_buff *skb)
{
	__u32 key = skb->hash;
	struct locked *v = bpf_map_lookup_elem(&vals, &key);

	if (!v)
		return TC_ACT_OK;
	bpf_ringbuf_output(&events, v, sizeof(*v), 0); // want BLC207 "bpf_ringbuf_output"
	return TC_ACT_OK;
}

SEC("tc")
int to_an_update(struct __sk_buff *skb)
{
	__u32 key = skb->hash;
	struct locked *v = bpf_map_lookup_elem(&vals, &key);

	if (!v)
		return TC_ACT_OK;
	bpf_map_update_elem(&vals, &key, v, BPF_F_LOCK); // want BLC207 "bpf_map_update_elem"
	return TC_ACT_OK;
}

char LICENSE[] SEC("license") = "GPL";
