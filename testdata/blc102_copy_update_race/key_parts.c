// A key of which nothing is known but that it is one key: helpers wrote into it.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

struct key {
	__u32 tgid;
	__u32 addr[4];
	char comm[16];
};

struct traffic {
	__u64 sent;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, struct key);
	__type(value, struct traffic);
} traffic SEC(".maps");

SEC("kprobe/tcp_sendmsg")
int sent(struct pt_regs *ctx)
{
	struct key key = {};
	struct traffic *t;

	key.tgid = bpf_get_current_pid_tgid() >> 32;
	bpf_get_current_comm(&key.comm, sizeof(key.comm));
	bpf_probe_read_kernel(&key.addr, sizeof(key.addr), (void *)ctx->di);
	t = bpf_map_lookup_elem(&traffic, &key);
	if (!t)
		return 0;
	t->sent += ctx->dx; // want BLC101 (medium)
	bpf_map_update_elem(&traffic, &key, t, BPF_EXIST); // want BLC102 (medium) "written back over its own element"
	return 0;
}

// Another key by then.
SEC("kprobe/tcp_sendpage")
int moved(struct pt_regs *ctx)
{
	struct key key = {};
	struct traffic *t;

	bpf_get_current_comm(&key.comm, sizeof(key.comm));
	t = bpf_map_lookup_elem(&traffic, &key);
	if (!t)
		return 0;
	t->sent += ctx->dx; // want BLC101 (medium)
	bpf_probe_read_kernel(&key.comm, sizeof(key.comm), (void *)ctx->di);
	bpf_map_update_elem(&traffic, &key, t, BPF_ANY);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
