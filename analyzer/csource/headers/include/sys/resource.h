/* The part of <sys/resource.h> that BPF programs use, for analysis. */
#ifndef __BLC_SYS_RESOURCE_H
#define __BLC_SYS_RESOURCE_H

#include <sys/types.h>

#endif
