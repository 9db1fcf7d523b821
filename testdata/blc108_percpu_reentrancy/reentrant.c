// One per-CPU slot, and programs that interrupt one another.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

struct event {
	__u64 id;
	char data[64];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} counter SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct event);
} scratch SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} events SEC(".maps");

static __always_inline void bump(void)
{
	__u32 zero = 0;
	__u64 *c = bpf_map_lookup_elem(&counter, &zero);

	if (c)
		*c += 1; // want BLC108 "counter"
}

// An LSM program runs in a task with softirqs enabled; XDP in softirq.
SEC("lsm/file_open")
int in_a_task(void *ctx)
{
	bump();
	return 0;
}

SEC("xdp")
int in_softirq(struct xdp_md *ctx)
{
	bump();
	return XDP_PASS;
}

SEC("lsm/task_alloc")
int fills(void *ctx)
{
	__u32 zero = 0;
	struct event *e = bpf_map_lookup_elem(&scratch, &zero);

	if (!e)
		return 0;
	e->id = bpf_get_current_pid_tgid();
	bpf_get_current_comm(e->data, sizeof(e->data));
	bpf_ringbuf_output(&events, e, sizeof(*e), 0); // want BLC108 "scratch"
	return 0;
}

SEC("perf_event")
int in_nmi(struct bpf_perf_event_data *ctx)
{
	__u32 zero = 0;
	struct event *e = bpf_map_lookup_elem(&scratch, &zero);

	if (!e)
		return 0;
	e->id = ctx->sample_period;
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
