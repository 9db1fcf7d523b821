// What the scheduler's locks do not serialise in sched_ext callbacks.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

struct sched_ext_ops {
	void (*running)(struct task_struct *p);
	int (*select_cpu)(struct task_struct *p, int prev_cpu, __u64 flags);
	__u64 flags;
	char name[128];
};

extern int scx_bpf_task_cpu(const struct task_struct *p) __ksym;

__u64 vtime_now;
__u64 nr_running;
__u64 per_cpu_wakeups[512];

struct slot {
	__u64 hits;
	__u64 pad[7];
};
struct slot slots[512];

/* An index that the compiler may not forget to check: the distance from the
 * array's start is compared, and added to it again. */
#define checked(array, i) ({							\
	__u64 __base = (__u64)(array);						\
	__u64 __at = (__u64)&(array)[i] - __base;				\
	asm volatile("if %0 <= %[max] goto +2\n"				\
		     "%0 = 0\n"							\
		     "goto +1\n"						\
		     "%0 += %1\n"						\
		     : "+r"(__at) : "r"(__base), [max]"i"(sizeof(array) - sizeof((array)[0]))); \
	(typeof(&(array)[0]))__at;						\
})

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} own SEC(".maps");

static __u64 *own_or(int cpu)
{
	__u32 zero = 0;

	if (cpu < 0)
		return bpf_map_lookup_elem(&own, &zero);
	return bpf_map_lookup_percpu_elem(&own, &zero, cpu);
}

SEC("struct_ops/running")
void BPF_PROG(my_running, struct task_struct *p)
{
	nr_running++; // want BLC101
}

SEC("struct_ops/select_cpu")
int BPF_PROG(my_select_cpu, struct task_struct *p, int prev_cpu, __u64 flags)
{
	__u32 cpu = scx_bpf_task_cpu(p);

	/* Only the task's pi_lock is held here, not its run queue's. */
	if (cpu < 512)
		per_cpu_wakeups[cpu]++; // want BLC101
	if (flags > vtime_now)
		vtime_now = flags; // want BLC101
	/* A CPU that is only a proposal. */
	__u64 *o = own_or(prev_cpu);
	if (o)
		*o += 1; // want BLC101
	struct slot *s = checked(slots, prev_cpu);
	if (s)
		s->hits++; // want BLC101
	return prev_cpu;
}

SEC(".struct_ops")
struct sched_ext_ops my_ops = {
	.running = (void *)my_running,
	.select_cpu = (void *)my_select_cpu,
};

char LICENSE[] SEC("license") = "GPL";
