// A lock helps only when it is held from the load to the store.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "annotations.h"

struct val {
	struct bpf_spin_lock lock;
	__u64 n;
	__u64 unguarded;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__type(value, struct val);
} vals SEC(".maps");

SEC("tc")
int load_before(struct __sk_buff *skb)
{
	__u32 key = skb->hash;
	struct val *v = bpf_map_lookup_elem(&vals, &key);
	__u64 n;

	if (!v)
		return TC_ACT_OK;
	n = READ_ONCE(v->n);
	bpf_spin_lock(&v->lock);
	v->n = n + 1; // want BLC101 "vals.n"
	bpf_spin_unlock(&v->lock);
	return TC_ACT_OK;
}

SEC("tc")
int two_sections(struct __sk_buff *skb)
{
	__u32 key = skb->hash;
	struct val *v = bpf_map_lookup_elem(&vals, &key);
	__u64 n;

	if (!v)
		return TC_ACT_OK;
	bpf_spin_lock(&v->lock);
	n = v->n;
	bpf_spin_unlock(&v->lock);
	n += skb->len;
	bpf_spin_lock(&v->lock);
	v->n = n; // want BLC101 "vals.n"
	bpf_spin_unlock(&v->lock);
	return TC_ACT_OK;
}

SEC("tc")
int after_unlock(struct __sk_buff *skb)
{
	__u32 key = skb->hash;
	struct val *v = bpf_map_lookup_elem(&vals, &key);

	if (!v)
		return TC_ACT_OK;
	bpf_spin_lock(&v->lock);
	v->n = 0;
	bpf_spin_unlock(&v->lock);
	v->unguarded++; // want BLC101 "vals.unguarded"
	return TC_ACT_OK;
}

char LICENSE[] SEC("license") = "GPL";
