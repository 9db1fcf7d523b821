/* The part of <ctype.h> that BPF programs use, for analysis. */
#ifndef __BLC_CTYPE_H
#define __BLC_CTYPE_H

/* nothing that BPF programs need */

#endif
