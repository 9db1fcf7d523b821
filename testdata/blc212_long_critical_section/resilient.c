// show: note
// SPDX-License-Identifier: Apache-2.0
// A resilient lock disables preemption; only its irqsave form interrupts, too.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "kfuncs.h"

struct val {
	struct bpf_res_spin_lock lock;
	__u64 slots[2048];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct val);
} vals SEC(".maps");

SEC("tc")
int plain(struct __sk_buff *skb)
{
	__u32 key = 0;
	struct val *v = bpf_map_lookup_elem(&vals, &key);

	if (!v || bpf_res_spin_lock(&v->lock))
		return TC_ACT_OK;
	for (int i = 0; i < 2048; i++) // want BLC212 "held and preemption disabled: no other task runs"
		v->slots[i] = i;
	bpf_res_spin_unlock(&v->lock);
	return TC_ACT_OK;
}

SEC("tc")
int irqsave(struct __sk_buff *skb)
{
	__u32 key = 0;
	unsigned long flags;
	struct val *v = bpf_map_lookup_elem(&vals, &key);

	if (!v || bpf_res_spin_lock_irqsave(&v->lock, &flags))
		return TC_ACT_OK;
	for (int i = 0; i < 2048; i++) // want BLC212 "held and interrupts off: the CPU serves no interrupt"
		v->slots[i] = i;
	bpf_res_spin_unlock_irqrestore(&v->lock, &flags);
	return TC_ACT_OK;
}

char LICENSE[] SEC("license") = "GPL";
