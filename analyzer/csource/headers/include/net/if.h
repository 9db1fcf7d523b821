/* The part of <net/if.h> that BPF programs use, for analysis. */
#ifndef __BLC_NET_IF_H
#define __BLC_NET_IF_H

#include <sys/socket.h>
#include <linux/if.h>

#endif
