/* The part of <linux/sched.h> that BPF programs use, for analysis. */
#ifndef __BLC_LINUX_SCHED_H
#define __BLC_LINUX_SCHED_H

#define CLONE_VM 0x00000100
#define CLONE_THREAD 0x00010000
#define CLONE_NEWNS 0x00020000
#define CLONE_NEWUSER 0x10000000
#define CLONE_NEWPID 0x20000000
#define CLONE_NEWNET 0x40000000
#define SCHED_NORMAL 0
#define SCHED_FIFO 1
#define SCHED_RR 2

#endif
