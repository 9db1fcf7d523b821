// kernel: 6.1
// show: note
// A program that asks first: whether the kernel has the function, or which
// release it is.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "kfuncs.h"

extern int LINUX_KERNEL_VERSION __kconfig;

#define exists(sym) ({ !!sym; })

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} count SEC(".maps");

static __always_inline __u64 *get(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&count, &zero);
}

SEC("xdp")
int asks_for_the_function(struct xdp_md *ctx)
{
	__u64 *c = get();

	if (!c)
		return XDP_PASS;
	if (exists(bpf_preempt_disable)) {
		bpf_preempt_disable();
		*c += 1;
		bpf_preempt_enable();
	} else {
		__sync_fetch_and_add(c, 1);
	}
	return XDP_PASS;
}

SEC("xdp")
int asks_for_the_release(struct xdp_md *ctx)
{
	__u64 *c = get();

	if (!c)
		return XDP_PASS;
	if (LINUX_KERNEL_VERSION >= (6 << 16) + (10 << 8)) {
		bpf_preempt_disable();
		*c += 1;
		bpf_preempt_enable();
	}
	return XDP_PASS;
}

SEC("xdp")
int asks_for_too_little(struct xdp_md *ctx)
{
	__u64 *c = get();

	if (!c)
		return XDP_PASS;
	if (LINUX_KERNEL_VERSION >= (6 << 16) + (5 << 8)) {
		bpf_preempt_disable(); // want BLC211 "bpf_preempt_disable"
		*c += 1;
		bpf_preempt_enable();
	}
	if (exists(bpf_preempt_disable))
		*c += 1;
	bpf_preempt_disable(); // want BLC211 "bpf_preempt_disable"
	*c += 1;
	bpf_preempt_enable();
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "GPL";
