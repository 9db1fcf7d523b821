/* The part of <sys/syscall.h> that BPF programs use, for analysis. */
#ifndef __BLC_SYS_SYSCALL_H
#define __BLC_SYS_SYSCALL_H

#include <sys/types.h>

#endif
