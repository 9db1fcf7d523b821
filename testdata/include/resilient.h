/* SPDX-License-Identifier: Apache-2.0 */
/* Values with a bpf_res_spin_lock. */
#ifndef __TEST_RESILIENT_H__
#define __TEST_RESILIENT_H__

#include "kfuncs.h"

struct rlocked {
	struct bpf_res_spin_lock lock;
	__u32 state;
	__u64 n;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, struct rlocked);
} first SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 8);
	__type(key, __u32);
	__type(value, struct rlocked);
} second SEC(".maps");

#endif
