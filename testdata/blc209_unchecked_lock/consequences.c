// What is done on the path where an unchecked lock was not taken, is the same
// mistake: it goes away with it.
// show: note
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "resilient.h"

SEC("tc")
int counts(struct __sk_buff *skb)
{
	__u32 key = skb->hash;
	struct rlocked *v = bpf_map_lookup_elem(&first, &key);

	if (!v)
		return TC_ACT_OK;
	bpf_res_spin_lock(&v->lock);
	v->n++;
	if (v->n > 100)
		v->n = 0;
	bpf_res_spin_unlock(&v->lock); // want BLC209 "not checked"
	return TC_ACT_OK;
}

// Checked: what happens where the lock is not held is a mistake of its own.
SEC("tc")
int counts_failures(struct __sk_buff *skb)
{
	__u32 key = 0;
	struct rlocked *v = bpf_map_lookup_elem(&second, &key);

	if (!v)
		return TC_ACT_OK;
	if (bpf_res_spin_lock(&v->lock)) {
		v->state++; // want BLC101 BLC106
		return TC_ACT_OK;
	}
	v->state = 0;
	bpf_res_spin_unlock(&v->lock);
	return TC_ACT_OK;
}

char LICENSE[] SEC("license") = "GPL";
