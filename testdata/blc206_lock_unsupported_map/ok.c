// Where locks may be.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

struct inner {
	struct bpf_spin_lock lock;
};

struct nested {
	struct inner in;
	__u64 n;
};

struct single {
	__u64 n;
	struct bpf_spin_lock lock[1];
};

#define MAP(name, map_type, value_type) \
	struct { \
		__uint(type, map_type); \
		__uint(max_entries, 16); \
		__type(key, __u32); \
		__type(value, value_type); \
	} name SEC(".maps")

MAP(hash, BPF_MAP_TYPE_HASH, struct nested);
MAP(array, BPF_MAP_TYPE_ARRAY, struct single);

struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct nested);
} of_socket SEC(".maps");

static struct bpf_spin_lock a SEC(".data.A");
static __u64 of_a SEC(".data.A");
struct bpf_spin_lock b __hidden SEC(".data.B");

SEC("tc")
int takes(struct __sk_buff *skb)
{
	__u32 key = 0;
	struct nested *h = bpf_map_lookup_elem(&hash, &key);
	struct single *s = bpf_map_lookup_elem(&array, &key);

	if (!h || !s)
		return TC_ACT_OK;
	bpf_spin_lock(&h->in.lock);
	h->n++;
	bpf_spin_unlock(&h->in.lock);
	bpf_spin_lock(&s->lock[0]);
	s->n++;
	bpf_spin_unlock(&s->lock[0]);
	bpf_spin_lock(&a);
	of_a++;
	bpf_spin_unlock(&a);
	bpf_spin_lock(&b);
	bpf_spin_unlock(&b);
	return TC_ACT_OK;
}

char LICENSE[] SEC("license") = "GPL";
