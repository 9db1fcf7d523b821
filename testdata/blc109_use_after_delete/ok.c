// Deleted last, or another key, or memory that waits for RCU.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

struct val {
	__u64 start;
	__u64 bytes;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, __u64);
	__type(value, struct val);
} started SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct val);
} of_task SEC(".maps");

SEC("tp/syscalls/sys_exit_read")
int delete_last(void *ctx)
{
	__u64 id = bpf_get_current_pid_tgid(), delta;
	struct val *v = bpf_map_lookup_elem(&started, &id);

	if (!v)
		return 0;
	delta = bpf_ktime_get_ns() - v->start;
	bpf_map_delete_elem(&started, &id);
	bpf_printk("%llu", delta);
	return 0;
}

SEC("tp/syscalls/sys_exit_write")
int other_key(void *ctx)
{
	__u64 id = bpf_get_current_pid_tgid(), other = 0;
	struct val *v = bpf_map_lookup_elem(&started, &id);

	if (!v)
		return 0;
	bpf_map_delete_elem(&started, &other);
	bpf_printk("%llu", v->start);
	return 0;
}

SEC("tp/syscalls/sys_exit_close")
int delete_on_error(void *ctx)
{
	__u64 id = bpf_get_current_pid_tgid();
	struct val *v = bpf_map_lookup_elem(&started, &id);

	if (!v)
		return 0;
	if (v->start == 0) {
		bpf_map_delete_elem(&started, &id);
		return 0;
	}
	bpf_printk("%llu", v->start);
	return 0;
}

SEC("tp_btf/sys_exit")
int storage(void *ctx)
{
	struct task_struct *t = bpf_get_current_task_btf();
	struct val *v = bpf_task_storage_get(&of_task, t, 0, 0);

	if (!v)
		return 0;
	bpf_task_storage_delete(&of_task, t);
	bpf_printk("%llu", v->start);
	return 0;
}

// The element visited, before its delete; and another's.
static long visit(struct bpf_map *map, __u64 *key, struct val *v, __u64 *total)
{
	__u64 other = *key + 1;

	bpf_map_delete_elem(map, &other);
	*total += v->bytes;
	bpf_map_delete_elem(map, key);
	return 0;
}

SEC("tc")
int sweep(struct __sk_buff *skb)
{
	__u64 total = 0;

	bpf_for_each_map_elem(&started, visit, &total, 0);
	skb->mark = total;
	return TC_ACT_OK;
}

// The program remembers whether it deleted the element.
SEC("tc")
int remembers(struct __sk_buff *skb)
{
	__u64 key = skb->hash;
	struct val *v = bpf_map_lookup_elem(&started, &key);
	int gone = 0;

	if (!v)
		return TC_ACT_OK;
	if (skb->mark == 7) {
		bpf_map_delete_elem(&started, &key);
		gone = 1;
	}
	skb->priority = bpf_get_prandom_u32();
	if (!gone)
		skb->mark = v->start;
	return TC_ACT_OK;
}

char LICENSE[] SEC("license") = "GPL";
