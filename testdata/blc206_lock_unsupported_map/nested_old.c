// kernel: 6.1
// Nested locks are found from 6.11 on, locks in variables from 6.2 on.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

struct inner {
	struct bpf_spin_lock lock; // want BLC206 "nested struct"
};

struct val {
	struct inner in;
	__u64 n;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16);
	__type(key, __u32);
	__type(value, struct val);
} vals SEC(".maps");

static struct bpf_spin_lock gl SEC(".data.A"); // want BLC206 "from Linux 6.2 on"

SEC("tc")
int takes(struct __sk_buff *skb)
{
	__u32 key = skb->hash;
	struct val *v = bpf_map_lookup_elem(&vals, &key);

	if (!v)
		return TC_ACT_OK;
	bpf_spin_lock(&v->in.lock);
	v->n = 1;
	bpf_spin_unlock(&v->in.lock);
	bpf_spin_lock(&gl);
	bpf_spin_unlock(&gl);
	return TC_ACT_OK;
}

char LICENSE[] SEC("license") = "GPL";
