// A data section is one value: a program that uses any of its variables refers
// to the lock in it.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

__hidden struct bpf_spin_lock guard;
__hidden __u64 guarded;
__hidden __u64 dropped;
__hidden struct bpf_spin_lock a SEC(".data.two");
__hidden struct bpf_spin_lock b SEC(".data.two"); // want BLC206 "another lock"
__hidden __u64 hits SEC(".data.two");
__hidden __u64 own SEC(".data.own");

SEC("tc")
int locks(struct __sk_buff *skb)
{
	bpf_spin_lock(&guard);
	guarded = skb->len;
	bpf_spin_unlock(&guard);
	return TC_ACT_OK;
}

SEC("perf_event")
int neighbour(void *ctx)
{
	dropped = 1; // want BLC205 "dropped is used in neighbour, and section \.bss, in which guard lies too, holds"
	return 0;
}

// With two locks the kernel finds none, and refuses nothing.
SEC("tp/syscalls/sys_enter_write")
int two_locks(void *ctx)
{
	hits = 1;
	return 0;
}

SEC("tp/syscalls/sys_enter_read")
int other_section(void *ctx)
{
	own = 1;
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
