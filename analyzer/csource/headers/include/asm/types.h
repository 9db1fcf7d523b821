/* The part of <asm/types.h> that BPF programs use, for analysis. */
#ifndef __BLC_ASM_TYPES_H
#define __BLC_ASM_TYPES_H

#include <linux/types.h>

#endif
