/* The part of <linux/const.h> that BPF programs use, for analysis. */
#ifndef __BLC_LINUX_CONST_H
#define __BLC_LINUX_CONST_H

#define __AC(X, Y) (X##Y)
#define _AC(X, Y) __AC(X, Y)
#define _BITUL(x) (1UL << (x))
#define _BITULL(x) (1ULL << (x))

#endif
