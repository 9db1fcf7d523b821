/* The part of <linux/netfilter.h> that BPF programs use, for analysis. */
#ifndef __BLC_LINUX_NETFILTER_H
#define __BLC_LINUX_NETFILTER_H

#include <linux/types.h>
#define NF_DROP 0
#define NF_ACCEPT 1
#define NF_STOLEN 2
#define NF_QUEUE 3
#define NF_REPEAT 4

#endif
