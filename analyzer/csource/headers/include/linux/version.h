/* The part of <linux/version.h> that BPF programs use, for analysis. */
#ifndef __BLC_LINUX_VERSION_H
#define __BLC_LINUX_VERSION_H

#ifndef KERNEL_VERSION
#define KERNEL_VERSION(a, b, c) (((a) << 16) + ((b) << 8) + ((c) > 255 ? 255 : (c)))
#endif
#define LINUX_VERSION_CODE KERNEL_VERSION(6, 12, 0)

#endif
