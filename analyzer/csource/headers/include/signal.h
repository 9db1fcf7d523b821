/* The part of <signal.h> that BPF programs use, for analysis. */
#ifndef __BLC_SIGNAL_H
#define __BLC_SIGNAL_H

#define SIGHUP 1
#define SIGINT 2
#define SIGKILL 9
#define SIGUSR1 10
#define SIGSEGV 11
#define SIGTERM 15

#endif
