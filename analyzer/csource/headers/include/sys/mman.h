/* The part of <sys/mman.h> that BPF programs use, for analysis. */
#ifndef __BLC_SYS_MMAN_H
#define __BLC_SYS_MMAN_H

#include <sys/types.h>
#define MAP_SHARED 1
#define MAP_PRIVATE 2

#endif
