// Elements that only the running thread uses.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

struct val {
	__u64 count;
	__u64 start;
	__u64 max;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 10240);
	__type(key, __u64);
	__type(value, struct val);
} by_pid_tgid SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 10240);
	__type(key, __u32);
	__type(value, struct val);
} by_tid SEC(".maps");

struct opkey {
	__u32 tid;
	__u32 op;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 10240);
	__type(key, struct opkey);
	__type(value, struct val);
} by_tid_and_op SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct val);
} of_task SEC(".maps");

static __always_inline void account(struct val *v)
{
	v->count++;
	if (v->count > v->max)
		v->max = v->count;
}

SEC("tp/syscalls/sys_enter_write")
int whole(void *ctx)
{
	__u64 id = bpf_get_current_pid_tgid();
	struct val *v = bpf_map_lookup_elem(&by_pid_tgid, &id);

	if (v)
		account(v);
	return 0;
}

SEC("tp/syscalls/sys_enter_read")
int low_half(void *ctx)
{
	__u32 tid = bpf_get_current_pid_tgid();
	struct val *v = bpf_map_lookup_elem(&by_tid, &tid);

	if (v)
		account(v);
	return 0;
}

SEC("tp/syscalls/sys_enter_openat")
int masked(void *ctx)
{
	__u32 tid = bpf_get_current_pid_tgid() & 0xffffffff;
	struct opkey key = { .tid = tid, .op = 3 };
	struct val *v = bpf_map_lookup_elem(&by_tid_and_op, &key);

	if (v)
		account(v);
	return 0;
}

SEC("tp/syscalls/sys_enter_close")
int field_of_current(void *ctx)
{
	struct task_struct *t = (void *)bpf_get_current_task_btf();
	__u32 tid = t->pid;
	struct val *v = bpf_map_lookup_elem(&by_tid, &tid);

	if (v)
		account(v);
	return 0;
}

SEC("tp_btf/sys_enter")
int storage(void *ctx)
{
	struct val *v = bpf_task_storage_get(&of_task, bpf_get_current_task_btf(), 0, BPF_LOCAL_STORAGE_GET_F_CREATE);

	if (v)
		account(v);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
