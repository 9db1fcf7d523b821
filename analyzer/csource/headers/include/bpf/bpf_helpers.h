/*
 * The BPF side of libbpf, for analysis: the same names and meanings, without what
 * only matters to a compiler.
 */
#ifndef __BPF_HELPERS__
#define __BPF_HELPERS__

#include "bpf_helper_defs.h"

/* Map definitions by BTF. */
#define __uint(name, val) int (*name)[val]
#define __type(name, val) typeof(val) *name
#define __array(name, val) typeof(val) *name[]
#define __ulong(name, val) enum { ___bpf_concat(__unique_value, __COUNTER__) = val } name

#define ___bpf_concat(a, b) a ## b

#define SEC(name) __attribute__((section(name), used))

#undef __always_inline
#define __always_inline inline __attribute__((always_inline))
#ifndef __noinline
#define __noinline __attribute__((noinline))
#endif
#ifndef __weak
#define __weak __attribute__((weak))
#endif
#define __hidden __attribute__((visibility("hidden")))

#define __kconfig __attribute__((section(".kconfig")))
#define __ksym __attribute__((section(".ksyms")))
#define __kptr_untrusted __attribute__((btf_type_tag("kptr_untrusted")))
#define __kptr __attribute__((btf_type_tag("kptr")))
#define __percpu_kptr __attribute__((btf_type_tag("percpu_kptr")))
#define __uptr __attribute__((btf_type_tag("uptr")))

#define __arg_ctx __attribute__((btf_decl_tag("arg:ctx")))
#define __arg_nonnull __attribute__((btf_decl_tag("arg:nonnull")))
#define __arg_nullable __attribute__((btf_decl_tag("arg:nullable")))
#define __arg_trusted __attribute__((btf_decl_tag("arg:trusted")))
#define __arg_untrusted __attribute__((btf_decl_tag("arg:untrusted")))
#define __arg_arena __attribute__((btf_decl_tag("arg:arena")))

#ifndef NULL
#define NULL ((void *)0)
#endif
#ifndef KERNEL_VERSION
#define KERNEL_VERSION(a, b, c) (((a) << 16) + ((b) << 8) + ((c) > 255 ? 255 : (c)))
#endif
#ifndef offsetof
#define offsetof(type, member) ((unsigned long)&((type *)0)->member)
#endif
#ifndef container_of
#define container_of(ptr, type, member) ({				\
	void *__mptr = (void *)(ptr);					\
	((type *)(__mptr - offsetof(type, member)));			\
})
#endif

#ifndef barrier
#define barrier() asm volatile("" ::: "memory")
#endif
#ifndef barrier_var
#define barrier_var(var) asm volatile("" : "+r"(var))
#endif
#ifndef __bpf_unreachable
#define __bpf_unreachable() __builtin_trap()
#endif

static __always_inline void
bpf_tail_call_static(void *ctx, const void *map, const unsigned int slot)
{
	bpf_tail_call(ctx, (void *)map, slot);
}

enum libbpf_pin_type {
	LIBBPF_PIN_NONE,
	LIBBPF_PIN_BY_NAME,
};

enum libbpf_tristate {
	TRI_NO = 0,
	TRI_YES = 1,
	TRI_MODULE = 2,
};

#define bpf_ksym_exists(sym) (!!sym)

#define __bpf_array_size(a) (sizeof(a) / sizeof((a)[0]))

#define BPF_SEQ_PRINTF(seq, fmt, args...) ({				\
	static const char ___fmt[] = fmt;				\
	unsigned long long ___param[] = { ___bpf_longs(args) 0 };	\
	bpf_seq_printf(seq, ___fmt, sizeof(___fmt), ___param,		\
		       sizeof(___param) - sizeof(___param[0]));		\
})

#define BPF_SNPRINTF(out, out_size, fmt, args...) ({			\
	static const char ___fmt[] = fmt;				\
	unsigned long long ___param[] = { ___bpf_longs(args) 0 };	\
	bpf_snprintf(out, out_size, ___fmt, ___param,			\
		     sizeof(___param) - sizeof(___param[0]));		\
})

#define bpf_stream_printk(stream_id, fmt, args...) ({			\
	static const char ___fmt[] = fmt;				\
	unsigned long long ___param[] = { ___bpf_longs(args) 0 };	\
	bpf_stream_vprintk(stream_id, ___fmt, ___param,			\
		     sizeof(___param) - sizeof(___param[0]), NULL);	\
})

