/* The part of <asm/unistd.h> that BPF programs use, for analysis. */
#ifndef __BLC_ASM_UNISTD_H
#define __BLC_ASM_UNISTD_H

/* System call numbers are not needed. */

#endif
