// Variables that only a chosen thread or CPU writes, and keys that name the CPU.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

struct key {
	__u32 cpu;
	__u32 kind;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, struct key);
	__type(value, __u64);
} by_cpu SEC(".maps");

const volatile __u32 target_tid;
static __u64 of_target;
static __u64 of_cpu0;

SEC("tp/raw_syscalls/sys_enter")
int one_thread(void *ctx)
{
	if ((__u32)bpf_get_current_pid_tgid() != target_tid)
		return 0;
	of_target++;
	return 0;
}

struct bpf_pidns_info {
	__u32 pid;
	__u32 tgid;
};

const volatile __u64 ns_dev, ns_ino;
static __u64 of_target_in_ns;

// The same, with the thread's number in a container.
SEC("tp/raw_syscalls/sys_exit")
int one_thread_of_namespace(void *ctx)
{
	struct bpf_pidns_info id = {};

	if (bpf_get_ns_current_pid_tgid(ns_dev, ns_ino, &id, sizeof(id)) || id.pid != target_tid)
		return 0;
	of_target_in_ns++;
	return 0;
}

SEC("xdp")
int one_cpu(struct xdp_md *ctx)
{
	if (bpf_get_smp_processor_id() == 0)
		of_cpu0++;
	return XDP_PASS;
}

SEC("xdp")
int composite_key(struct xdp_md *ctx)
{
	struct key key = { .cpu = bpf_get_smp_processor_id(), .kind = ctx->rx_queue_index };
	__u64 *n = bpf_map_lookup_elem(&by_cpu, &key);

	if (n)
		*n += 1;
	return XDP_PASS;
}

static __u64 by_either_way;

// Two branches, each of which lets the same CPU through.
SEC("tc")
int tested_on_both_sides(struct __sk_buff *skb)
{
	if (skb->len > 100) {
		bpf_printk("long");
		if (bpf_get_smp_processor_id() == 3)
			goto count;
		return TC_ACT_OK;
	}
	if (bpf_get_smp_processor_id() != 3)
		return TC_ACT_SHOT;
count:
	by_either_way++;
	return TC_ACT_OK;
}

char LICENSE[] SEC("license") = "GPL";
