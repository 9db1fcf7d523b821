// One finding for each mistake, however it is spelled.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

struct val {
	__u64 n;
	__u64 min;
	__u32 state;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 16);
	__type(key, __u32);
	__type(value, struct val);
} vals SEC(".maps");

__u32 busy;
__u64 work;

// Either test leads to the store.
SEC("xdp")
int minimum(struct xdp_md *ctx)
{
	__u32 key = 1;
	struct val *v = bpf_map_lookup_elem(&vals, &key);
	__u64 d = bpf_ktime_get_ns();

	if (v && (v->min == 0 || d < v->min))
		v->min = d; // want BLC101 "min"
	return XDP_PASS;
}

// A flag of the program's own, taken without an atomic: giving it back is no
// second mistake.
SEC("xdp")
int own_flag(struct xdp_md *ctx)
{
	if (busy)
		return XDP_PASS;
	busy = 1; // want BLC101 "busy"
	work += ctx->data_end - ctx->data; // want BLC101 "work"
	asm volatile("" ::: "memory");
	busy = 0;
	return XDP_PASS;
}

// The value behind a dynptr.
SEC("tc")
int dynptr(struct __sk_buff *skb)
{
	__u32 key = 2;
	struct val *v = bpf_map_lookup_elem(&vals, &key);
	struct bpf_dynptr d;
	__u64 *p;

	if (!v)
		return 0;
	bpf_dynptr_from_mem(v, sizeof(*v), 0, &d);
	p = bpf_dynptr_data(&d, 0, sizeof(*p));
	if (p)
		*p += skb->len; // want BLC101 "vals.n"
	return 0;
}

char _license[] SEC("license") = "GPL";
