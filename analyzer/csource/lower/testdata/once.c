/* Volatile accesses through macros are loads and stores of the place. */
typedef __u8 __attribute__((__may_alias__)) __u8_alias_t;
typedef __u32 __attribute__((__may_alias__)) __u32_alias_t;
typedef __u64 __attribute__((__may_alias__)) __u64_alias_t;
static __always_inline void read_sized(const volatile void *p, void *res, int size)
{
	switch (size) {
	case 1: *(__u8_alias_t *)res = *(volatile __u8_alias_t *)p; break;
	case 4: *(__u32_alias_t *)res = *(volatile __u32_alias_t *)p; break;
	case 8: *(__u64_alias_t *)res = *(volatile __u64_alias_t *)p; break;
	default: __builtin_memcpy((void *)res, (const void *)p, size);
	}
}
#define READ_SIZED(x) ({ union { typeof(x) val; char c[1]; } u = { .c = { 0 } }; read_sized(&(x), u.c, sizeof(x)); u.val; })
#define READ_ONCE(x) (*(volatile typeof(x) *)&(x))
#define WRITE_ONCE(x, v) ((*(volatile typeof(x) *)&(x)) = (v))

void once(struct val *v)
{
	WRITE_ONCE(v->bytes, READ_ONCE(v->bytes) + 1);
	v->count = READ_SIZED(v->count) + 1;
}
