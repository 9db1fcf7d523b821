// Unlocks that do not match.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "locked.h"
#include "kfuncs.h"

struct rlocked {
	struct bpf_res_spin_lock lock;
	__u64 n;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, struct rlocked);
} rvals SEC(".maps");

SEC("tc")
int never_taken(struct __sk_buff *skb)
{
	__u32 key = skb->hash;
	struct locked *v = bpf_map_lookup_elem(&vals, &key);

	if (!v)
		return TC_ACT_OK;
	bpf_spin_unlock(&v->lock); // want BLC203 "no lock held"
	return TC_ACT_OK;
}

SEC("tc")
int twice(struct __sk_buff *skb)
{
	__u32 key = skb->hash;
	struct locked *v = bpf_map_lookup_elem(&vals, &key);

	if (!v)
		return TC_ACT_OK;
	bpf_spin_lock(&v->lock);
	if (v->n)
		bpf_spin_unlock(&v->lock);
	bpf_spin_unlock(&v->lock); // want BLC203
	return TC_ACT_OK;
}

SEC("tc")
int other_element(struct __sk_buff *skb)
{
	__u32 a = 1, b = 2;
	struct locked *x = bpf_map_lookup_elem(&vals, &a);
	struct locked *y = bpf_map_lookup_elem(&vals, &b);

	if (!x || !y)
		return TC_ACT_OK;
	bpf_spin_lock(&x->lock);
	x->n = 1;
	bpf_spin_unlock(&y->lock); // want BLC203 "is released, but"
	return TC_ACT_OK;
}

SEC("tc")
int other_lookup(struct __sk_buff *skb)
{
	__u32 key = skb->hash;
	struct locked *x = bpf_map_lookup_elem(&vals, &key);
	struct locked *y = bpf_map_lookup_elem(&vals, &key);

	if (!x || !y)
		return TC_ACT_OK;
	bpf_spin_lock(&x->lock);
	x->n = 1;
	bpf_spin_unlock(&y->lock); // want BLC203 "another lookup"
	return TC_ACT_OK;
}

SEC("tc")
int out_of_order(struct __sk_buff *skb)
{
	__u32 a = 1, b = 2;
	struct rlocked *x = bpf_map_lookup_elem(&rvals, &a);
	struct rlocked *y = bpf_map_lookup_elem(&rvals, &b);

	if (!x || !y)
		return TC_ACT_OK;
	if (bpf_res_spin_lock(&x->lock))
		return TC_ACT_OK;
	if (bpf_res_spin_lock(&y->lock)) {
		skb->mark = 1;
		bpf_res_spin_unlock(&x->lock);
		return TC_ACT_OK;
	}
	bpf_res_spin_unlock(&x->lock); // want BLC203 "taken later"
	bpf_res_spin_unlock(&y->lock);
	return TC_ACT_OK;
}

SEC("tc")
int other_flavour(struct __sk_buff *skb)
{
	__u32 key = skb->hash;
	unsigned long flags;
	struct rlocked *x = bpf_map_lookup_elem(&rvals, &key);

	if (!x)
		return TC_ACT_OK;
	if (bpf_res_spin_lock_irqsave(&x->lock, &flags))
		return TC_ACT_OK;
	x->n = 1;
	bpf_res_spin_unlock(&x->lock); // want BLC203 "bpf_res_spin_lock_irqsave"
	return TC_ACT_OK;
}

SEC("tc")
int sections(struct __sk_buff *skb)
{
	if (skb->len > 10)
		bpf_preempt_enable(); // want BLC203 "bpf_preempt_enable without"
	else
		bpf_rcu_read_unlock(); // want BLC203 "bpf_rcu_read_unlock without"
	return TC_ACT_OK;
}

SEC("tc")
int flags_out_of_order(struct __sk_buff *skb)
{
	unsigned long a, b;

	bpf_local_irq_save(&a);
	bpf_local_irq_save(&b);
	bpf_local_irq_restore(&a); // want BLC203 "another irq state"
	bpf_local_irq_restore(&b);
	return TC_ACT_OK;
}

char LICENSE[] SEC("license") = "GPL";
