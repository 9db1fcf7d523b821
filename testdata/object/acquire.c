/* Load-acquire and store-release as raw instructions: not every compiler has
 * builtins for them. */
#include "mini.h"

u64 wide;

SEC("syscall")
int ordered(void *ctx)
{
	u64 *p = &wide;
	u64 v = 0;

	/* r0 = load_acquire((u8 *)(r1 + 2)); store_release((u64 *)(r1 + 0), r0) */
	asm volatile("r1 = %[p];"
#ifdef __BIG_ENDIAN__
		     ".8byte 0xd301000200000100;.8byte 0xdb10000000000110;"
#else
		     ".8byte 0x00000100000210d3;.8byte 0x00000110000001db;"
#endif
		     "%[v] = r0;"
		     : [v] "=r"(v)
		     : [p] "r"(p)
		     : "r0", "r1", "memory");
	return v;
}

char _license[] SEC("license") = "GPL";
