// Tracing programs and socket filters may not touch such values at all.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "locked.h"

SEC("tp/syscalls/sys_enter_write")
int takes(void *ctx)
{
	__u32 key = 1;
	struct locked *v = bpf_map_lookup_elem(&vals, &key);

	if (!v)
		return 0;
	bpf_spin_lock(&v->lock); // want BLC205 "a bpf_spin_lock is taken in takes: Linux 6.18 refuses it in kprobe"
	v->n = 1;
	bpf_spin_unlock(&v->lock);
	return 0;
}

SEC("raw_tp/sys_enter")
int reads_only(void *ctx)
{
	__u32 key = 1;
	struct locked *v = bpf_map_lookup_elem(&vals, &key); // want BLC205 "even where the lock is not taken"

	return v && v->state == 1;
}

SEC("socket")
int filter(struct __sk_buff *skb)
{
	__u32 key = 1;
	struct locked *v = bpf_map_lookup_elem(&slots, &key);

	if (!v)
		return 0;
	bpf_spin_lock(&v->lock); // want BLC205 "socket filters"
	v->n = 1;
	bpf_spin_unlock(&v->lock);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
