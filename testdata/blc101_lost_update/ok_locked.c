// Changes under one lock, in the shapes that real programs have.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

struct val {
	struct bpf_spin_lock lock;
	__u64 n;
	__u64 max;
	__u32 state;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__type(value, struct val);
} vals SEC(".maps");

static struct bpf_spin_lock global_lock SEC(".data.A");
static __u64 guarded SEC(".data.A");
static __u64 elsewhere;
static __u64 once;
static __u64 budget;

SEC("tc")
int early_exits(struct __sk_buff *skb)
{
	__u32 key = skb->hash;
	struct val *v = bpf_map_lookup_elem(&vals, &key);

	if (!v)
		return TC_ACT_OK;
	bpf_spin_lock(&v->lock);
	if (v->state == 1) {
		bpf_spin_unlock(&v->lock);
		return TC_ACT_SHOT;
	}
	if (v->n > 100)
		goto out;
	v->n++;
	if (skb->len > v->max)
		v->max = skb->len;
	v->state = skb->len;
out:
	bpf_spin_unlock(&v->lock);
	return TC_ACT_OK;
}

SEC("tc")
int under_global(struct __sk_buff *skb)
{
	bpf_spin_lock(&global_lock);
	guarded++;
	elsewhere += skb->len;
	bpf_spin_unlock(&global_lock);
	return TC_ACT_OK;
}

static __always_inline void lock_it(struct val *v)
{
	bpf_spin_lock(&v->lock);
}

static __always_inline void unlock_it(struct val *v)
{
	bpf_spin_unlock(&v->lock);
}

SEC("tc")
int through_wrappers(struct __sk_buff *skb)
{
	__u32 key = skb->hash;
	struct val *v = bpf_map_lookup_elem(&vals, &key);

	if (!v)
		return TC_ACT_OK;
	lock_it(v);
	v->n += skb->len;
	unlock_it(v);
	return TC_ACT_OK;
}

// The test before the lock only saves taking it: the one under it decides.
SEC("tc")
int double_checked(struct __sk_buff *skb)
{
	if (once)
		return TC_ACT_OK;
	bpf_spin_lock(&global_lock);
	if (!once) {
		once = skb->len;
		guarded++;
	}
	bpf_spin_unlock(&global_lock);
	return TC_ACT_OK;
}

// What the first section saw matters no more: the second looks again.
SEC("tc")
int tested_again(struct __sk_buff *skb)
{
	bpf_spin_lock(&global_lock);
	if (budget > 10) {
		bpf_spin_unlock(&global_lock);
		return TC_ACT_SHOT;
	}
	budget++;
	bpf_spin_unlock(&global_lock);
	bpf_spin_lock(&global_lock);
	if (budget > 10) {
		bpf_spin_unlock(&global_lock);
		return TC_ACT_SHOT;
	}
	budget++;
	bpf_spin_unlock(&global_lock);
	return TC_ACT_OK;
}

char LICENSE[] SEC("license") = "GPL";
