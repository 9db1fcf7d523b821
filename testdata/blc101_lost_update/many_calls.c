// Many calls in a row that can fail, and nobody looks whether they did; then some
// where it is looked at in the end only.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

struct record {
	__u32 used;
	__u8 bytes[1024];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct record);
} records SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} total SEC(".maps");

static __attribute__((noinline)) int put(struct record *r, __u32 value, __u32 size)
{
	__u32 at = r->used;

	if (at > 1000)
		return 0;
	if (size > 8)
		return -1;
	r->bytes[at & 1023] = value;
	r->used = at + size;
	return 1;
}

SEC("tp/syscalls/sys_enter_openat")
int save(struct trace_event_raw_sys_enter *ctx)
{
	__u32 zero = 0;
	struct record *r = bpf_map_lookup_elem(&records, &zero);
	__u64 *n = bpf_map_lookup_elem(&total, &zero);
	int all = 0;

	if (!r || !n)
		return 0;
#define PUT(i) put(r, ctx->args[0] + i, ctx->args[1])
	PUT(0); PUT(1); PUT(2); PUT(3); PUT(4); PUT(5); PUT(6); PUT(7);
	PUT(8); PUT(9); PUT(10); PUT(11); PUT(12); PUT(13); PUT(14); PUT(15);
	all |= PUT(0); all |= PUT(1); all |= PUT(2); all |= PUT(3);
	all |= PUT(4); all |= PUT(5); all |= PUT(6); all |= PUT(7);
	all |= PUT(8); all |= PUT(9); all |= PUT(10); all |= PUT(11);
	if (all > 0)
		*n += 1; // want BLC101
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
