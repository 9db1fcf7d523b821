// Matching pairs.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "locked.h"
#include "kfuncs.h"

static struct bpf_spin_lock gl SEC(".data.A");
static __u64 guarded SEC(".data.A");

// Two functions see one global lock.
static __always_inline void take(void)
{
	bpf_spin_lock(&gl);
}

static __always_inline void release(void)
{
	bpf_spin_unlock(&gl);
}

SEC("tc")
int global_lock(struct __sk_buff *skb)
{
	take();
	guarded += skb->len;
	release();
	return TC_ACT_OK;
}

SEC("tc")
int one_of_two(struct __sk_buff *skb)
{
	__u32 a = 1, b = 2;
	struct locked *x = bpf_map_lookup_elem(&vals, &a);
	struct locked *y = bpf_map_lookup_elem(&vals, &b);
	struct locked *v;

	if (!x || !y)
		return TC_ACT_OK;
	v = skb->len > 100 ? x : y;
	bpf_spin_lock(&v->lock);
	v->n = 1;
	bpf_spin_unlock(&v->lock);
	return TC_ACT_OK;
}

SEC("tc")
int nested_flags(struct __sk_buff *skb)
{
	unsigned long a, b;

	bpf_local_irq_save(&a);
	bpf_local_irq_save(&b);
	bpf_local_irq_restore(&b);
	bpf_local_irq_restore(&a);
	return TC_ACT_OK;
}

char LICENSE[] SEC("license") = "GPL";
