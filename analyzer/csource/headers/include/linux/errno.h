/* The part of <linux/errno.h> that BPF programs use, for analysis. */
#ifndef __BLC_LINUX_ERRNO_H
#define __BLC_LINUX_ERRNO_H

#include <asm-generic/errno.h>

#endif
