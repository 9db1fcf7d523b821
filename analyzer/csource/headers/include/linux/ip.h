/* The part of <linux/ip.h> that BPF programs use, for analysis. */
#ifndef __BLC_LINUX_IP_H
#define __BLC_LINUX_IP_H

#include <linux/types.h>
#define IPTOS_TOS_MASK 0x1E
#define IPTOS_PREC_MASK 0xE0
#define IP_DF 0x4000
#define IP_MF 0x2000
#define IP_OFFSET 0x1FFF
#define IPVERSION 4
#define MAXTTL 255
#define IPDEFTTL 64

struct iphdr {
	__u8 ihl : 4;
	__u8 version : 4;
	__u8 tos;
	__be16 tot_len;
	__be16 id;
	__be16 frag_off;
	__u8 ttl;
	__u8 protocol;
	__sum16 check;
	union {
		struct {
			__be32 saddr;
			__be32 daddr;
		};
		struct {
			__be32 saddr;
			__be32 daddr;
		} addrs;
	};
};

#endif
