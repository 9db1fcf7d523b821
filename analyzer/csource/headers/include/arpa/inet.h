/* The part of <arpa/inet.h> that BPF programs use, for analysis. */
#ifndef __BLC_ARPA_INET_H
#define __BLC_ARPA_INET_H

#include <netinet/in.h>

#endif
