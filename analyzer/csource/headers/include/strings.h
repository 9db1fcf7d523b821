/* The part of <strings.h> that BPF programs use, for analysis. */
#ifndef __BLC_STRINGS_H
#define __BLC_STRINGS_H

#include <string.h>

#endif
