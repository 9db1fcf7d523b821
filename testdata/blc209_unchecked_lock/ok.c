// Checked, in several shapes.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "resilient.h"

SEC("tc")
int early_return(struct __sk_buff *skb)
{
	__u32 key = skb->hash;
	struct rlocked *v = bpf_map_lookup_elem(&first, &key);

	if (!v || bpf_res_spin_lock(&v->lock))
		return TC_ACT_OK;
	v->n++;
	bpf_res_spin_unlock(&v->lock);
	return TC_ACT_OK;
}

SEC("tc")
int only_if_taken(struct __sk_buff *skb)
{
	__u32 key = skb->hash;
	unsigned long flags;
	struct rlocked *v = bpf_map_lookup_elem(&first, &key);
	int err;

	if (!v)
		return TC_ACT_OK;
	err = bpf_res_spin_lock_irqsave(&v->lock, &flags);
	if (!err) {
		v->n++;
		bpf_res_spin_unlock_irqrestore(&v->lock, &flags);
	}
	return err ? TC_ACT_SHOT : TC_ACT_OK;
}

SEC("tc")
int less_than_zero(struct __sk_buff *skb)
{
	__u32 key = skb->hash;
	struct rlocked *v = bpf_map_lookup_elem(&first, &key);

	if (!v)
		return TC_ACT_OK;
	if (bpf_res_spin_lock(&v->lock) < 0)
		return TC_ACT_SHOT;
	v->n++;
	bpf_res_spin_unlock(&v->lock);
	return TC_ACT_OK;
}

char LICENSE[] SEC("license") = "GPL";
