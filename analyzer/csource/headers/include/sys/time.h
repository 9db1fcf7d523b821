/* The part of <sys/time.h> that BPF programs use, for analysis. */
#ifndef __BLC_SYS_TIME_H
#define __BLC_SYS_TIME_H

#include <sys/types.h>

#endif
