// One after the other is fine; bpf_res_spin_lock may nest.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "locked.h"
#include "kfuncs.h"

struct rlocked {
	struct bpf_res_spin_lock lock;
	__u64 n;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, struct rlocked);
} outer SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, struct rlocked);
} inner SEC(".maps");

SEC("tc")
int in_turn(struct __sk_buff *skb)
{
	__u32 a = 1, b = 2;
	struct locked *x = bpf_map_lookup_elem(&vals, &a);
	struct locked *y = bpf_map_lookup_elem(&vals, &b);
	__u64 n;

	if (!x || !y)
		return TC_ACT_OK;
	bpf_spin_lock(&x->lock);
	n = x->n;
	bpf_spin_unlock(&x->lock);
	bpf_spin_lock(&y->lock);
	y->n = n;
	bpf_spin_unlock(&y->lock);
	return TC_ACT_OK;
}

SEC("tc")
int resilient(struct __sk_buff *skb)
{
	__u32 key = 1;
	struct rlocked *x = bpf_map_lookup_elem(&outer, &key);
	struct rlocked *y = bpf_map_lookup_elem(&inner, &key);

	if (!x || !y)
		return TC_ACT_OK;
	if (bpf_res_spin_lock(&x->lock))
		return TC_ACT_OK;
	if (bpf_res_spin_lock(&y->lock)) {
		bpf_res_spin_unlock(&x->lock);
		return TC_ACT_OK;
	}
	y->n = x->n;
	bpf_res_spin_unlock(&y->lock);
	bpf_res_spin_unlock(&x->lock);
	return TC_ACT_OK;
}

char LICENSE[] SEC("license") = "GPL";
