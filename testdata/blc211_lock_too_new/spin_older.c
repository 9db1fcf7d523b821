// kernel: 4.19
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "locked.h"

SEC("tc")
int spin(struct __sk_buff *skb)
{
	__u32 key = skb->hash;
	struct locked *v = bpf_map_lookup_elem(&vals, &key);

	if (!v)
		return TC_ACT_OK;
	bpf_spin_lock(&v->lock); // want BLC211 "Linux 5.1"
	v->n++;
	bpf_spin_unlock(&v->lock);
	return TC_ACT_OK;
}

char LICENSE[] SEC("license") = "GPL";
