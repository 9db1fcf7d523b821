// Global variables are shared by all CPUs.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

__u64 total;
static __u32 errors;
__u64 by_type[16];
struct {
	__u64 in;
	__u64 out;
} bytes;
volatile __u64 ticks;
int initialised = 1;

SEC("tc")
int count(struct __sk_buff *skb)
{
	total += skb->len; // want BLC101 "total"
	errors++; // want BLC101 "errors"
	by_type[skb->pkt_type & 15]++; // want BLC101 "by_type"
	bytes.in += skb->len; // want BLC101 "bytes.in"
	ticks++; // want BLC101 "ticks"
	initialised <<= 1; // want BLC101 "initialised"
	return errors > 5 ? TC_ACT_SHOT : TC_ACT_OK;
}

// A loop that runs a shared variable up.
SEC("tc")
int in_a_loop(struct __sk_buff *skb)
{
	__u64 *sum = &bytes.out;

	for (int i = 0; i < 4; i++)
		*sum += skb->cb[i]; // want BLC101 "bytes.out"
	return TC_ACT_OK;
}

char LICENSE[] SEC("license") = "GPL";
