/* The part of <linux/un.h> that BPF programs use, for analysis. */
#ifndef __BLC_LINUX_UN_H
#define __BLC_LINUX_UN_H

#include <linux/socket.h>
#define UNIX_PATH_MAX 108

struct sockaddr_un {
	__kernel_sa_family_t sun_family;
	char sun_path[108];
};

#endif
