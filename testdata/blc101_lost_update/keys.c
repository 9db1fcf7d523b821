// What the key says about who else uses the element.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

struct val {
	__u64 n;
	__u64 m;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__type(value, struct val);
} by_id SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, __u64);
	__type(value, struct val);
} by_id64 SEC(".maps");

struct uidkey {
	__u32 uid;
	__u32 op;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, struct uidkey);
	__type(value, struct val);
} by_uid SEC(".maps");

// All threads of a process have one tgid.
SEC("tp/syscalls/sys_enter_write")
int per_process(void *ctx)
{
	__u32 tgid = bpf_get_current_pid_tgid() >> 32;
	struct val *v = bpf_map_lookup_elem(&by_id, &tgid);

	if (v)
		v->n++; // want BLC101 "by_id.n"
	return 0;
}

SEC("tp/syscalls/sys_enter_read")
int per_process_of_task(void *ctx)
{
	struct task_struct *t = (void *)bpf_get_current_task_btf();
	__u32 tgid = t->tgid;
	struct val *v = bpf_map_lookup_elem(&by_id, &tgid);

	if (v)
		v->m++; // want BLC101 "by_id.m"
	return 0;
}

SEC("tp/syscalls/sys_enter_openat")
int per_user(void *ctx)
{
	struct uidkey key = { .uid = bpf_get_current_uid_gid(), .op = 1 };
	struct val *v = bpf_map_lookup_elem(&by_uid, &key);

	if (v)
		v->n++; // want BLC101 "by_uid.n"
	return 0;
}

SEC("tp/syscalls/sys_enter_close")
int per_cgroup(void *ctx)
{
	__u64 id = bpf_get_current_cgroup_id();
	struct val *v = bpf_map_lookup_elem(&by_id64, &id);

	if (v)
		v->n++; // want BLC101 "by_id64.n"
	return 0;
}

static __u64 by_two;

// Two branches that let two CPUs through.
SEC("tc")
int two_chosen_cpus(struct __sk_buff *skb)
{
	if (skb->len > 100) {
		if (bpf_get_smp_processor_id() == 3)
			goto count;
		return TC_ACT_OK;
	}
	if (bpf_get_smp_processor_id() != 4)
		return TC_ACT_SHOT;
count:
	by_two++; // want BLC101 "by_two"
	return TC_ACT_OK;
}

char LICENSE[] SEC("license") = "GPL";
