/* SPDX-License-Identifier: Apache-2.0 */
/* A hash and an array of values with a bpf_spin_lock, for the lock cases. */
#ifndef __TEST_LOCKED_H__
#define __TEST_LOCKED_H__

struct locked {
	struct bpf_spin_lock lock;
	__u32 state;
	__u64 n;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, struct locked);
} vals SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 8);
	__type(key, __u32);
	__type(value, struct locked);
} slots SEC(".maps");

#endif
