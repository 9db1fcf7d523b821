/* The part of <linux/mpls.h> that BPF programs use, for analysis. */
#ifndef __BLC_LINUX_MPLS_H
#define __BLC_LINUX_MPLS_H

#include <linux/types.h>
struct mpls_label {
	__be32 entry;
};
#define MPLS_LS_S_MASK 0x00000100
#define MPLS_LS_S_SHIFT 8

#endif
