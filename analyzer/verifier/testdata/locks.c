#include "bpf.h"

struct val {
	struct bpf_spin_lock lock;
	__u64 n;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct val);
} vals SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 8);
	__type(key, __u32);
	__type(value, struct val);
} lru SEC(".maps");

/* max_entries is left to userspace. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__type(key, __u32);
	__type(value, __u64);
} unsized SEC(".maps");

static struct bpf_spin_lock global __hidden SEC(".data.g");
static __u64 guarded SEC(".data.g");

#define LOOKUP(map)                                   \
	__u32 key = 0;                                \
	struct val *v = bpf_map_lookup_elem(&map, &key); \
	if (!v)                                       \
		return 0

SEC("xdp") int balanced(void *ctx)
{
	LOOKUP(vals);
	bpf_spin_lock(&v->lock);
	v->n++;
	bpf_spin_unlock(&v->lock);
	return 0;
}

SEC("xdp") int leaks(void *ctx)
{
	LOOKUP(vals);
	bpf_spin_lock(&v->lock);
	v->n++;
	return 0;
}

SEC("xdp") int twice(void *ctx)
{
	LOOKUP(vals);
	bpf_spin_lock(&v->lock);
	bpf_spin_lock(&v->lock);
	bpf_spin_unlock(&v->lock);
	return 0;
}

SEC("xdp") int calls(void *ctx)
{
	LOOKUP(vals);
	bpf_spin_lock(&v->lock);
	v->n = bpf_ktime_get_ns();
	bpf_spin_unlock(&v->lock);
	return 0;
}

SEC("xdp") int unbalanced(void *ctx)
{
	LOOKUP(vals);
	bpf_spin_unlock(&v->lock);
	return 0;
}

SEC("xdp") int touches(void *ctx)
{
	LOOKUP(vals);
	v->lock.val = 0;
	return 0;
}

SEC("socket") int wrong_type(void *ctx)
{
	LOOKUP(vals);
	return v->n;
}

SEC("xdp") int wrong_map(void *ctx)
{
	LOOKUP(lru);
	bpf_spin_lock(&v->lock);
	bpf_spin_unlock(&v->lock);
	return 0;
}

SEC("xdp") int global_lock(void *ctx)
{
	bpf_spin_lock(&global);
	guarded++;
	bpf_spin_unlock(&global);
	return 0;
}

static __noinline void add(struct val *v)
{
	v->n++;
}

SEC("xdp") int subprog(void *ctx)
{
	LOOKUP(vals);
	bpf_spin_lock(&v->lock);
	add(v);
	bpf_spin_unlock(&v->lock);
	return 0;
}

SEC("xdp") int no_size(void *ctx)
{
	__u32 key = 0;
	__u64 *v = bpf_map_lookup_elem(&unsized, &key);

	return v ? *v & 1 : 0;
}
