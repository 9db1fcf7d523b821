/* Atomic operations of C11, for analysis. */
#ifndef __BLC_STDATOMIC_H
#define __BLC_STDATOMIC_H
typedef enum memory_order {
	memory_order_relaxed = 0,
	memory_order_consume = 1,
	memory_order_acquire = 2,
	memory_order_release = 3,
	memory_order_acq_rel = 4,
	memory_order_seq_cst = 5
} memory_order;
#define ATOMIC_VAR_INIT(v) (v)
#define atomic_init(p, v) (*(p) = (v))
#define atomic_thread_fence(o) __atomic_thread_fence(o)
#define atomic_signal_fence(o) ((void)0)
#define atomic_load(p) __c11_atomic_load(p, 5)
#define atomic_load_explicit(p, o) __c11_atomic_load(p, o)
#define atomic_store(p, v) __c11_atomic_store(p, v, 5)
#define atomic_store_explicit(p, v, o) __c11_atomic_store(p, v, o)
#define atomic_exchange(p, v) __c11_atomic_exchange(p, v, 5)
#define atomic_exchange_explicit(p, v, o) __c11_atomic_exchange(p, v, o)
#define atomic_fetch_add(p, v) __c11_atomic_fetch_add(p, v, 5)
#define atomic_fetch_add_explicit(p, v, o) __c11_atomic_fetch_add(p, v, o)
#define atomic_fetch_sub(p, v) __c11_atomic_fetch_sub(p, v, 5)
#define atomic_fetch_sub_explicit(p, v, o) __c11_atomic_fetch_sub(p, v, o)
#define atomic_fetch_or(p, v) __c11_atomic_fetch_or(p, v, 5)
#define atomic_fetch_or_explicit(p, v, o) __c11_atomic_fetch_or(p, v, o)
#define atomic_fetch_and(p, v) __c11_atomic_fetch_and(p, v, 5)
#define atomic_fetch_and_explicit(p, v, o) __c11_atomic_fetch_and(p, v, o)
#define atomic_fetch_xor(p, v) __c11_atomic_fetch_xor(p, v, 5)
#define atomic_fetch_xor_explicit(p, v, o) __c11_atomic_fetch_xor(p, v, o)
#define atomic_compare_exchange_strong(p, e, d) __c11_atomic_compare_exchange_strong(p, e, d, 5, 5)
#define atomic_compare_exchange_weak(p, e, d) __c11_atomic_compare_exchange_weak(p, e, d, 5, 5)
#define atomic_compare_exchange_strong_explicit(p, e, d, s, f) __c11_atomic_compare_exchange_strong(p, e, d, s, f)
#define atomic_compare_exchange_weak_explicit(p, e, d, s, f) __c11_atomic_compare_exchange_weak(p, e, d, s, f)
typedef _Bool atomic_bool;
typedef int atomic_int;
typedef unsigned int atomic_uint;
typedef long atomic_long;
typedef unsigned long atomic_ulong;
typedef long long atomic_llong;
typedef unsigned long long atomic_ullong;
#endif
