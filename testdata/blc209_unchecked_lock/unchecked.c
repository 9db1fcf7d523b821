// bpf_res_spin_lock can fail.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "resilient.h"

SEC("tc")
int ignored(struct __sk_buff *skb)
{
	__u32 key = skb->hash;
	struct rlocked *v = bpf_map_lookup_elem(&first, &key);

	if (!v)
		return TC_ACT_OK;
	bpf_res_spin_lock(&v->lock);
	bpf_res_spin_unlock(&v->lock); // want BLC209 "not checked"
	return TC_ACT_OK;
}

SEC("tc")
int irqsave(struct __sk_buff *skb)
{
	__u32 key = skb->hash;
	unsigned long flags;
	struct rlocked *v = bpf_map_lookup_elem(&first, &key);

	if (!v)
		return TC_ACT_OK;
	bpf_res_spin_lock_irqsave(&v->lock, &flags);
	bpf_res_spin_unlock_irqrestore(&v->lock, &flags); // want BLC209 "bpf_res_spin_lock_irqsave failed"
	return TC_ACT_OK;
}

SEC("tc")
int tested_for_nothing(struct __sk_buff *skb)
{
	__u32 key = skb->hash;
	struct rlocked *v = bpf_map_lookup_elem(&first, &key);
	int err;

	if (!v)
		return TC_ACT_OK;
	err = bpf_res_spin_lock(&v->lock);
	if (err)
		skb->mark = 1;
	bpf_res_spin_unlock(&v->lock); // want BLC209 "not checked"
	return TC_ACT_OK;
}

char LICENSE[] SEC("license") = "GPL";
