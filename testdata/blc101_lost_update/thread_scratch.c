// A thread's id that goes through a per-CPU buffer is still the thread's.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

struct event {
	__u64 when;
	__u32 tid;
	__u32 tgid;
	char rest[496]; // too much for the stack
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct event);
} buffer SEC(".maps");

struct thread {
	__u64 execs;
	__u32 flags;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 10240);
	__type(key, __u32);
	__type(value, struct thread);
} threads SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 10240);
	__type(key, __u32);
	__type(value, struct thread);
} processes SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 10240);
	__type(key, __u32);
	__type(value, struct thread);
} overwritten SEC(".maps");

static __always_inline struct event *begin(void)
{
	__u32 zero = 0;
	struct event *e = bpf_map_lookup_elem(&buffer, &zero);
	__u64 id = bpf_get_current_pid_tgid();

	if (!e)
		return 0;
	__builtin_memset(e, 0, 24);
	e->when = bpf_ktime_get_ns();
	e->tid = id;
	e->tgid = id >> 32;
	return e;
}

SEC("tp/sched/sched_process_exec")
int own(void *ctx)
{
	struct event *e = begin();
	struct thread *t;
	__u32 tid;

	if (!e)
		return 0;
	tid = e->tid;
	t = bpf_map_lookup_elem(&threads, &tid);
	if (!t)
		return 0;
	t->execs++;
	if (!(t->flags & 1))
		t->flags |= 1;
	return 0;
}

// The other half is every thread's of the process.
SEC("tp/syscalls/sys_enter_execve")
int shared(void *ctx)
{
	struct event *e = begin();
	struct thread *t;
	__u32 tgid;

	if (!e)
		return 0;
	tgid = e->tgid;
	t = bpf_map_lookup_elem(&processes, &tgid);
	if (t)
		t->execs++; // want BLC101
	return 0;
}

// What is in the buffer now is something else.
SEC("tp/syscalls/sys_enter_execveat")
int gone(void *ctx)
{
	struct event *e = begin();
	struct thread *t;
	__u32 tid;

	if (!e)
		return 0;
	bpf_get_current_comm(&e->when, 16);
	tid = e->tid;
	t = bpf_map_lookup_elem(&overwritten, &tid);
	if (t)
		t->execs++; // want BLC101
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
