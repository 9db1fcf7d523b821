/* The part of <inttypes.h> that BPF programs use, for analysis. */
#ifndef __BLC_INTTYPES_H
#define __BLC_INTTYPES_H

#include <stdint.h>

#endif
