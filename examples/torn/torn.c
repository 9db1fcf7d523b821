//go:build ignore

// The BPF side of the demonstration: a value whose words a program keeps equal
// under the value's lock, and two counters that one program advances together.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define WORDS 32

struct state {
	struct bpf_spin_lock lock;
	__u64 words[WORDS];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct state);
} states SEC(".maps");

struct counters {
	__u64 plain;
	__u64 atomic;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct counters);
} counts SEC(".maps");

// fill gives all words the next number, under the lock.
SEC("tc")
int fill(struct __sk_buff *skb)
{
	__u32 key = 0;
	struct state *s = bpf_map_lookup_elem(&states, &key);
	__u64 next;
	int i;

	if (!s)
		return 0;
	bpf_spin_lock(&s->lock);
	next = s->words[0] + 1;
#pragma unroll
	for (i = 0; i < WORDS; i++)
		s->words[i] = next;
	bpf_spin_unlock(&s->lock);
	return 0;
}

// count advances one counter with ++ and the other atomically.
SEC("tc")
int count(struct __sk_buff *skb)
{
	__u32 key = 0;
	struct counters *c = bpf_map_lookup_elem(&counts, &key);

	if (!c)
		return 0;
	c->plain++; // bpflockcheck:ignore BLC101 the lost update to be shown
	__sync_fetch_and_add(&c->atomic, 1);
	return 0;
}

char _license[] SEC("license") = "GPL";
