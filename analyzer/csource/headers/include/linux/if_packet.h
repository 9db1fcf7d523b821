/* The part of <linux/if_packet.h> that BPF programs use, for analysis. */
#ifndef __BLC_LINUX_IF_PACKET_H
#define __BLC_LINUX_IF_PACKET_H

#include <linux/types.h>
#define PACKET_HOST 0
#define PACKET_BROADCAST 1
#define PACKET_MULTICAST 2
#define PACKET_OTHERHOST 3
#define PACKET_OUTGOING 4

struct sockaddr_ll {
	short unsigned int sll_family;
	__be16 sll_protocol;
	int sll_ifindex;
	short unsigned int sll_hatype;
	unsigned char sll_pkttype;
	unsigned char sll_halen;
	unsigned char sll_addr[8];
};

#endif
