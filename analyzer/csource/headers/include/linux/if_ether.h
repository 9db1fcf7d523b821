/* The part of <linux/if_ether.h> that BPF programs use, for analysis. */
#ifndef __BLC_LINUX_IF_ETHER_H
#define __BLC_LINUX_IF_ETHER_H

#include <linux/types.h>
#define ETH_ALEN 6
#define ETH_HLEN 14
#define ETH_ZLEN 60
#define ETH_DATA_LEN 1500
#define ETH_FRAME_LEN 1514
#define ETH_P_LOOP 0x0060
#define ETH_P_IP 0x0800
#define ETH_P_ARP 0x0806
#define ETH_P_RARP 0x8035
#define ETH_P_8021Q 0x8100
#define ETH_P_IPV6 0x86DD
#define ETH_P_MPLS_UC 0x8847
#define ETH_P_MPLS_MC 0x8848
#define ETH_P_PPP_SES 0x8864
#define ETH_P_8021AD 0x88A8
#define ETH_P_1588 0x88F7
#define ETH_P_LLDP 0x88CC
#define ETH_P_ALL 0x0003
#define ETH_P_802_3_MIN 0x0600

struct ethhdr {
	unsigned char h_dest[6];
	unsigned char h_source[6];
	__be16 h_proto;
};

#endif
