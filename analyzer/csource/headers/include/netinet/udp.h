/* The part of <netinet/udp.h> that BPF programs use, for analysis. */
#ifndef __BLC_NETINET_UDP_H
#define __BLC_NETINET_UDP_H

#include <netinet/in.h>
#include <linux/udp.h>

#endif
