/* Jumps, moves and loads that newer instruction sets have, as assembly. */
#include "mini.h"

u64 sink;

SEC("socket")
int jumps(void *ctx)
{
	u64 out = 0, in = (u64)ctx;

	asm volatile("r1 = %[in];"
		     "r2 = (s8)r1;"
		     "w3 = (s16)w1;"
		     "w4 = w1;"
		     "r5 = bswap32 r5;"
		     "if r1 & 4 goto l1_%=;"
		     "if w1 s< -1 goto l1_%=;"
		     "if r1 > r2 goto l2_%=;"
		     "r1 s/= 3;"
		     "w1 s%%= w2;"
		     "l1_%=: r1 = -r1;"
		     "w1 s>>= 2;"
		     "r1 = be16 r1;"
		     "r1 = le32 r1;"
		     "gotol l2_%=;"
		     "r0 = 1;" /* not reached */
		     "l2_%=: %[out] = r1;"
		     : [out] "=r"(out)
		     : [in] "r"(in)
		     : "r0", "r1", "r2", "r3", "r4", "r5");
	sink = out;
	return 0;
}

struct packed {
	signed char c;
	signed short h;
	int w;
};
struct packed packed;

SEC("socket")
int signed_loads(void *ctx)
{
	return packed.c + packed.h + (s64)packed.w * sink;
}

SEC("socket")
int may_goto(void *ctx)
{
	for (;;) {
		/* may_goto: leave the loop by two instructions ahead */
#ifdef __BIG_ENDIAN__
		asm volatile goto(".8byte 0xe500000100000000;goto +1;goto %l[out];" :::: out);
#else
		asm volatile goto(".8byte 0x00000000000100e5;goto +1;goto %l[out];" :::: out);
#endif
		sink++;
	}
out:
	return 0;
}

long long load_byte(void *ctx, long long off) asm("llvm.bpf.load.byte");

SEC("socket")
int packet(void *ctx)
{
	return load_byte(ctx, 12) + load_byte(ctx, sink);
}

SEC("socket")
int indirect(void *ctx)
{
	long r;

	asm volatile("r2 = %[f]; callx r2; %[r] = r0"
		     : [r] "=r"(r)
		     : [f] "r"(sink)
		     : "r0", "r1", "r2", "r3", "r4", "r5");
	return r;
}

char _license[] SEC("license") = "GPL";
