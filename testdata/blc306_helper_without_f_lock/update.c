// Updates that go past the lock.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "locked.h"

SEC("tc")
int replaces(struct __sk_buff *skb)
{
	__u32 key = skb->hash;
	struct locked v = { .n = skb->len };

	bpf_map_update_elem(&vals, &key, &v, BPF_ANY); // want BLC306 "the element is replaced"
	return TC_ACT_OK;
}

SEC("tc")
int overwrites(struct __sk_buff *skb)
{
	__u32 key = 1;
	struct locked v = { .n = skb->len };

	bpf_map_update_elem(&slots, &key, &v, BPF_EXIST); // want BLC306 "overwritten"
	return TC_ACT_OK;
}

SEC("tc")
int holder(struct __sk_buff *skb)
{
	__u32 key = skb->hash;
	struct locked *v = bpf_map_lookup_elem(&vals, &key);

	if (!v)
		return TC_ACT_OK;
	bpf_spin_lock(&v->lock);
	v->n += skb->len;
	bpf_spin_unlock(&v->lock);
	return TC_ACT_OK;
}

char LICENSE[] SEC("license") = "GPL";
