/* The part of <features.h> that BPF programs use, for analysis. */
#ifndef __BLC_FEATURES_H
#define __BLC_FEATURES_H

/* nothing that BPF programs need */

#endif
