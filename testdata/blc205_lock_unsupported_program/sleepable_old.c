// kernel: 6.1
// Sleepable programs may take it from 6.6 on.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "locked.h"

SEC("syscall")
int sleepable(void *ctx)
{
	__u32 key = 1;
	struct locked *v = bpf_map_lookup_elem(&vals, &key);

	if (!v)
		return 0;
	bpf_spin_lock(&v->lock); // want BLC205 "sleepable programs"
	v->n = 1;
	bpf_spin_unlock(&v->lock);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
