/* The part of <linux/filter.h> that BPF programs use, for analysis. */
#ifndef __BLC_LINUX_FILTER_H
#define __BLC_LINUX_FILTER_H

#include <linux/types.h>
#include <linux/bpf_common.h>
struct sock_filter {
	__u16 code;
	__u8 jt;
	__u8 jf;
	__u32 k;
};

#endif
