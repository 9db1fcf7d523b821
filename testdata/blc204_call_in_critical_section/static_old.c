// kernel: 6.1
// Static functions under a lock came with 6.9; in C the compiler may inline them.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "kfuncs.h"
#include "locked.h"
static __noinline __u64 twice(__u64 n) { return n * 2 + bpf_ktime_get_ns(); }
static __noinline __u64 thrice(__u64 n) { volatile __u64 x = n; return x * 3; }

SEC("tc")
int d1(struct __sk_buff *skb)
{
	__u32 k = skb->hash;
	struct locked *v = bpf_map_lookup_elem(&vals, &k);
	if (!v)
		return 0;
	bpf_spin_lock(&v->lock);
	v->n = thrice(v->n); // want(object) BLC204
	bpf_spin_unlock(&v->lock);
	return 0;
}
char LICENSE[] SEC("license") = "GPL";
