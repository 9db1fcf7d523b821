/* The part of <netinet/ip.h> that BPF programs use, for analysis. */
#ifndef __BLC_NETINET_IP_H
#define __BLC_NETINET_IP_H

#include <netinet/in.h>
#include <linux/ip.h>

#endif
