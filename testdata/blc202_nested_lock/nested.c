// A program may hold one bpf_spin_lock.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "locked.h"

SEC("tc")
int two_elements(struct __sk_buff *skb)
{
	__u32 a = 1, b = 2;
	struct locked *x = bpf_map_lookup_elem(&vals, &a);
	struct locked *y = bpf_map_lookup_elem(&vals, &b);

	if (!x || !y)
		return TC_ACT_OK;
	bpf_spin_lock(&x->lock);
	bpf_spin_lock(&y->lock); // want BLC202 "one bpf_spin_lock only"
	y->n = x->n;
	bpf_spin_unlock(&y->lock);
	bpf_spin_unlock(&x->lock);
	return TC_ACT_OK;
}

SEC("tc")
int same_lock(struct __sk_buff *skb)
{
	__u32 key = skb->hash;
	struct locked *v = bpf_map_lookup_elem(&vals, &key);

	if (!v)
		return TC_ACT_OK;
	bpf_spin_lock(&v->lock);
	v->n = 1;
	bpf_spin_lock(&v->lock); // want BLC202 "already held"
	v->n = 2;
	bpf_spin_unlock(&v->lock);
	return TC_ACT_OK;
}

static __always_inline void set(struct locked *v, __u64 n)
{
	bpf_spin_lock(&v->lock); // want BLC202
	v->n = n;
	bpf_spin_unlock(&v->lock);
}

SEC("tc")
int through_a_function(struct __sk_buff *skb)
{
	__u32 a = 1, b = 2;
	struct locked *x = bpf_map_lookup_elem(&vals, &a);
	struct locked *y = bpf_map_lookup_elem(&slots, &b);

	if (!x || !y)
		return TC_ACT_OK;
	bpf_spin_lock(&x->lock);
	set(y, x->n);
	bpf_spin_unlock(&x->lock);
	return TC_ACT_OK;
}

char LICENSE[] SEC("license") = "GPL";
