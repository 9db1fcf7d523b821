/* The part of <linux/stddef.h> that BPF programs use, for analysis. */
#ifndef __BLC_LINUX_STDDEF_H
#define __BLC_LINUX_STDDEF_H

#define __struct_group(TAG, NAME, ATTRS, MEMBERS...) \
	union { struct { MEMBERS } ATTRS; struct TAG { MEMBERS } ATTRS NAME; } ATTRS
#define __DECLARE_FLEX_ARRAY(TYPE, NAME) struct { struct { } __empty_ ## NAME; TYPE NAME[]; }
#ifndef __always_inline
#define __always_inline inline __attribute__((always_inline))
#endif

#endif
