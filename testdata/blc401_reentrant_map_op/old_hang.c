// kernel: 6.1
// On older kernels the CPU can hang.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__type(value, __u64);
} recent SEC(".maps");

SEC("perf_event")
int sample(struct bpf_perf_event_data *ctx)
{
	__u32 key = 1;
	__u64 n = 1;

	bpf_map_update_elem(&recent, &key, &n, BPF_ANY); // want BLC401 "deadlock the CPU"
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
