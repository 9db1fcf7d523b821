// Critical sections that are still open at the end.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "kfuncs.h"

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__uint(key_size, 4);
	__uint(value_size, 4);
} jumps SEC(".maps");

SEC("tc")
int preempt(struct __sk_buff *skb)
{
	bpf_preempt_disable();
	if (skb->len > 10)
		return TC_ACT_SHOT; // want(source) BLC201 "preemption disabled"
	bpf_preempt_enable();
	return TC_ACT_OK;
} // want(object) BLC201

SEC("tc")
int preempt_twice(struct __sk_buff *skb)
{
	bpf_preempt_disable();
	bpf_preempt_disable();
	bpf_preempt_enable();
	return TC_ACT_OK; // want BLC201
}

SEC("tc")
int rcu(struct __sk_buff *skb)
{
	bpf_rcu_read_lock();
	return TC_ACT_OK; // want BLC201 "RCU"
}

SEC("tc")
int irq(struct __sk_buff *skb)
{
	unsigned long flags;

	bpf_local_irq_save(&flags);
	return TC_ACT_OK; // want BLC201 "interrupts"
}

SEC("tc")
int tail_call(struct __sk_buff *skb)
{
	bpf_preempt_disable();
	bpf_tail_call(skb, &jumps, 0); // want BLC201 "tail call"
	bpf_preempt_enable();
	return TC_ACT_OK;
}

char LICENSE[] SEC("license") = "GPL";
