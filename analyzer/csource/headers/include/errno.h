/* The part of <errno.h> that BPF programs use, for analysis. */
#ifndef __BLC_ERRNO_H
#define __BLC_ERRNO_H

#include <asm-generic/errno.h>
#define ENOTSUP EOPNOTSUPP

#endif
