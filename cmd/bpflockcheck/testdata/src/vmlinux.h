/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel types that the scripts' programs use. */
#pragma once
typedef unsigned char __u8;
typedef unsigned short __u16;
typedef unsigned int __u32;
typedef unsigned long long __u64;
typedef int __s32;
typedef long long __s64;
typedef __u16 __be16;
typedef __u32 __be32;
typedef __u32 __wsum;
typedef __u64 u64;
typedef __u32 u32;
enum bpf_map_type { BPF_MAP_TYPE_HASH = 1, BPF_MAP_TYPE_ARRAY = 2, BPF_MAP_TYPE_PERCPU_ARRAY = 6 };
enum { BPF_ANY = 0, BPF_NOEXIST = 1, BPF_EXIST = 2, BPF_F_LOCK = 4 };
enum xdp_action { XDP_ABORTED = 0, XDP_DROP, XDP_PASS };
struct xdp_md { __u32 data; __u32 data_end; };
struct bpf_spin_lock { __u32 val; };
