// Every path releases: early exits, goto, correlated branches, callees.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "locked.h"
#include "kfuncs.h"

SEC("tc")
int several_exits(struct __sk_buff *skb)
{
	__u32 key = skb->hash;
	struct locked *v = bpf_map_lookup_elem(&vals, &key);
	int ret = TC_ACT_OK;

	if (!v)
		return TC_ACT_OK;
	bpf_spin_lock(&v->lock);
	if (v->state == 1) {
		bpf_spin_unlock(&v->lock);
		return TC_ACT_SHOT;
	}
	if (v->state == 2) {
		ret = TC_ACT_SHOT;
		goto out;
	}
	v->n = skb->len;
out:
	bpf_spin_unlock(&v->lock);
	return ret;
}

SEC("tc")
int correlated_pointer(struct __sk_buff *skb)
{
	__u32 key = skb->hash;
	struct locked *v = bpf_map_lookup_elem(&vals, &key);
	__u64 n = skb->len;

	if (v)
		bpf_spin_lock(&v->lock);
	n *= 2;
	if (v) {
		v->n = n;
		bpf_spin_unlock(&v->lock);
	}
	return TC_ACT_OK;
}

SEC("tc")
int in_a_loop(struct __sk_buff *skb)
{
	for (__u32 i = 0; i < 4; i++) {
		__u32 key = skb->hash + i;
		struct locked *v = bpf_map_lookup_elem(&vals, &key);

		if (!v)
			continue;
		bpf_spin_lock(&v->lock);
		if (v->state == 7) {
			bpf_spin_unlock(&v->lock);
			break;
		}
		v->n = i;
		bpf_spin_unlock(&v->lock);
	}
	return TC_ACT_OK;
}

static __always_inline void begin(struct locked *v)
{
	bpf_spin_lock(&v->lock);
}

static __always_inline int finish(struct locked *v, int ret)
{
	v->n = ret;
	bpf_spin_unlock(&v->lock);
	return ret;
}

SEC("tc")
int in_callees(struct __sk_buff *skb)
{
	__u32 key = skb->hash;
	struct locked *v = bpf_map_lookup_elem(&vals, &key);

	if (!v)
		return TC_ACT_OK;
	begin(v);
	if (v->state)
		return finish(v, TC_ACT_SHOT);
	return finish(v, TC_ACT_OK);
}

static long visit(__u32 i, void *ctx)
{
	struct locked *v = bpf_map_lookup_elem(&slots, &i);

	if (!v)
		return 1;
	bpf_spin_lock(&v->lock);
	v->n = i;
	bpf_spin_unlock(&v->lock);
	return 0;
}

SEC("tc")
int in_a_callback(struct __sk_buff *skb)
{
	bpf_loop(4, visit, NULL, 0);
	return TC_ACT_OK;
}

SEC("tc")
int sections(struct __sk_buff *skb)
{
	unsigned long flags;

	bpf_preempt_disable();
	bpf_preempt_disable();
	bpf_preempt_enable();
	bpf_preempt_enable();
	bpf_rcu_read_lock();
	if (skb->len > 10) {
		bpf_rcu_read_unlock();
		return TC_ACT_SHOT;
	}
	bpf_rcu_read_unlock();
	bpf_local_irq_save(&flags);
	bpf_local_irq_restore(&flags);
	return TC_ACT_OK;
}

char LICENSE[] SEC("license") = "GPL";
