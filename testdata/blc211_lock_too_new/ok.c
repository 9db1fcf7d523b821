// kernel: 6.15
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "resilient.h"
#include "locked.h"

SEC("tc")
int resilient(struct __sk_buff *skb)
{
	__u32 key = skb->hash;
	unsigned long flags;
	struct rlocked *v = bpf_map_lookup_elem(&first, &key);

	if (!v || bpf_res_spin_lock_irqsave(&v->lock, &flags))
		return TC_ACT_OK;
	v->n++;
	bpf_res_spin_unlock_irqrestore(&v->lock, &flags);
	return TC_ACT_OK;
}

SEC("tc")
int spin(struct __sk_buff *skb)
{
	__u32 key = skb->hash;
	struct locked *v = bpf_map_lookup_elem(&vals, &key);

	if (!v)
		return TC_ACT_OK;
	bpf_spin_lock(&v->lock);
	v->n++;
	bpf_spin_unlock(&v->lock);
	return TC_ACT_OK;
}

char LICENSE[] SEC("license") = "GPL";
