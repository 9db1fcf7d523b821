/* The part of <sys/cdefs.h> that BPF programs use, for analysis. */
#ifndef __BLC_SYS_CDEFS_H
#define __BLC_SYS_CDEFS_H

#define __BEGIN_DECLS
#define __END_DECLS

#endif
