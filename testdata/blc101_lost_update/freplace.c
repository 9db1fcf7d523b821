// Programs that replace a function of another program: when and where they
// run, that program decides.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

__u64 calls;

SEC("freplace/handler")
int replacement(struct __sk_buff *skb)
{
	calls++; // want BLC101 (medium)
	return 0;
}

char _license[] SEC("license") = "GPL";
