/* The part of <asm/errno.h> that BPF programs use, for analysis. */
#ifndef __BLC_ASM_ERRNO_H
#define __BLC_ASM_ERRNO_H

#include <asm-generic/errno.h>

#endif
