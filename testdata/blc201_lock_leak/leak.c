// Paths that leave with a lock held.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "locked.h"

SEC("tc")
int early_return(struct __sk_buff *skb)
{
	__u32 key = skb->hash;
	struct locked *v = bpf_map_lookup_elem(&vals, &key);

	if (!v)
		return TC_ACT_OK;
	bpf_spin_lock(&v->lock);
	if (v->state == 3)
		return TC_ACT_SHOT; // want(source) BLC201 "with lock vals.lock held"
	v->n = skb->len;
	bpf_spin_unlock(&v->lock);
	return TC_ACT_OK;
} // want(object) BLC201

SEC("tc")
int forgotten(struct __sk_buff *skb)
{
	__u32 key = skb->hash;
	struct locked *v = bpf_map_lookup_elem(&vals, &key);

	if (!v)
		return TC_ACT_OK;
	bpf_spin_lock(&v->lock);
	v->n = 1;
	return TC_ACT_OK; // want(source) BLC201
} // want(object) BLC201

static __always_inline int take(struct locked *v)
{
	bpf_spin_lock(&v->lock);
	return v->state;
}

SEC("tc")
int in_a_helper(struct __sk_buff *skb)
{
	__u32 key = skb->hash;
	struct locked *v = bpf_map_lookup_elem(&vals, &key);

	if (!v)
		return TC_ACT_OK;
	switch (take(v)) {
	case 1:
		bpf_spin_unlock(&v->lock);
		return TC_ACT_SHOT;
	case 2:
		break;
	default:
		bpf_spin_unlock(&v->lock);
	}
	return TC_ACT_OK; // want(source) BLC201
} // want(object) BLC201

SEC("tc")
int one_branch(struct __sk_buff *skb)
{
	__u32 key = skb->hash;
	struct locked *v = bpf_map_lookup_elem(&vals, &key);

	if (!v)
		return TC_ACT_OK;
	bpf_spin_lock(&v->lock);
	if (skb->len > 100)
		bpf_spin_unlock(&v->lock);
	return TC_ACT_OK; // want(source) BLC201
} // want(object) BLC201

char LICENSE[] SEC("license") = "GPL";
