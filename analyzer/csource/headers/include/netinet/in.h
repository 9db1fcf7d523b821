/* The part of <netinet/in.h> that BPF programs use, for analysis. */
#ifndef __BLC_NETINET_IN_H
#define __BLC_NETINET_IN_H

#include <sys/socket.h>
#include <linux/in.h>
#include <linux/in6.h>
typedef unsigned int in_addr_t;
typedef unsigned short in_port_t;
#define htons(x) __builtin_bswap16(x)
#define ntohs(x) __builtin_bswap16(x)
#define htonl(x) __builtin_bswap32(x)
#define ntohl(x) __builtin_bswap32(x)
#define INET_ADDRSTRLEN 16
#define INET6_ADDRSTRLEN 46

#endif
