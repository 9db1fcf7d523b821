// SPDX-License-Identifier: Apache-2.0
// A latency histogram of system calls, as the tracing tools make them.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

struct hist {
	__u32 slots[32];
	__u64 sum;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 10240);
	__type(key, __u64);
	__type(value, __u64);
} start SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__type(value, struct hist);
} hists SEC(".maps");

const volatile __u32 target_tgid;

static const struct hist zero;

SEC("tp/raw_syscalls/sys_enter")
int enter(struct trace_event_raw_sys_enter *ctx)
{
	__u64 id = bpf_get_current_pid_tgid(), now = bpf_ktime_get_ns();

	if (target_tgid && id >> 32 != target_tgid)
		return 0;
	bpf_map_update_elem(&start, &id, &now, BPF_ANY);
	return 0;
}

SEC("tp/raw_syscalls/sys_exit")
int leave(void *ctx)
{
	__u64 id = bpf_get_current_pid_tgid(), delta;
	__u32 tgid = id >> 32, slot = 0;
	__u64 *ts = bpf_map_lookup_elem(&start, &id);
	struct hist *h;

	if (!ts)
		return 0;
	delta = bpf_ktime_get_ns() - *ts;
	bpf_map_delete_elem(&start, &id);
	h = bpf_map_lookup_elem(&hists, &tgid);
	if (!h) {
		bpf_map_update_elem(&hists, &tgid, &zero, BPF_NOEXIST);
		h = bpf_map_lookup_elem(&hists, &tgid);
		if (!h)
			return 0;
	}
	for (__u64 d = delta; d > 1 && slot < 31; d >>= 1)
		slot++;
	__sync_fetch_and_add(&h->slots[slot & 31], 1);
	__sync_fetch_and_add(&h->sum, delta);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
