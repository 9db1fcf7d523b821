// show: note
// Written under the lock here, without it there.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "annotations.h"

struct val {
	struct bpf_spin_lock lock;
	__u64 head;
	__u64 tail;
	__u64 declared __guarded_by(lock);
	__u64 free_for_all;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16);
	__type(key, __u32);
	__type(value, struct val);
} queues SEC(".maps");

static struct bpf_spin_lock gl SEC(".data.A");
static __u64 state __guarded_by(gl) SEC(".data.A");

SEC("tc")
int guarded(struct __sk_buff *skb)
{
	__u32 key = skb->hash;
	struct val *v = bpf_map_lookup_elem(&queues, &key);

	if (!v)
		return TC_ACT_OK;
	bpf_spin_lock(&v->lock);
	v->head = skb->len;
	v->tail = v->head + 1;
	bpf_spin_unlock(&v->lock);
	v->free_for_all = 1;
	return TC_ACT_OK;
}

SEC("tc")
int writes(struct __sk_buff *skb)
{
	__u32 key = skb->hash;
	struct val *v = bpf_map_lookup_elem(&queues, &key);

	if (!v)
		return TC_ACT_OK;
	v->head = 0; // want BLC106 "queues.head is written without"
	v->declared = skb->len; // want BLC106 "declared as guarded"
	state = 1; // want BLC106 "state"
	return TC_ACT_OK;
}

SEC("tc")
int reads(struct __sk_buff *skb)
{
	__u32 key = skb->hash;
	struct val *v = bpf_map_lookup_elem(&queues, &key);

	if (!v)
		return TC_ACT_OK;
	if (v->tail > 7) // want BLC106 "queues.tail is read without"
		return TC_ACT_SHOT;
	return TC_ACT_OK;
}

// The lock of another element is not the one.
SEC("tc")
int wrong_element(struct __sk_buff *skb)
{
	__u32 a = 1, b = 2;
	struct val *x = bpf_map_lookup_elem(&queues, &a);
	struct val *y = bpf_map_lookup_elem(&queues, &b);

	if (!x || !y)
		return TC_ACT_OK;
	bpf_spin_lock(&x->lock);
	y->head = 3; // want BLC106 "queues.head"
	bpf_spin_unlock(&x->lock);
	return TC_ACT_OK;
}

char LICENSE[] SEC("license") = "GPL";
