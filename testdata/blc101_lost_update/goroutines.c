// In a uprobe on Go code one register is the running goroutine's, which one thread
// at a time runs; an element of it is confined. One of the process and an address
// is not that of every thread of the process.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

struct key {
	__u64 pid;
	__u64 addr;
};

struct call {
	__u64 bytes;
	__u64 writes;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1024);
	__type(key, struct key);
	__type(value, struct call);
} calls SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1024);
	__type(key, struct key);
	__type(value, struct call);
} connections SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1024);
	__type(key, struct key);
	__type(value, struct call);
} processes SEC(".maps");

SEC("uprobe/net.write")
int write(struct pt_regs *ctx)
{
	struct key key = { .pid = bpf_get_current_pid_tgid() >> 32, .addr = ctx->r14 };
	struct call *c = bpf_map_lookup_elem(&calls, &key);

	if (c)
		c->bytes += ctx->cx;
	return 0;
}

SEC("uprobe/net.write")
int write_connection(struct pt_regs *ctx)
{
	struct key key = { .pid = bpf_get_current_pid_tgid() >> 32, .addr = ctx->di };
	struct call *c = bpf_map_lookup_elem(&connections, &key);

	if (c)
		c->bytes += ctx->cx; // want BLC101 (medium)
	return 0;
}

SEC("uprobe/net.write")
int write_process(struct pt_regs *ctx)
{
	struct key key = { .pid = bpf_get_current_pid_tgid() >> 32 };
	struct call *c = bpf_map_lookup_elem(&processes, &key);

	if (c)
		c->bytes += ctx->cx; // want BLC101 (high)
	return 0;
}

// In a kernel function the register is any.
SEC("kprobe/tcp_sendmsg")
int in_kernel(struct pt_regs *ctx)
{
	struct key key = { .addr = ctx->r14 };
	struct call *c = bpf_map_lookup_elem(&connections, &key);

	if (c)
		c->writes++; // want BLC101 (medium)
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
