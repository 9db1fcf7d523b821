// kernel: 5.4
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

static __u64 n, flags;
static __u32 narrow;

SEC("tc")
int atomics(struct __sk_buff *skb)
{
	__u64 old;

	__sync_fetch_and_add(&n, 1);
	__sync_fetch_and_add(&narrow, 1);
	old = __sync_fetch_and_add(&n, skb->len); // want BLC110 "needs Linux 5.12"
	__sync_fetch_and_or(&flags, old); // want BLC110
	old = __sync_lock_test_and_set(&n, 0); // want BLC110
	skb->mark = __sync_val_compare_and_swap(&flags, old, 3); // want BLC110
	return TC_ACT_OK;
}

char LICENSE[] SEC("license") = "GPL";
