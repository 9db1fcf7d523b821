/* The part of <stdlib.h> that BPF programs use, for analysis. */
#ifndef __BLC_STDLIB_H
#define __BLC_STDLIB_H

#include <stddef.h>
void *malloc(size_t);
void free(void *);
void abort(void);
void exit(int);

#endif
