/* The part of <net/ethernet.h> that BPF programs use, for analysis. */
#ifndef __BLC_NET_ETHERNET_H
#define __BLC_NET_ETHERNET_H

#include <linux/if_ether.h>

#endif
