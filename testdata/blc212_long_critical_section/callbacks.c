// show: note
// Loops that a helper makes, with preemption or interrupts off.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "kfuncs.h"

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 65536);
	__type(key, __u32);
	__type(value, __u64);
} many SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, __u64);
} few SEC(".maps");

static long clear(__u32 i, void *ctx)
{
	__u64 *v = bpf_map_lookup_elem(&many, &i);

	if (v)
		*v = 0;
	return 0;
}

static long each(struct bpf_map *map, __u32 *key, __u64 *v, void *ctx)
{
	*v = 0;
	return 0;
}

SEC("syscall")
int preempt_off(void *ctx)
{
	bpf_preempt_disable();
	bpf_loop(65536, clear, 0, 0); // want BLC212 "65536 times with preemption disabled"
	bpf_loop(64, clear, 0, 0);
	bpf_preempt_enable();
	bpf_loop(65536, clear, 0, 0);
	return 0;
}

// A key is made of the counter.
SEC("syscall")
int loops_itself(void *ctx)
{
	bpf_preempt_disable();
	for (__u32 i = 0; i < 64; i++) {
		__u32 key = i;
		__u64 *v = bpf_map_lookup_elem(&few, &key);

		if (v)
			*v = 0;
	}
	for (__u32 i = 0; i < 2000; i++) { // want BLC212 "up to 2000 times with preemption"
		__u32 key = i;
		__u64 *v = bpf_map_lookup_elem(&many, &key);

		if (v)
			*v = 0;
	}
	bpf_preempt_enable();
	return 0;
}

SEC("syscall")
int irqs_off(void *ctx)
{
	unsigned long flags;

	bpf_local_irq_save(&flags);
	bpf_for_each_map_elem(&many, each, 0, 0); // want BLC212 "65536 times with interrupts off"
	bpf_for_each_map_elem(&few, each, 0, 0);
	bpf_local_irq_restore(&flags);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
