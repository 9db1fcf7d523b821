/* The part of <netinet/tcp.h> that BPF programs use, for analysis. */
#ifndef __BLC_NETINET_TCP_H
#define __BLC_NETINET_TCP_H

#include <netinet/in.h>
#include <linux/tcp.h>

#endif
