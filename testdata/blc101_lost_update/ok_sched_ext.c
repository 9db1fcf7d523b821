// What the scheduler's own locks serialise in sched_ext callbacks: the task's
// storage, and what is kept for the CPU that the callback is about.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

struct sched_ext_ops {
	void (*running)(struct task_struct *p);
	void (*dispatch)(int cpu, struct task_struct *prev);
	int (*select_cpu)(struct task_struct *p, int prev_cpu, __u64 flags);
	__u64 flags;
	char name[128];
};

extern int scx_bpf_task_cpu(const struct task_struct *p) __ksym;

struct cpu_ctx {
	__u64 runtime;
	__u64 dispatched;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 512);
	__type(key, __u32);
	__type(value, struct cpu_ctx);
} cpus SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct cpu_ctx);
} own SEC(".maps");

/* The running CPU's, or that of the callback: nobody else's. */
static struct cpu_ctx *own_or(int cpu)
{
	__u32 zero = 0;

	if (cpu < 0)
		return bpf_map_lookup_elem(&own, &zero);
	return bpf_map_lookup_percpu_elem(&own, &zero, cpu);
}

struct task_ctx {
	__u64 budget;
};

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct task_ctx);
} tasks SEC(".maps");

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

static struct cpu_ctx *cpu_of(__u32 cpu)
{
	return bpf_map_lookup_elem(&cpus, &cpu);
}

SEC("struct_ops/running")
void BPF_PROG(my_running, struct task_struct *p)
{
	struct cpu_ctx *c = cpu_of(scx_bpf_task_cpu(p));
	struct task_ctx *t = bpf_task_storage_get(&tasks, p, 0, 0);

	if (c)
		c->runtime += 1;
	if (t)
		t->budget -= 1;
}

SEC("struct_ops/dispatch")
void BPF_PROG(my_dispatch, int cpu, struct task_struct *prev)
{
	struct cpu_ctx *c = cpu_of(cpu);

	struct slot *s = checked(slots, cpu);
	struct cpu_ctx *o = own_or(cpu);

	if (o)
		o->runtime++;

	if (c)
		c->dispatched++;
	if (s)
		s->hits++;
}

SEC("struct_ops/select_cpu")
int BPF_PROG(my_select_cpu, struct task_struct *p, int prev_cpu, __u64 flags)
{
	struct task_ctx *t = bpf_task_storage_get(&tasks, p, 0, 0);

	if (t)
		t->budget += 10;
	return prev_cpu;
}

SEC(".struct_ops")
struct sched_ext_ops my_ops = {
	.running = (void *)my_running,
	.dispatch = (void *)my_dispatch,
	.select_cpu = (void *)my_select_cpu,
};

char LICENSE[] SEC("license") = "GPL";
