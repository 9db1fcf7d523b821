// kernel: 6.12
// What came after 6.12.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "kfuncs.h"
#include "locked.h"
__noinline int glob(int n) { return n * 2; }

SEC("tc")
int e1(struct __sk_buff *skb)
{
	bpf_preempt_disable();
	skb->mark = glob(skb->len); // want BLC204
	bpf_preempt_enable();
	return 0;
}

SEC("tc")
int e2(struct __sk_buff *skb)
{
	bpf_rcu_read_lock();
	bpf_rcu_read_lock(); // want BLC204
	bpf_rcu_read_unlock();
	bpf_rcu_read_unlock(); 
	return 0;
}

SEC("tc")
int e3(struct __sk_buff *skb)
{
	__u32 k = skb->hash, sum = 0;
	struct bpf_iter_num it;
	struct locked *v = bpf_map_lookup_elem(&vals, &k);
	int *i;
	if (!v)
		return 0;
	bpf_spin_lock(&v->lock);
	bpf_iter_num_new(&it, 0, 4); // want BLC204
	while ((i = bpf_iter_num_next(&it))) // want BLC204
		sum += *i;
	bpf_iter_num_destroy(&it); // want BLC204
	v->n = sum;
	bpf_spin_unlock(&v->lock);
	return 0;
}
char LICENSE[] SEC("license") = "GPL";
