package unit

// predefined holds the macros that clang defines for the bpf target, as far as
// headers ask for them, and macros that give builtins the types which cc does not
// know. A macro that is defined here is not a macro in the user's eyes.
const predefined = `
#define __STDC__ 1
#define __STDC_VERSION__ 201710L
#define __STDC_HOSTED__ 1
#define __STDC_UTF_16__ 1
#define __STDC_UTF_32__ 1
#define __bpf__ 1
#define __BPF__ 1
#define __BPF_CPU_VERSION__ 4
#define __BPF_FEATURE_JMP32 1
#define __BPF_FEATURE_ALU32 1
#define __BPF_FEATURE_LDSX 1
#define __BPF_FEATURE_MOVSX 1
#define __BPF_FEATURE_BSWAP 1
#define __BPF_FEATURE_SDIV_SMOD 1
#define __BPF_FEATURE_GOTOL 1
#define __BPF_FEATURE_ST 1
#define __BPF_FEATURE_ADDR_SPACE_CAST 1
#define __BPF_FEATURE_MAY_GOTO 1
#define __clang__ 1
#define __clang_major__ 19
#define __clang_minor__ 1
#define __clang_patchlevel__ 0
#define __llvm__ 1
#define __GNUC__ 4
#define __GNUC_MINOR__ 2
#define __GNUC_PATCHLEVEL__ 1
#define __GNUC_STDC_INLINE__ 1
#define __VERSION__ "clang"
#define __ELF__ 1
#define _LP64 1
#define __LP64__ 1
#define __OPTIMIZE__ 1
#define __CHAR_BIT__ 8
#define __ORDER_LITTLE_ENDIAN__ 1234
#define __ORDER_BIG_ENDIAN__ 4321
#define __ORDER_PDP_ENDIAN__ 3412
#define __BYTE_ORDER__ __ORDER_LITTLE_ENDIAN__
#define __LITTLE_ENDIAN__ 1
#define __BIGGEST_ALIGNMENT__ 8
#define __ATOMIC_RELAXED 0
#define __ATOMIC_CONSUME 1
#define __ATOMIC_ACQUIRE 2
#define __ATOMIC_RELEASE 3
#define __ATOMIC_ACQ_REL 4
#define __ATOMIC_SEQ_CST 5
#define __SIZE_TYPE__ unsigned long
#define __PTRDIFF_TYPE__ long
#define __INTPTR_TYPE__ long
#define __UINTPTR_TYPE__ unsigned long
#define __INTMAX_TYPE__ long
#define __UINTMAX_TYPE__ unsigned long
#define __WCHAR_TYPE__ int
#define __WINT_TYPE__ int
#define __CHAR16_TYPE__ unsigned short
#define __CHAR32_TYPE__ unsigned int
#define __INT8_TYPE__ signed char
#define __INT16_TYPE__ short
#define __INT32_TYPE__ int
#define __INT64_TYPE__ long
#define __UINT8_TYPE__ unsigned char
#define __UINT16_TYPE__ unsigned short
#define __UINT32_TYPE__ unsigned int
#define __UINT64_TYPE__ unsigned long
#define __SCHAR_MAX__ 127
#define __SHRT_MAX__ 32767
#define __INT_MAX__ 2147483647
#define __LONG_MAX__ 9223372036854775807L
#define __LONG_LONG_MAX__ 9223372036854775807LL
#define __WCHAR_MAX__ 2147483647
#define __SIZE_MAX__ 18446744073709551615UL
#define __PTRDIFF_MAX__ 9223372036854775807L
#define __INTPTR_MAX__ 9223372036854775807L
#define __UINTPTR_MAX__ 18446744073709551615UL
#define __INTMAX_MAX__ 9223372036854775807L
#define __UINTMAX_MAX__ 18446744073709551615UL
#define __INT8_MAX__ 127
#define __INT16_MAX__ 32767
#define __INT32_MAX__ 2147483647
#define __INT64_MAX__ 9223372036854775807L
#define __UINT8_MAX__ 255
#define __UINT16_MAX__ 65535
#define __UINT32_MAX__ 4294967295U
#define __UINT64_MAX__ 18446744073709551615UL
#define __INT8_C_SUFFIX__
#define __INT64_C_SUFFIX__ L
#define __UINT64_C_SUFFIX__ UL
#define __SIZEOF_SHORT__ 2
#define __SIZEOF_INT__ 4
#define __SIZEOF_LONG__ 8
#define __SIZEOF_LONG_LONG__ 8
#define __SIZEOF_POINTER__ 8
#define __SIZEOF_SIZE_T__ 8
#define __SIZEOF_PTRDIFF_T__ 8
#define __SIZEOF_INT128__ 16
#define __SIZEOF_WCHAR_T__ 4
#define __USER_LABEL_PREFIX__
#define __FUNCTION__ __func__
#define __PRETTY_FUNCTION__ __func__
#define __builtin_va_list __predefined_va_list
#define __builtin_va_start(l, a) ((void)(l))
#define __builtin_va_end(l) ((void)(l))
#define __builtin_va_copy(d, s) ((d) = (s))
#define __builtin_va_arg(l, t) (*(t *)(l))
#define __builtin_offsetof(t, m) ((__SIZE_TYPE__)&(((t *)0)->m))
#define __builtin_types_compatible_p(a, b) __ccgo__types_compatible_p((a){}, (b){})
#define __builtin_preserve_access_index(x) (x)
#define __builtin_expect(x, v) (x)
#define __builtin_expect_with_probability(x, v, p) (x)
#define __builtin_assume_aligned(p, ...) (p)
#define __builtin_launder(p) (p)
#define __builtin_bswap16(x) ((unsigned short)__builtin_bswap16(x))
#define __builtin_bswap32(x) ((unsigned int)__builtin_bswap32(x))
#define __builtin_bswap64(x) ((unsigned long)__builtin_bswap64(x))
#define __builtin_bit_cast(t, x) (((union { __typeof__(x) __from; t __to; }){ .__from = (x) }).__to)
#define __builtin_preserve_field_info(...) ((unsigned int)__builtin_preserve_field_info(__VA_ARGS__))
#define __builtin_preserve_type_info(...) ((unsigned int)__builtin_preserve_type_info())
#define __builtin_preserve_enum_value(...) ((unsigned long)__builtin_preserve_enum_value())
#define __builtin_btf_type_id(...) ((unsigned int)__builtin_btf_type_id())
#define __blc_result(f, p, ...) ((__typeof__(*(p)))f((p), ##__VA_ARGS__))
#define __sync_fetch_and_add(p, ...) __blc_result(__sync_fetch_and_add, p, __VA_ARGS__)
#define __sync_fetch_and_sub(p, ...) __blc_result(__sync_fetch_and_sub, p, __VA_ARGS__)
#define __sync_fetch_and_or(p, ...) __blc_result(__sync_fetch_and_or, p, __VA_ARGS__)
#define __sync_fetch_and_and(p, ...) __blc_result(__sync_fetch_and_and, p, __VA_ARGS__)
#define __sync_fetch_and_xor(p, ...) __blc_result(__sync_fetch_and_xor, p, __VA_ARGS__)
#define __sync_fetch_and_nand(p, ...) __blc_result(__sync_fetch_and_nand, p, __VA_ARGS__)
#define __sync_add_and_fetch(p, ...) __blc_result(__sync_add_and_fetch, p, __VA_ARGS__)
#define __sync_sub_and_fetch(p, ...) __blc_result(__sync_sub_and_fetch, p, __VA_ARGS__)
#define __sync_or_and_fetch(p, ...) __blc_result(__sync_or_and_fetch, p, __VA_ARGS__)
#define __sync_and_and_fetch(p, ...) __blc_result(__sync_and_and_fetch, p, __VA_ARGS__)
#define __sync_xor_and_fetch(p, ...) __blc_result(__sync_xor_and_fetch, p, __VA_ARGS__)
#define __sync_val_compare_and_swap(p, ...) __blc_result(__sync_val_compare_and_swap, p, __VA_ARGS__)
#define __sync_lock_test_and_set(p, ...) __blc_result(__sync_lock_test_and_set, p, __VA_ARGS__)
#define __sync_swap(p, ...) __blc_result(__sync_swap, p, __VA_ARGS__)
#define __atomic_load_n(p, ...) __blc_result(__atomic_load_n, p, __VA_ARGS__)
#define __atomic_exchange_n(p, ...) __blc_result(__atomic_exchange_n, p, __VA_ARGS__)
#define __atomic_fetch_add(p, ...) __blc_result(__atomic_fetch_add, p, __VA_ARGS__)
#define __atomic_fetch_sub(p, ...) __blc_result(__atomic_fetch_sub, p, __VA_ARGS__)
#define __atomic_fetch_or(p, ...) __blc_result(__atomic_fetch_or, p, __VA_ARGS__)
#define __atomic_fetch_and(p, ...) __blc_result(__atomic_fetch_and, p, __VA_ARGS__)
#define __atomic_fetch_xor(p, ...) __blc_result(__atomic_fetch_xor, p, __VA_ARGS__)
#define __atomic_add_fetch(p, ...) __blc_result(__atomic_add_fetch, p, __VA_ARGS__)
#define __atomic_sub_fetch(p, ...) __blc_result(__atomic_sub_fetch, p, __VA_ARGS__)
#define __atomic_or_fetch(p, ...) __blc_result(__atomic_or_fetch, p, __VA_ARGS__)
#define __atomic_and_fetch(p, ...) __blc_result(__atomic_and_fetch, p, __VA_ARGS__)
#define __atomic_xor_fetch(p, ...) __blc_result(__atomic_xor_fetch, p, __VA_ARGS__)
#define __c11_atomic_load(p, ...) __blc_result(__c11_atomic_load, p, __VA_ARGS__)
#define __c11_atomic_exchange(p, ...) __blc_result(__c11_atomic_exchange, p, __VA_ARGS__)
#define __c11_atomic_fetch_add(p, ...) __blc_result(__c11_atomic_fetch_add, p, __VA_ARGS__)
#define __c11_atomic_fetch_sub(p, ...) __blc_result(__c11_atomic_fetch_sub, p, __VA_ARGS__)
#define __c11_atomic_fetch_or(p, ...) __blc_result(__c11_atomic_fetch_or, p, __VA_ARGS__)
#define __c11_atomic_fetch_and(p, ...) __blc_result(__c11_atomic_fetch_and, p, __VA_ARGS__)
#define __c11_atomic_fetch_xor(p, ...) __blc_result(__c11_atomic_fetch_xor, p, __VA_ARGS__)
`

