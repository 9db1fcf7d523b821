// A data section holds one lock, and must not be mapped into userspace.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

static struct bpf_spin_lock a SEC(".data.two");
static struct bpf_spin_lock b SEC(".data.two"); // want BLC206 "another lock"

static struct bpf_spin_lock c SEC(".data.seen"); // want BLC206 "userspace"
__u64 visible SEC(".data.seen") = 1;

SEC("tc")
int takes(struct __sk_buff *skb)
{
	bpf_spin_lock(&a);
	bpf_spin_unlock(&a);
	bpf_spin_lock(&b);
	bpf_spin_unlock(&b);
	bpf_spin_lock(&c);
	bpf_spin_unlock(&c);
	return TC_ACT_OK;
}

char LICENSE[] SEC("license") = "GPL";
