/* Calls of every kind but kernel functions. */
#include "mini.h"

u64 total;

static __noinline u64 twice(u64 n)
{
	return n * 2 + total;
}

__noinline int shared(u64 *p, u32 n)
{
	if (!p)
		return 0;
	*p += n;
	return 1;
}

__hidden __noinline int inner_only(u64 n)
{
	total ^= n;
	return total;
}

static int each(u32 i, u64 *ctx)
{
	*ctx += i;
	return 0;
}

extern int elsewhere(u64 n);

SEC("socket")
int first(void *ctx)
{
	u64 sum = 0;

	bpf_loop(10, each, &sum, 0);
	return twice(sum) + shared(&sum, 2) + inner_only(sum) + elsewhere(sum);
}

/* A second program in the same section, and a static function beside it. */
static __noinline SEC("socket") int beside(u64 n)
{
	total = n;
	return 0;
}

SEC("socket")
int second(void *ctx)
{
	int (*f)(u32, u64 *) = total ? each : 0;
	u64 x = 1;

	if (f)
		f(1, &x);
	return beside(x);
}

SEC("?tc")
int last(void *ctx)
{
	return twice(3);
}

char _license[] SEC("license") = "GPL";
