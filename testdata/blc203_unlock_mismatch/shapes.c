// Locks and sections across functions, loops and callbacks.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "annotations.h"
#include "kfuncs.h"
#include "locked.h"
struct rv { struct bpf_res_spin_lock l; __u64 n; };
struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 64); __type(key, __u32); __type(value, struct rv); } r SEC(".maps");

SEC("tc")
int c1(struct __sk_buff *skb)
{
	__u32 k = 1;
	unsigned long f, g;
	struct rv *a = bpf_map_lookup_elem(&r, &k);
	if (!a)
		return 0;
	bpf_local_irq_save(&g);
	if (bpf_res_spin_lock_irqsave(&a->l, &f)) {
		bpf_local_irq_restore(&g);
		return 0;
	}
	a->n++;
	bpf_res_spin_unlock_irqrestore(&a->l, &g); // want BLC203
	bpf_local_irq_restore(&f);
	return 0;
}
static long leaky(__u32 i, void *ctx)
{
	__u32 k = i;
	struct locked *v = bpf_map_lookup_elem(&vals, &k);
	if (!v)
		return 0;
	bpf_spin_lock(&v->lock);
	v->n = 1;
	return 0; // want(source) BLC201
} // want(object) BLC201

SEC("tc")
int c2(struct __sk_buff *skb)
{
	bpf_loop(4, leaky, NULL, 0);
	return 0;
}
static __noinline int take(struct locked *v)
{
	if (!v)
		return 0;
	bpf_spin_lock(&v->lock);
	return 1;
}

SEC("tc")
int c3(struct __sk_buff *skb)
{
	__u32 k = skb->hash;
	struct locked *v = bpf_map_lookup_elem(&vals, &k);
	int ok = take(v);
	if (ok && v) {
		v->n++;
		bpf_spin_unlock(&v->lock);
	}
	return 0;
}

SEC("tc")
int c4(struct __sk_buff *skb)
{
	bpf_preempt_disable();
	if (skb->len > 3)
		bpf_throw(0); // want BLC201
	bpf_preempt_enable();
	return 0;
}

SEC("tc")
int c5(struct __sk_buff *skb)
{
	__u32 k = skb->hash;
	struct locked *v = bpf_map_lookup_elem(&vals, &k);
	if (!v)
		return 0;
	bpf_spin_lock(&v->lock);
	for (int i = 0; i < 3; i++) {
		v->n += i; // want BLC101 BLC106
		if (v->n > 10)
			bpf_spin_unlock(&v->lock); // want BLC203
	}
	bpf_spin_unlock(&v->lock); // want BLC203
	return 0;
}
struct item { struct bpf_list_node node; __u64 n; };

SEC("tc")
int c6(struct __sk_buff *skb)
{
	__u32 k = skb->hash;
	struct item *it = NULL;
	struct locked *v = bpf_map_lookup_elem(&vals, &k);
	if (!v)
		return 0;
	bpf_spin_lock(&v->lock);
	it = bpf_obj_new(typeof(*it)); // want BLC204
	bpf_spin_unlock(&v->lock);
	if (it) bpf_obj_drop(it);
	return 0;
}

SEC("tc")
int c7(struct __sk_buff *skb)
{
	__u32 k = skb->hash, sum = 0;
	struct bpf_iter_num it;
	struct locked *v = bpf_map_lookup_elem(&vals, &k);
	int *i;
	if (!v)
		return 0;
	bpf_spin_lock(&v->lock);
	bpf_iter_num_new(&it, 0, 4);
	while ((i = bpf_iter_num_next(&it)))
		sum += *i;
	bpf_iter_num_destroy(&it);
	v->n = sum;
	bpf_spin_unlock(&v->lock);
	return 0;
}
// sections across static functions
static __noinline void enter(void) { bpf_rcu_read_lock(); }
static __noinline void leave(void) { bpf_rcu_read_unlock(); }

SEC("tc")
int c8(struct __sk_buff *skb)
{
	enter();
	skb->mark = 1;
	leave();
	return 0;
}

SEC("tc")
int c9(struct __sk_buff *skb)
{
	enter();
	if (skb->len > 4) leave();
	return 0; // want BLC201
}
char LICENSE[] SEC("license") = "GPL";
