// One slot of a shared array as a buffer.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

struct event {
	__u32 pid;
	__u32 len;
	char comm[16];
	char data[256];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct event);
} heap SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, struct event);
} slots SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__type(key, __u32);
	__type(value, __u32);
} events SEC(".maps");

SEC("tp/syscalls/sys_enter_openat")
int fill_and_send(struct trace_event_raw_sys_enter *ctx)
{
	__u32 zero = 0;
	struct event *e = bpf_map_lookup_elem(&heap, &zero);

	if (!e)
		return 0;
	e->pid = bpf_get_current_pid_tgid() >> 32; // want BLC107 "heap"
	e->len = bpf_probe_read_user_str(e->data, sizeof(e->data), (void *)ctx->args[1]);
	bpf_get_current_comm(e->comm, sizeof(e->comm));
	bpf_perf_event_output(ctx, &events, BPF_F_CURRENT_CPU, e, sizeof(*e));
	return 0;
}

SEC("tp/syscalls/sys_enter_execve")
int fill_and_read(struct trace_event_raw_sys_enter *ctx)
{
	__u32 one = 1;
	struct event *e = bpf_map_lookup_elem(&slots, &one);

	if (!e)
		return 0;
	bpf_probe_read_user_str(e->data, sizeof(e->data), (void *)ctx->args[0]); // want BLC107 "slots"
	if (e->data[0] == '/')
		bpf_printk("absolute");
	return 0;
}

// A variable is one slot for everyone too.
static struct event buffer;
static __u8 bytes[64];

SEC("tp/syscalls/sys_enter_unlink")
int static_struct(struct trace_event_raw_sys_enter *ctx)
{
	buffer.pid = bpf_get_current_pid_tgid() >> 32; // want BLC107 "buffer"
	bpf_get_current_comm(buffer.comm, sizeof(buffer.comm));
	bpf_perf_event_output(ctx, &events, BPF_F_CURRENT_CPU, &buffer, sizeof(buffer));
	return 0;
}

SEC("tc")
int static_array(struct __sk_buff *skb)
{
	bpf_skb_load_bytes(skb, 0, bytes, 14); // want BLC107 "bytes"
	return bytes[12] == 8 ? TC_ACT_SHOT : TC_ACT_OK;
}

// Filled slot by slot, and read where the packet says.
__u32 window[8];

SEC("tc")
int chosen_slot(struct __sk_buff *skb)
{
	window[0] = skb->mark; // want BLC107 "window"
	window[1] = skb->hash;
	window[2] = skb->len;
	window[3] = skb->priority;
	return window[skb->queue_mapping & 3];
}

char LICENSE[] SEC("license") = "GPL";
