/* The assembly that is understood. */
void barriers(int x)
{
	asm volatile("" ::: "memory");
	asm volatile("" : "+r"(x));
}

long by_hand(void *ctx, void *map, __u32 slot)
{
	long ret;
	asm volatile("r1 = %[ctx]\n\tr2 = %[map]\n\tr3 = %[slot]\n\tcall 12\n\t%[ret] = r0"
		     : [ret]"=r"(ret) : [ctx]"r"(ctx), [map]"r"(map), [slot]"r"(slot) : "r0", "r1", "r2", "r3", "r4", "r5");
	return ret;
}

int jump(int a)
{
	asm goto("if %[a] s> 3 goto %l[big]" :: [a]"r"(a) :: big);
	return 0;
big:
	return 1;
}

int strange(void)
{
	asm volatile("r0 = *(u64 *)(r10 - 8)");
	return 0;
}