/* The arguments as an initializer, each followed by a comma. */
#define ___bpf_long1(x) (unsigned long long)(x),
#define ___bpf_longs0()
#define ___bpf_longs1(a) ___bpf_long1(a)
#define ___bpf_longs2(a, r...) ___bpf_long1(a) ___bpf_longs1(r)
#define ___bpf_longs3(a, r...) ___bpf_long1(a) ___bpf_longs2(r)
#define ___bpf_longs4(a, r...) ___bpf_long1(a) ___bpf_longs3(r)
#define ___bpf_longs5(a, r...) ___bpf_long1(a) ___bpf_longs4(r)
#define ___bpf_longs6(a, r...) ___bpf_long1(a) ___bpf_longs5(r)
#define ___bpf_longs7(a, r...) ___bpf_long1(a) ___bpf_longs6(r)
#define ___bpf_longs8(a, r...) ___bpf_long1(a) ___bpf_longs7(r)
#define ___bpf_longs9(a, r...) ___bpf_long1(a) ___bpf_longs8(r)
#define ___bpf_longs10(a, r...) ___bpf_long1(a) ___bpf_longs9(r)
#define ___bpf_longs11(a, r...) ___bpf_long1(a) ___bpf_longs10(r)
#define ___bpf_longs12(a, r...) ___bpf_long1(a) ___bpf_longs11(r)
#ifndef ___bpf_nth
#define ___bpf_nth(_, _1, _2, _3, _4, _5, _6, _7, _8, _9, _a, _b, _c, N, ...) N
#endif
#ifndef ___bpf_narg
#define ___bpf_narg(...) ___bpf_nth(_, ##__VA_ARGS__, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0)
#endif
#define ___bpf_apply_(f, n) f ## n
#ifndef ___bpf_apply
#define ___bpf_apply(f, n) ___bpf_apply_(f, n)
#endif
#define ___bpf_longs(args...) ___bpf_apply(___bpf_longs, ___bpf_narg(args))(args)

#define __bpf_printk(fmt, ...) ({					\
	static const char ____fmt[] = fmt;				\
	bpf_trace_printk(____fmt, sizeof(____fmt), ##__VA_ARGS__);	\
})
#define bpf_printk(fmt, args...) __bpf_printk(fmt, ##args)

/* arr[0] = a; arr[1] = b; ... as other projects' macros use it. */
#define ___bpf_fill0(arr, p, x)
#define ___bpf_fill1(arr, p, x) arr[p] = x
#define ___bpf_fill2(arr, p, x, r...) arr[p] = x; ___bpf_fill1(arr, p + 1, r)
#define ___bpf_fill3(arr, p, x, r...) arr[p] = x; ___bpf_fill2(arr, p + 1, r)
#define ___bpf_fill4(arr, p, x, r...) arr[p] = x; ___bpf_fill3(arr, p + 1, r)
#define ___bpf_fill5(arr, p, x, r...) arr[p] = x; ___bpf_fill4(arr, p + 1, r)
#define ___bpf_fill6(arr, p, x, r...) arr[p] = x; ___bpf_fill5(arr, p + 1, r)
#define ___bpf_fill7(arr, p, x, r...) arr[p] = x; ___bpf_fill6(arr, p + 1, r)
#define ___bpf_fill8(arr, p, x, r...) arr[p] = x; ___bpf_fill7(arr, p + 1, r)
#define ___bpf_fill9(arr, p, x, r...) arr[p] = x; ___bpf_fill8(arr, p + 1, r)
#define ___bpf_fill10(arr, p, x, r...) arr[p] = x; ___bpf_fill9(arr, p + 1, r)
#define ___bpf_fill11(arr, p, x, r...) arr[p] = x; ___bpf_fill10(arr, p + 1, r)
#define ___bpf_fill12(arr, p, x, r...) arr[p] = x; ___bpf_fill11(arr, p + 1, r)
#define ___bpf_fill(arr, args...) ___bpf_apply(___bpf_fill, ___bpf_narg(args))(arr, 0, args)

/* Open-coded iterators. */
struct bpf_iter_num;
extern int bpf_iter_num_new(struct bpf_iter_num *it, int start, int end) __weak __ksym;
extern int *bpf_iter_num_next(struct bpf_iter_num *it) __weak __ksym;
extern void bpf_iter_num_destroy(struct bpf_iter_num *it) __weak __ksym;

#ifndef bpf_for_each
#define bpf_for_each(type, cur, args...)				\
	for (struct bpf_iter_##type ___it __attribute__((aligned(8), cleanup(bpf_iter_##type##_destroy))),	\
	     *___p __attribute__((unused)) = (bpf_iter_##type##_new(&___it, ##args), (void *)0);		\
	     ((cur) = bpf_iter_##type##_next(&___it)); )
#endif

#ifndef bpf_for
#define bpf_for(i, start, end)						\
	for (struct bpf_iter_num ___it __attribute__((aligned(8), cleanup(bpf_iter_num_destroy))),		\
	     *___p __attribute__((unused)) = (bpf_iter_num_new(&___it, (start), (end)), (void *)0);		\
	     ({ int *___t = bpf_iter_num_next(&___it); ___t ? ((i) = *___t, 1) : ((i) = 0, 0); }); )
#endif

#ifndef bpf_repeat
#define bpf_repeat(N)							\
	for (struct bpf_iter_num ___it __attribute__((aligned(8), cleanup(bpf_iter_num_destroy))),		\
	     *___p __attribute__((unused)) = (bpf_iter_num_new(&___it, 0, (N)), (void *)0);			\
	     bpf_iter_num_next(&___it); )
#endif

#endif
