/* The part of <linux/types.h> that BPF programs use, for analysis. */
#ifndef __BLC_LINUX_TYPES_H
#define __BLC_LINUX_TYPES_H

#include <linux/stddef.h>
typedef unsigned char __u8;
typedef unsigned short __u16;
typedef unsigned int __u32;
typedef unsigned long long __u64;
typedef signed char __s8;
typedef short __s16;
typedef int __s32;
typedef long long __s64;
typedef __u16 __le16;
typedef __u16 __be16;
typedef __u32 __le32;
typedef __u32 __be32;
typedef __u64 __le64;
typedef __u64 __be64;
typedef __u16 __sum16;
typedef __u32 __wsum;
typedef unsigned int __poll_t;
typedef __s64 __aligned_s64 __attribute__((aligned(8)));
typedef __u64 __aligned_u64 __attribute__((aligned(8)));
typedef __u64 __aligned_be64 __attribute__((aligned(8)));
#define __bitwise
#define __force



#endif
