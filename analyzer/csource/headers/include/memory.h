/* The part of <memory.h> that BPF programs use, for analysis. */
#ifndef __BLC_MEMORY_H
#define __BLC_MEMORY_H

#include <string.h>

#endif
