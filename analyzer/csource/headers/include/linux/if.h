/* The part of <linux/if.h> that BPF programs use, for analysis. */
#ifndef __BLC_LINUX_IF_H
#define __BLC_LINUX_IF_H

#include <linux/types.h>
#define IFNAMSIZ 16

#endif
