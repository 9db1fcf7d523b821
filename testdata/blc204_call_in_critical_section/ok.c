// Calls that are allowed, or outside.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "locked.h"
#include "kfuncs.h"

static __noinline __u64 twice(__u64 n)
{
	return n * 2;
}

SEC("tc")
int static_function(struct __sk_buff *skb)
{
	__u32 key = skb->hash;
	__u64 now = bpf_ktime_get_ns();
	struct locked *v = bpf_map_lookup_elem(&vals, &key);

	if (!v)
		return TC_ACT_OK;
	bpf_spin_lock(&v->lock);
	v->n = twice(now);
	__sync_fetch_and_add(&v->state, 1);
	for (int i = 0; i < 8; i++)
		v->n ^= skb->cb[i & 3];
	bpf_spin_unlock(&v->lock);
	bpf_printk("%llu", v->n);
	return TC_ACT_OK;
}

__noinline int global_function(int n)
{
	return n * 2;
}

SEC("tc")
int sections(struct __sk_buff *skb)
{
	unsigned long flags;
	int n;

	bpf_preempt_disable();
	n = global_function(skb->len) + bpf_get_smp_processor_id();
	bpf_preempt_enable();
	bpf_local_irq_save(&flags);
	n += bpf_get_prandom_u32();
	bpf_local_irq_restore(&flags);
	return n ? TC_ACT_OK : TC_ACT_SHOT;
}

SEC("syscall")
int sleeps_outside(void *ctx)
{
	char buf[8];

	bpf_copy_from_user(buf, sizeof(buf), ctx);
	bpf_rcu_read_lock();
	bpf_rcu_read_unlock();
	return buf[0];
}

char LICENSE[] SEC("license") = "GPL";
