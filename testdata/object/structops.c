/* Programs that implement the callbacks of kernel structures. */
#include "mini.h"

struct congestion_ops {
	u32 flags;
	void (*init)(void *sk);
	u32 (*threshold)(void *sk);
	char name[16];
};

struct congestion_ops___old {
	u32 (*threshold)(void *sk);
};

u64 calls;

SEC("struct_ops/init")
void ops_init(u64 *ctx)
{
	calls = 0;
}

SEC("struct_ops/threshold")
u32 ops_threshold(u64 *ctx)
{
	return ++calls;
}

SEC("struct_ops.s/old_threshold")
u32 ops_old(u64 *ctx)
{
	return ++calls;
}

SEC(".struct_ops")
struct congestion_ops ops = {
	.init = (void *)ops_init,
	.threshold = (void *)ops_threshold,
	.name = "mini",
};

SEC(".struct_ops.link")
struct congestion_ops___old old = {
	.threshold = (void *)ops_old,
};

char _license[] SEC("license") = "GPL";
