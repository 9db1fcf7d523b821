/* Every atomic instruction that the compiler has a builtin for. */
#include "mini.h"

u64 wide;
u32 narrow;
u64 seen;

SEC("syscall")
int atomics(void *ctx)
{
	u64 n = seen;

	__sync_fetch_and_add(&wide, n);
	__sync_fetch_and_or(&narrow, 2);
	__sync_fetch_and_and(&wide, n);
	__sync_fetch_and_xor(&wide, n);
	seen = __sync_fetch_and_add(&wide, 3);
	seen = __sync_fetch_and_or(&wide, 4);
	seen = __sync_fetch_and_and(&narrow, 5);
	seen = __sync_fetch_and_xor(&wide, 6);
	seen = __sync_lock_test_and_set(&wide, 7);
	seen = __sync_val_compare_and_swap(&wide, 8, 9);
	return 0;
}

char _license[] SEC("license") = "GPL";
