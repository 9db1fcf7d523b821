// Two programs take two locks in opposite orders; one takes a lock twice.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "resilient.h"

SEC("tc")
int forth(struct __sk_buff *skb)
{
	__u32 key = 1;
	struct rlocked *a = bpf_map_lookup_elem(&first, &key);
	struct rlocked *b = bpf_map_lookup_elem(&second, &key);

	if (!a || !b)
		return TC_ACT_OK;
	if (bpf_res_spin_lock(&a->lock))
		return TC_ACT_OK;
	if (bpf_res_spin_lock(&b->lock)) { // want BLC208 "ABBA"
		skb->mark = 1;
		bpf_res_spin_unlock(&a->lock);
		return TC_ACT_OK;
	}
	b->n = a->n;
	bpf_res_spin_unlock(&b->lock);
	bpf_res_spin_unlock(&a->lock);
	return TC_ACT_OK;
}

SEC("tc")
int back(struct __sk_buff *skb)
{
	__u32 key = 1;
	struct rlocked *a = bpf_map_lookup_elem(&first, &key);
	struct rlocked *b = bpf_map_lookup_elem(&second, &key);

	if (!a || !b)
		return TC_ACT_OK;
	if (bpf_res_spin_lock(&b->lock))
		return TC_ACT_OK;
	if (bpf_res_spin_lock(&a->lock)) { // want BLC208 "ABBA"
		skb->mark = 1;
		bpf_res_spin_unlock(&b->lock);
		return TC_ACT_OK;
	}
	a->n = b->n;
	bpf_res_spin_unlock(&a->lock);
	bpf_res_spin_unlock(&b->lock);
	return TC_ACT_OK;
}

// Elements of one map in the order in which the packet names them.
SEC("tc")
int two_of_a_kind(struct __sk_buff *skb)
{
	__u32 k1 = skb->hash, k2 = skb->mark;
	struct rlocked *a = bpf_map_lookup_elem(&first, &k1);
	struct rlocked *b = bpf_map_lookup_elem(&first, &k2);

	if (!a || !b)
		return TC_ACT_OK;
	if (bpf_res_spin_lock(&a->lock))
		return TC_ACT_OK;
	if (bpf_res_spin_lock(&b->lock)) { // want BLC208 "two elements of first"
		skb->mark = 1;
		bpf_res_spin_unlock(&a->lock);
		return TC_ACT_OK;
	}
	bpf_res_spin_unlock(&b->lock);
	bpf_res_spin_unlock(&a->lock);
	return TC_ACT_OK;
}

SEC("tc")
int twice(struct __sk_buff *skb)
{
	__u32 key = skb->hash;
	struct rlocked *a = bpf_map_lookup_elem(&first, &key);

	if (!a)
		return TC_ACT_OK;
	if (bpf_res_spin_lock(&a->lock))
		return TC_ACT_OK;
	if (bpf_res_spin_lock(&a->lock)) { // want BLC208 "AA"
		skb->mark = 1;
		bpf_res_spin_unlock(&a->lock);
		return TC_ACT_OK;
	}
	bpf_res_spin_unlock(&a->lock);
	bpf_res_spin_unlock(&a->lock);
	return TC_ACT_OK;
}

char LICENSE[] SEC("license") = "GPL";
