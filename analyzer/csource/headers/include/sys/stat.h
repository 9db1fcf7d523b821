/* The part of <sys/stat.h> that BPF programs use, for analysis. */
#ifndef __BLC_SYS_STAT_H
#define __BLC_SYS_STAT_H

#include <sys/types.h>
#include <linux/stat.h>

#endif
