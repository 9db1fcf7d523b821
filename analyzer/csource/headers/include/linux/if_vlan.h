/* The part of <linux/if_vlan.h> that BPF programs use, for analysis. */
#ifndef __BLC_LINUX_IF_VLAN_H
#define __BLC_LINUX_IF_VLAN_H

#include <linux/types.h>
#define VLAN_VID_MASK 0x0fff
#define VLAN_PRIO_MASK 0xe000
#define VLAN_PRIO_SHIFT 13
#define VLAN_HLEN 4

struct vlan_hdr {
	__be16 h_vlan_TCI;
	__be16 h_vlan_encapsulated_proto;
};

#endif
