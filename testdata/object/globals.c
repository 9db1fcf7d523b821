/* Variables of every section that libbpf knows. */
#include "mini.h"

struct pair {
	u32 a, b;
};

u64 zero;
u32 counter = 5;
static u64 private_count;
__hidden u32 hidden_count;
const volatile u32 limit = 10;
volatile s32 negative = -7;
struct pair pair = {1, 2};
struct pair *pair_ptr = &pair;
u64 racy __tag("data_racy");
struct bpf_spin_lock guard SEC(".data.locks") __hidden;
u64 guarded SEC(".data.locks") __tag("guarded_by:guard");

struct rq;
extern const struct rq runqueues __ksym;
extern const void some_symbol __ksym __weak;
extern int CONFIG_HZ __kconfig;
extern _Bool CONFIG_SMP __kconfig __weak;
extern void kernel_function(struct pair *p, int n) __ksym;
extern u64 maybe_function(void) __ksym __weak;

SEC("tp_btf/sched_switch")
int globals(void *ctx)
{
	static u64 local_count;

	zero++;
	counter += limit;
	private_count += bpf_ktime_get_ns();
	local_count += private_count;
	hidden_count |= 1;
	negative--;
	pair_ptr->b = local_count;
	racy++;
	bpf_spin_lock(&guard);
	guarded++;
	bpf_spin_unlock(&guard);
	if (CONFIG_HZ > 100 && CONFIG_SMP && &some_symbol)
		zero += (u64)&runqueues;
	kernel_function(&pair, 3);
	if (maybe_function)
		zero += maybe_function();
	return 0;
}

char _license[] SEC("license") = "GPL";
