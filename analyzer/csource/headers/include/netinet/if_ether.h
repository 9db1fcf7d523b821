/* The part of <netinet/if_ether.h> that BPF programs use, for analysis. */
#ifndef __BLC_NETINET_IF_ETHER_H
#define __BLC_NETINET_IF_ETHER_H

#include <linux/if_ether.h>

#endif
