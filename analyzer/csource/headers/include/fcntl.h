/* The part of <fcntl.h> that BPF programs use, for analysis. */
#ifndef __BLC_FCNTL_H
#define __BLC_FCNTL_H

#define O_RDONLY 0
#define O_WRONLY 1
#define O_RDWR 2
#define O_CREAT 0100
#define O_EXCL 0200
#define O_TRUNC 01000
#define O_CLOEXEC 02000000

#endif
