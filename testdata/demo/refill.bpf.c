// SPDX-License-Identifier: Apache-2.0
// The other half of the flow monitor: it hands out the budgets.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "flowstats.h"

#define RATE 1000000

static long refill(__u32 slot, void *ctx)
{
	struct budget *b = bpf_map_lookup_elem(&budgets, &slot);

	if (!b)
		return 1;
	bpf_spin_lock(&b->lock);
	b->tokens = RATE;
	b->refilled = bpf_ktime_get_ns(); // want BLC204
	bpf_spin_unlock(&b->lock);
	return 0;
}

SEC("tc")
int refill_all(struct __sk_buff *skb)
{
	bpf_loop(64, refill, NULL, 0);
	return TC_ACT_OK;
}

/* Stops an interface at once. */
SEC("tc")
int stop(struct __sk_buff *skb)
{
	__u32 slot = skb->ifindex & 63;
	struct budget *b = bpf_map_lookup_elem(&budgets, &slot);

	if (!b)
		return TC_ACT_OK;
	b->tokens = 0; // want BLC106
	return TC_ACT_OK;
}

/* Sets a budget, or reports that it is used up. */
SEC("tc")
int set(struct __sk_buff *skb)
{
	__u32 slot = skb->ifindex & 63;
	struct budget *b = bpf_map_lookup_elem(&budgets, &slot);

	if (!b)
		return TC_ACT_OK;
	bpf_spin_lock(&b->lock);
	if (b->tokens == 0)
		return TC_ACT_SHOT; // want(source) BLC201
	b->tokens = skb->mark;
	bpf_spin_unlock(&b->lock);
	return TC_ACT_OK;
} // want(object) BLC201

char LICENSE[] SEC("license") = "GPL";