// prologue declares what cc wants to find, before everything else.
const prologue = "int __predefined_declarator;" +
	"typedef unsigned long __predefined_size_t;typedef int __predefined_wchar_t;typedef long __predefined_ptrdiff_t;" +
	"typedef void *__predefined_va_list;\n"

// builtins are declared when the unit mentions them; a call of any other is taken
// to return int.
var builtins = map[string]string{
	"__builtin_memcpy":         "void *__builtin_memcpy(void *, const void *, unsigned long);",
	"__builtin_memmove":        "void *__builtin_memmove(void *, const void *, unsigned long);",
	"__builtin_memset":         "void *__builtin_memset(void *, int, unsigned long);",
	"__builtin_memcmp":         "int __builtin_memcmp(const void *, const void *, unsigned long);",
	"__builtin_strlen":         "unsigned long __builtin_strlen(const char *);",
	"__builtin_strcmp":         "int __builtin_strcmp(const char *, const char *);",
	"__builtin_strncmp":        "int __builtin_strncmp(const char *, const char *, unsigned long);",
	"__builtin_memchr":         "void *__builtin_memchr(const void *, int, unsigned long);",
	"__builtin_strchr":         "char *__builtin_strchr(const char *, int);",
	"__builtin_trap":           "void __builtin_trap(void);",
	"__builtin_unreachable":    "void __builtin_unreachable(void);",
	"__builtin_return_address": "void *__builtin_return_address(unsigned);",
	"__builtin_frame_address":  "void *__builtin_frame_address(unsigned);",
	"__builtin_alloca":         "void *__builtin_alloca(unsigned long);",
	"__builtin_object_size":    "unsigned long __builtin_object_size(const void *, int);",
	"__builtin_bpf_asm":        "unsigned long __builtin_bpf_asm();",
	"__builtin_bpf_load_byte":  "unsigned long long __builtin_bpf_load_byte();",
	"__builtin_popcountll":     "int __builtin_popcountll(unsigned long long);",
	"__builtin_ctzll":          "int __builtin_ctzll(unsigned long long);",
	"__builtin_clzll":          "int __builtin_clzll(unsigned long long);",
	"__sync_synchronize":       "void __sync_synchronize(void);",
	"__atomic_thread_fence":    "void __atomic_thread_fence(int);",
}
