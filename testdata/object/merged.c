/* Statements that end alike: the compiler makes one tail of them, which has no
 * line of its own. */
#include "mini.h"

u64 first, second;
u64 pick;

SEC("socket")
int tails(void *ctx)
{
	u64 now = bpf_ktime_get_ns();

	switch (pick) {
	case 1:
		now += first;
		second = now;
		break;
	case 2:
		now ^= second;
		second = now;
		break;
	case 3:
		return 1;
	}
	return 0;
}

char _license[] SEC("license") = "GPL";
