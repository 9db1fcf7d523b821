// show: note
// How often a loop runs: what counts is the loop's own counter, its step, what
// it is held against, and the loops inside.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "kfuncs.h"

struct val {
	struct bpf_spin_lock lock;
	__u32 head;
	__u64 slots[4096];
	__u64 grid[64][64];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct val);
} vals SEC(".maps");

static __always_inline struct val *get(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&vals, &zero);
}

// What is looked for is no bound.
SEC("tc")
int finds(struct __sk_buff *skb)
{
	struct val *v = get();
	int at = -1;

	if (!v)
		return TC_ACT_OK;
	bpf_spin_lock(&v->lock);
	for (int i = 0; i < 4096; i++) { // want BLC212 "up to 4096 times"
		if (v->slots[i] == 7) {
			at = i;
			break;
		}
	}
	bpf_spin_unlock(&v->lock);
	return at;
}

// A masked bound.
SEC("tc")
int masked(struct __sk_buff *skb)
{
	__u32 n = skb->len & 63;
	struct val *v = get();

	if (!v)
		return TC_ACT_OK;
	bpf_spin_lock(&v->lock);
	for (__u32 i = 0; i < n; i++)
		v->slots[i] = i;
	bpf_spin_unlock(&v->lock);
	return TC_ACT_OK;
}

// A bound from the packet.
SEC("tc")
int unknown(struct __sk_buff *skb)
{
	__u32 n = skb->len;
	struct val *v = get();

	if (!v)
		return TC_ACT_OK;
	bpf_spin_lock(&v->lock);
	for (__u32 i = 0; i < n; i++) // want BLC212 "an unknown number of times"
		v->slots[i & 4095] = i;
	bpf_spin_unlock(&v->lock);
	return TC_ACT_OK;
}

// Steps of more than one, up and down.
SEC("tc")
int steps(struct __sk_buff *skb)
{
	__u32 h = skb->hash;
	struct val *v = get();

	if (!v)
		return TC_ACT_OK;
	bpf_spin_lock(&v->lock);
	for (int i = 0; i < 4096; i += 64)
		v->slots[i] ^= h;
#pragma clang loop unroll(disable)
	for (int i = 128; i > 0; i--)
		v->slots[i] += h;
	bpf_spin_unlock(&v->lock);
	return TC_ACT_OK;
}

// 64 times 64.
SEC("tc")
int nested(struct __sk_buff *skb)
{
	__u32 h = skb->hash;
	struct val *v = get();

	if (!v)
		return TC_ACT_OK;
	bpf_spin_lock(&v->lock);
#pragma clang loop unroll(disable)
	for (int i = 0; i < 64; i++) { // want BLC212 "64 times .* each of its rounds .* 64"
#pragma clang loop unroll(disable)
		for (int j = 0; j < 64; j++)
			v->grid[i][j] ^= h + j;
	}
	bpf_spin_unlock(&v->lock);
	return TC_ACT_OK;
}

// A loop that begins where the one around it stands.
SEC("tc")
int triangle(struct __sk_buff *skb)
{
	__u32 h = skb->hash;
	struct val *v = get();

	if (!v)
		return TC_ACT_OK;
	bpf_spin_lock(&v->lock);
#pragma clang loop unroll(disable)
	for (int i = 0; i < 16; i++) {
#pragma clang loop unroll(disable)
		for (int j = 15; j >= i; j--)
			v->slots[j] ^= h;
	}
	bpf_spin_unlock(&v->lock);
	return TC_ACT_OK;
}

// Numeric iterators, as bpf_for and bpf_repeat make them.
SEC("tc")
int iterates(struct __sk_buff *skb)
{
	struct bpf_iter_num few, many;
	struct val *v = get();
	int *i;

	if (!v)
		return TC_ACT_OK;
	bpf_spin_lock(&v->lock);
	bpf_iter_num_new(&few, 0, 16);
	while ((i = bpf_iter_num_next(&few)))
		v->slots[*i & 15]++;
	bpf_iter_num_destroy(&few);
	bpf_iter_num_new(&many, 0, 5000);
	while ((i = bpf_iter_num_next(&many))) // want BLC212 "up to 5000 times"
		v->slots[*i & 15]++;
	bpf_iter_num_destroy(&many);
	bpf_spin_unlock(&v->lock);
	return TC_ACT_OK;
}

char LICENSE[] SEC("license") = "GPL";
