/* Where locals live, initialisers, scopes. */
struct inner { int a; char name[4]; };
struct outer { int x; struct inner in[2]; union { __u32 u; __u8 b[4]; }; };
extern void use(void *);

void slots(int n)
{
	int reg = n, taken = 2;
	struct outer o = { 1, { { 2, "abc" }, { .a = 3 } }, .u = 4 };
	struct outer zero = {};
	int list[] = { 1, [3] = 5, n };
	char text[] = "hello";
	static int kept = 7;
	use(&taken);
	use(&o.in[1].name[reg]);
	use(&zero);
	use(list + sizeof(list) / sizeof(list[0]));
	use(text);
	use((struct inner[]){ { .a = n } });
	kept++;
	{
		int n = 5, *p = &n;
		use(p);
	}
}

int shadow(int x)
{
	if (x) {
		typedef char x_t;
		enum { x = 4 };
		struct inner { __u64 wide; } s = { .wide = sizeof(x_t) };
		return x + s.wide + sizeof(struct inner);
	}
	return x;
}
