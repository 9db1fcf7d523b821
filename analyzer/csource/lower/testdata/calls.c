/* Calls: helpers by number whatever their name, kfuncs, externs, functions. */
static void *(*lookup_it)(void *map, const void *key) = (void *) 1;
#define my_delete ((long (*)(void *, const void *))3)
extern int bpf_res_spin_lock(void *lock) __attribute__((weak)) __ksym;
extern int elsewhere(int);
struct two { __u64 a, b; };
static __always_inline struct two make(int x) { struct two t = { .b = x }; return t; }
static __attribute__((noinline)) int twice(int x, struct two by) { return x * 2 + by.a; }
static int callback(__u32 i, void *ctx) { return 0; }
static int never_called(void) { return 1; }
__attribute__((weak)) int global_one(void) { return 1; }

SEC("tc") int prog(void *ctx)
{
	__u32 key = 1;
	__u64 *v = lookup_it(&m, &key);
	struct two t = make(3);
	int (*f)(int) = elsewhere;
	my_delete(&m, &key);
	bpf_res_spin_lock(v);
	bpf_loop(4, callback, (void *)0, 0);
	f(2);
	return twice(elsewhere(key), t) + global_one();
}

static int memory_functions(char *a, char *b, int n)
{
	char buf[16] = "hi";
	__builtin_memcpy(a, b, 8);
	__builtin_memset(buf, 0, sizeof(buf));
	__builtin_memmove(a, buf, n);
	return __builtin_memcmp(a, b, 12);
}
SEC("?xdp") int user(void *ctx) { return memory_functions(ctx, ctx, 3); }
