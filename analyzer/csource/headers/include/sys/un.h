/* The part of <sys/un.h> that BPF programs use, for analysis. */
#ifndef __BLC_SYS_UN_H
#define __BLC_SYS_UN_H

#include <sys/types.h>
#include <linux/un.h>

#endif
