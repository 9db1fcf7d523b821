/* The part of <sys/param.h> that BPF programs use, for analysis. */
#ifndef __BLC_SYS_PARAM_H
#define __BLC_SYS_PARAM_H

#include <sys/types.h>

#endif
