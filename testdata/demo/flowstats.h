/* SPDX-License-Identifier: Apache-2.0 */
/* Maps of the flow statistics demonstration. */
#ifndef FLOWSTATS_H
#define FLOWSTATS_H

struct flow_key {
	__u32 saddr;
	__u32 daddr;
};

struct flow {
	__u64 packets;
	__u64 bytes;
	__u64 biggest;
	__u64 first_seen;
};

struct budget {
	struct bpf_spin_lock lock;
	__u64 tokens;
	__u64 refilled;
};

struct sample {
	__u32 ifindex;
	__u32 len;
	__u8 head[64];
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 65536);
	__type(key, struct flow_key);
	__type(value, struct flow);
} flows SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, struct budget);
} budgets SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct sample);
} scratch SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 16);
} samples SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 256);
	__type(key, __u32);
	__type(value, __u64);
} drops SEC(".maps");

#endif
