/* The part of <sys/socket.h> that BPF programs use, for analysis. */
#ifndef __BLC_SYS_SOCKET_H
#define __BLC_SYS_SOCKET_H

#include <sys/types.h>
#include <linux/socket.h>

#endif
