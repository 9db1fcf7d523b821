// object: skip clang refuses atomics on 1 and 2 bytes
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

static __u16 half;
static __u8 byte;
static __u64 whole;

SEC("tc")
int sizes(struct __sk_buff *skb)
{
	__sync_fetch_and_add(&half, 1); // want BLC110 "2 byte"
	__sync_fetch_and_or(&byte, 4); // want BLC110 "1 byte"
	__sync_fetch_and_nand(&whole, 4); // want BLC110 "no instruction"
	return TC_ACT_OK;
}

char LICENSE[] SEC("license") = "GPL";
