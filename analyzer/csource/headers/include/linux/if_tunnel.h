/* The part of <linux/if_tunnel.h> that BPF programs use, for analysis. */
#ifndef __BLC_LINUX_IF_TUNNEL_H
#define __BLC_LINUX_IF_TUNNEL_H

#include <linux/types.h>
#include <linux/ip.h>

#endif
