/* The part of <linux/compiler.h> that BPF programs use, for analysis. */
#ifndef __BLC_LINUX_COMPILER_H
#define __BLC_LINUX_COMPILER_H

#define __always_inline inline __attribute__((always_inline))
#define likely(x) (x)
#define unlikely(x) (x)

#endif
