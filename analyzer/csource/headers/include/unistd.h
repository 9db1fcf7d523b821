/* The part of <unistd.h> that BPF programs use, for analysis. */
#ifndef __BLC_UNISTD_H
#define __BLC_UNISTD_H

#include <sys/types.h>

#endif
