/* The part of <sys/ioctl.h> that BPF programs use, for analysis. */
#ifndef __BLC_SYS_IOCTL_H
#define __BLC_SYS_IOCTL_H

#include <sys/types.h>

#endif
