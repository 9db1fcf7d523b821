/* The part of <linux/limits.h> that BPF programs use, for analysis. */
#ifndef __BLC_LINUX_LIMITS_H
#define __BLC_LINUX_LIMITS_H

#define NR_OPEN 1024
#define NAME_MAX 255
#define PATH_MAX 4096

#endif
