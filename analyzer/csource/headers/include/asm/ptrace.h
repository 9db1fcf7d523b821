/* The part of <asm/ptrace.h> that BPF programs use, for analysis. */
#ifndef __BLC_ASM_PTRACE_H
#define __BLC_ASM_PTRACE_H

#include <linux/ptrace.h>

#endif
