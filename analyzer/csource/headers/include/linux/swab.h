/* The part of <linux/swab.h> that BPF programs use, for analysis. */
#ifndef __BLC_LINUX_SWAB_H
#define __BLC_LINUX_SWAB_H

#define __swab16(x) __builtin_bswap16(x)
#define __swab32(x) __builtin_bswap32(x)
#define __swab64(x) __builtin_bswap64(x)

#endif
