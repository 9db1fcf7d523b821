/* Conversions and arithmetic. */
__u64 widths(__s8 a, __u16 b, int c, __u32 d, __s64 e)
{
	__u64 r = a;
	r += b * c;
	r += (__u32)e;
	r += (__u8)(c + 1);
	r += d >> 3;
	r += c >> 3;
	r += e / 7;
	return r + (_Bool)d + ~d - -c;
}

int compare(__u8 a, __u32 b, int c, __u64 d, __s64 e)
{
	if (a < 3) return 1;
	if (b < c) return 2;
	if (c < -1) return 3;
	if (d >= e) return 4;
	if (7 > c) return 5;
	if (e <= c) return 6;
	return 0;
}

struct pair { __u32 a, b; };
__s64 pointers(struct pair *p, int i, char *s)
{
	struct pair *q = p + i;
	q++;
	p[2].b = s[i];
	*(s + 1) = 0;
	return q - p + (q > p) + (long)s;
}

enum color { RED, GREEN = 5, BLUE };
_Static_assert(sizeof(enum color) == 4, "");
int constants(enum color c)
{
	return c == BLUE ? 'a' + 0x10 + 1u + sizeof(struct pair) : (int)__builtin_offsetof(struct pair, b);
}

#define container_of(ptr, type, member) ((type *)((void *)(ptr) - __builtin_offsetof(type, member)))
__u32 container(__u32 *b)
{
	return container_of(b, struct pair, b)->a;
}
