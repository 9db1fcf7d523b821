// kernel: 6.12
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "resilient.h"

SEC("tc")
int resilient(struct __sk_buff *skb)
{
	__u32 key = skb->hash;
	struct rlocked *v = bpf_map_lookup_elem(&first, &key);

	if (!v || bpf_res_spin_lock(&v->lock)) // want BLC211 "Linux 6.15"
		return TC_ACT_OK;
	v->n++;
	bpf_res_spin_unlock(&v->lock);
	return TC_ACT_OK;
}

SEC("tc")
int irq(struct __sk_buff *skb)
{
	unsigned long flags;

	bpf_local_irq_save(&flags); // want BLC211 "Linux 6.14"
	bpf_local_irq_restore(&flags);
	return TC_ACT_OK;
}

SEC("tc")
int preempt(struct __sk_buff *skb)
{
	bpf_preempt_disable();
	bpf_preempt_enable();
	return TC_ACT_OK;
}

char LICENSE[] SEC("license") = "GPL";
