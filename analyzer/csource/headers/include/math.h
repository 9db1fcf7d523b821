/* The part of <math.h> that BPF programs use, for analysis. */
#ifndef __BLC_MATH_H
#define __BLC_MATH_H

/* nothing that BPF programs need */

#endif
