// Memory on which the verifier refuses atomics.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

SEC("tc")
int context(struct __sk_buff *skb)
{
	__sync_fetch_and_add(&skb->mark, 1); // want BLC110 "context"
	return TC_ACT_OK;
}

char LICENSE[] SEC("license") = "GPL";
