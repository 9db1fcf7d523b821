#include "bpf.h"

extern void no_such_kfunc(void) __ksym;
extern void no_such_weak_kfunc(void) __weak __ksym;
extern unsigned int LINUX_KERNEL_VERSION __kconfig;
extern bool CONFIG_BPF __kconfig __weak;
extern int CONFIG_NO_SUCH_OPTION __kconfig __weak;

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
} rb SEC(".maps");

struct inner {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 2);
	__type(key, __u32);
	struct inner *values[];
} outer SEC(".maps");

const volatile __u64 zero = 0;
__u64 counter;

SEC("xdp") int plain(void *ctx)
{
	counter += zero;
	return 0;
}

SEC("xdp") int kconfig(void *ctx)
{
	return LINUX_KERNEL_VERSION > 0 && CONFIG_BPF && !CONFIG_NO_SUCH_OPTION;
}

SEC("xdp") int nested_map(void *ctx)
{
	__u32 key = 0;
	void *in = bpf_map_lookup_elem(&outer, &key);
	__u64 *v;

	if (!in)
		return 0;
	v = bpf_map_lookup_elem(in, &key);
	return v ? *v & 1 : 0;
}

static __noinline int two(int x)
{
	return x + 2;
}

__noinline int one(int x)
{
	return two(x) + 1;
}

SEC("xdp") int linked(void *ctx)
{
	return one(two(counter));
}

SEC("xdp") int unreachable_weak(void *ctx)
{
	if (no_such_weak_kfunc)
		no_such_weak_kfunc();
	return 0;
}

SEC("xdp") int reachable_weak(void *ctx)
{
	no_such_weak_kfunc();
	return 0;
}

SEC("xdp") int strong(void *ctx)
{
	no_such_kfunc();
	return 0;
}

SEC("fentry/no_such_function") int no_target(void *ctx)
{
	return 0;
}

SEC("freplace/f") int replaces(void *ctx)
{
	return 0;
}

SEC("no such section") int unknown(void *ctx)
{
	return 0;
}

SEC("xdp") int bad(int *ctx)
{
	return *(int *)(long)ctx[1000];
}
