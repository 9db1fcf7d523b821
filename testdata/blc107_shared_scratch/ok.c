// Per-CPU buffers, and slots that keep something from run to run.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

struct event {
	__u32 pid;
	char data[256];
};

struct state {
	__u64 last;
	__u64 seen;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct event);
} heap SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct state);
} config SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__type(key, __u32);
	__type(value, __u32);
} events SEC(".maps");

SEC("tp/syscalls/sys_enter_openat")
int percpu(struct trace_event_raw_sys_enter *ctx)
{
	__u32 zero = 0;
	struct event *e = bpf_map_lookup_elem(&heap, &zero);

	if (!e)
		return 0;
	e->pid = bpf_get_current_pid_tgid() >> 32;
	bpf_probe_read_user_str(e->data, sizeof(e->data), (void *)ctx->args[1]);
	bpf_perf_event_output(ctx, &events, BPF_F_CURRENT_CPU, e, sizeof(*e));
	return 0;
}

// A time stamp for later runs, not a buffer.
SEC("tc")
int state(struct __sk_buff *skb)
{
	__u32 zero = 0;
	struct state *s = bpf_map_lookup_elem(&config, &zero);
	__u64 now = bpf_ktime_get_ns();

	if (!s)
		return TC_ACT_OK;
	skb->mark = now - s->last;
	s->last = now;
	return TC_ACT_OK;
}

static struct state totals;
static __u64 latest;

// A result that userspace reads: nothing is built in it for this run.
SEC("tc")
int publish(struct __sk_buff *skb)
{
	totals.last = bpf_ktime_get_ns();
	__sync_fetch_and_add(&totals.seen, 1);
	latest = totals.last;
	return TC_ACT_OK;
}

static struct {
	struct bpf_spin_lock lock;
	char line[64];
} guarded SEC(".data.guarded");

SEC("tc")
int under_lock(struct __sk_buff *skb)
{
	char first;

	bpf_spin_lock(&guarded.lock);
	guarded.line[0] = skb->mark;
	guarded.line[1] = skb->len;
	first = guarded.line[0];
	bpf_spin_unlock(&guarded.lock);
	return first ? TC_ACT_SHOT : TC_ACT_OK;
}

// Two slots that are set, and one of a table that is looked at: the table
// belongs to other runs, too.
__u64 last_seen[256];

SEC("tc")
int table(struct __sk_buff *skb)
{
	__u64 now = bpf_ktime_get_ns();

	last_seen[skb->hash & 255] = now;
	if (now - last_seen[0] > 1000)
		return 1;
	return now - last_seen[skb->mark & 255] > 1000;
}

char LICENSE[] SEC("license") = "GPL";
