/* The part of <time.h> that BPF programs use, for analysis. */
#ifndef __BLC_TIME_H
#define __BLC_TIME_H

#include <sys/types.h>
typedef long time_t;
#define CLOCK_REALTIME 0
#define CLOCK_MONOTONIC 1
#define CLOCK_BOOTTIME 7

#endif
