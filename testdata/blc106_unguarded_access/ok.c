// Every access under the lock, in nested shapes.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "annotations.h"

struct inner {
	__u64 a;
	__u64 b;
};

struct val {
	struct bpf_spin_lock lock;
	struct inner in __guarded_by(lock);
	__u64 cached __data_racy;
	__u64 config;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16);
	__type(key, __u32);
	__type(value, struct val);
} vals SEC(".maps");

static struct bpf_spin_lock gl SEC(".data.A");
static __u64 total __guarded_by(gl) SEC(".data.A");

static __always_inline void update(struct val *v, __u64 n)
{
	v->in.a += n;
	v->in.b = v->in.a;
	v->cached = v->in.a;
}

SEC("tc")
int all_guarded(struct __sk_buff *skb)
{
	__u32 key = skb->hash;
	struct val *v = bpf_map_lookup_elem(&vals, &key);
	__u64 config;

	if (!v)
		return TC_ACT_OK;
	config = v->config;
	bpf_spin_lock(&v->lock);
	update(v, config);
	bpf_spin_unlock(&v->lock);
	bpf_spin_lock(&gl);
	total += config;
	bpf_spin_unlock(&gl);
	v->cached = 0;
	return TC_ACT_OK;
}

// Not yet in the map.
SEC("tc")
int create(struct __sk_buff *skb)
{
	__u32 key = skb->hash;
	struct val init = {};

	init.in.a = skb->len;
	init.config = 3;
	bpf_map_update_elem(&vals, &key, &init, BPF_NOEXIST);
	return TC_ACT_OK;
}

char LICENSE[] SEC("license") = "GPL";
