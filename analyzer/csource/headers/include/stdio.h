/* The part of <stdio.h> that BPF programs use, for analysis. */
#ifndef __BLC_STDIO_H
#define __BLC_STDIO_H

#include <stddef.h>
#include <stdarg.h>
typedef struct __blc_file FILE;
int printf(const char *, ...);
int snprintf(char *, size_t, const char *, ...);

#endif
