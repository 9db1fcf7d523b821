// A format that every CPU completes with the same byte.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

static char fmt[] = "packet of %d bytes";

SEC("xdp")
int say(struct xdp_md *ctx)
{
	fmt[sizeof(fmt) - 1] = '\n';
	bpf_trace_printk(fmt, sizeof(fmt), ctx->data_end - ctx->data);
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "GPL";
