// Calls that the kernel refuses while a lock is held or a section is open.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "locked.h"
#include "kfuncs.h"

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__uint(key_size, 4);
	__uint(value_size, 4);
} jumps SEC(".maps");

extern __u64 load_byte(void *skb, __u64 off) asm("llvm.bpf.load.byte");

SEC("tc")
int helper(struct __sk_buff *skb)
{
	__u32 key = skb->hash;
	struct locked *v = bpf_map_lookup_elem(&vals, &key);

	if (!v)
		return TC_ACT_OK;
	bpf_spin_lock(&v->lock);
	v->n = bpf_ktime_get_ns(); // want BLC204 "bpf_ktime_get_ns"
	bpf_spin_unlock(&v->lock);
	return TC_ACT_OK;
}

SEC("tc")
int print(struct __sk_buff *skb)
{
	__u32 key = skb->hash;
	struct locked *v = bpf_map_lookup_elem(&vals, &key);

	if (!v)
		return TC_ACT_OK;
	bpf_spin_lock(&v->lock);
	if (v->n > 100)
		bpf_printk("full"); // want BLC204 "bpf_trace_printk"
	bpf_spin_unlock(&v->lock);
	return TC_ACT_OK;
}

__noinline int global_function(int n)
{
	return n * 2;
}

SEC("tc")
int global(struct __sk_buff *skb)
{
	__u32 key = skb->hash;
	struct locked *v = bpf_map_lookup_elem(&vals, &key);

	if (!v)
		return TC_ACT_OK;
	bpf_spin_lock(&v->lock);
	v->state = global_function(skb->len); // want BLC204 "global function global_function"
	bpf_spin_unlock(&v->lock);
	return TC_ACT_OK;
}

SEC("tc")
int tail(struct __sk_buff *skb)
{
	__u32 key = skb->hash;
	struct locked *v = bpf_map_lookup_elem(&vals, &key);

	if (!v)
		return TC_ACT_OK;
	bpf_spin_lock(&v->lock);
	bpf_tail_call(skb, &jumps, 0); // want BLC204 "bpf_tail_call"
	bpf_spin_unlock(&v->lock);
	return TC_ACT_OK;
}

SEC("tc")
int packet_load(struct __sk_buff *skb)
{
	__u32 key = skb->hash;
	struct locked *v = bpf_map_lookup_elem(&vals, &key);

	if (!v)
		return TC_ACT_OK;
	bpf_spin_lock(&v->lock);
	v->n = load_byte(skb, 0); // want BLC204 "legacy packet load"
	bpf_spin_unlock(&v->lock);
	return TC_ACT_OK;
}

static long visit(__u32 i, void *ctx)
{
	return 0;
}

SEC("tc")
int loop(struct __sk_buff *skb)
{
	__u32 key = skb->hash;
	struct locked *v = bpf_map_lookup_elem(&vals, &key);

	if (!v)
		return TC_ACT_OK;
	bpf_spin_lock(&v->lock);
	bpf_loop(4, visit, NULL, 0); // want BLC204 "bpf_loop"
	bpf_spin_unlock(&v->lock);
	return TC_ACT_OK;
}

SEC("tc")
int section_in_lock(struct __sk_buff *skb)
{
	__u32 key = skb->hash;
	struct locked *v = bpf_map_lookup_elem(&vals, &key);

	if (!v)
		return TC_ACT_OK;
	bpf_spin_lock(&v->lock);
	bpf_rcu_read_lock(); // want BLC204 "bpf_rcu_read_lock"
	bpf_rcu_read_unlock(); // want BLC204
	bpf_spin_unlock(&v->lock);
	return TC_ACT_OK;
}

SEC("syscall")
int sleeping_in_rcu(void *ctx)
{
	char buf[8];

	bpf_rcu_read_lock();
	bpf_copy_from_user(buf, sizeof(buf), ctx); // want BLC204 "bpf_copy_from_user"
	bpf_rcu_read_unlock();
	return buf[0];
}

SEC("syscall")
int sleeping_with_preemption_off(void *ctx)
{
	char buf[8];

	bpf_preempt_disable();
	bpf_copy_from_user(buf, sizeof(buf), ctx); // want BLC204 "preemption"
	bpf_preempt_enable();
	return buf[0];
}

SEC("syscall")
int sleeping_with_irqs_off(void *ctx)
{
	unsigned long flags;
	char buf[8];

	bpf_local_irq_save(&flags);
	bpf_copy_from_user(buf, sizeof(buf), ctx); // want BLC204 "interrupts"
	bpf_local_irq_restore(&flags);
	return buf[0];
}

char LICENSE[] SEC("license") = "GPL";
