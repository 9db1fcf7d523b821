/* The part of <linux/udp.h> that BPF programs use, for analysis. */
#ifndef __BLC_LINUX_UDP_H
#define __BLC_LINUX_UDP_H

#include <linux/types.h>

struct udphdr {
	__be16 source;
	__be16 dest;
	__be16 len;
	__sum16 check;
};

#endif
