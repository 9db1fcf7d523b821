/* The part of <sys/user.h> that BPF programs use, for analysis. */
#ifndef __BLC_SYS_USER_H
#define __BLC_SYS_USER_H

#include <sys/types.h>
#define PAGE_SIZE 4096

#endif
