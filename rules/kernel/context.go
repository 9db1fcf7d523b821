package kernel

// Guard is what keeps a program from running inside itself on one CPU.
type Guard int

// Guards.
const (
	// GuardNone: nothing does.
	GuardNone Guard = iota
	// GuardProgram: a per-CPU counter of the program: it is skipped while it
	// already runs on the CPU (prog->active, kernel/bpf/trampoline.c
	// __bpf_prog_enter_recur, kernel/trace/bpf_trace.c __bpf_trace_run).
	GuardProgram
	// GuardTracing: one per-CPU counter, bpf_prog_active, that kprobe,
	// tracepoint and perf_event programs share: while one of them runs, all
	// others are skipped (kernel/trace/bpf_trace.c trace_call_bpf).
	GuardTracing
)

// Serial says for which memory the kernel already runs a program's callbacks
// one at a time.
type Serial int

// Kinds of serialisation.
const (
	SerialNone   Serial = iota
	SerialSocket        // what is kept for the socket that the program runs for
	SerialTask          // what is kept for the task passed to the callback
	SerialObject        // what is kept for the object (queueing discipline, device) that it runs for
	SerialOnce          // runs once, while no other callback of the struct_ops map runs
)

// Context is how and when a kind of program runs.
type Context struct {
	// Name describes it in a message: "softirq", "process context".
	Name string
	// The levels at which it runs, surely. Several may be set.
	TaskContext, SoftIRQ, HardIRQ, NMI bool
	// Anywhere: which level depends on what it is attached to; it may be any
	// of TaskContext, SoftIRQ and HardIRQ.
	Anywhere bool
	// Preemptible: when it runs in task context, another task can run on the
	// CPU in the midst of it, and with it any program that runs in tasks, this
	// one included.
	Preemptible bool
	// MigrationDisabled: it stays on one CPU from start to end.
	MigrationDisabled bool
	CanSleep          bool
	// SoftIRQsOff and IRQsOff: it runs with these disabled.
	SoftIRQsOff, IRQsOff bool
	GuardedBy            Guard
	// Serial and Serialised (in words: "the socket lock") say what the kernel
	// serialises.
	Serial     Serial
	Serialised string
	// RunQueue: runs with the run-queue lock of the CPU that the callback is
	// about, so what is kept for that CPU is safe.
	RunQueue bool
}

// ContextOf gives the context of a program of this kind in kernel v. structOps
// and member name what a struct_ops program implements, "" where not known.
// Source: the places that run each type, in Linux 6.1 and 6.12; see the
// comments.
func ContextOf(info ProgInfo, structOps, member string, v Version) Context {
	c := contextOf(info, structOps, member)
	c.MigrationDisabled = true
	if info.Sleepable {
		c.CanSleep, c.Preemptible = true, true
		c.TaskContext, c.SoftIRQ, c.HardIRQ, c.NMI, c.Anywhere = true, false, false, false, false
		c.SoftIRQsOff, c.IRQsOff = false, false
		c.Name = "sleepable, process context"
	}
	if v.Less(MigrateDisableSince) && !c.CanSleep {
		c.Preemptible = false
	}
	return c
}

// TimerContext is where the callback of a bpf_timer runs: a soft hrtimer
// (kernel/bpf/helpers.c bpf_timer_cb). The timer's callback does not run twice
// at once for one timer.
func TimerContext() Context {
	return Context{Name: "timer (softirq)", SoftIRQ: true, SoftIRQsOff: true, MigrationDisabled: true}
}

// WorkContext is where the callback of a bpf_wq or bpf_task_work runs: a
// kworker, or the task on its way to user space (bpf_wq_work).
func WorkContext() Context {
	return Context{Name: "work queue (process context)", TaskContext: true, Preemptible: true, MigrationDisabled: true, CanSleep: true}
}

func contextOf(info ProgInfo, structOps, member string) Context {
	task := Context{Name: "process context", TaskContext: true, Preemptible: true}
	soft := Context{Name: "softirq", SoftIRQ: true, SoftIRQsOff: true}
	// Process context or softirq, softirqs not disabled in the former.
	both := Context{Name: "process context or softirq", TaskContext: true, SoftIRQ: true, Preemptible: true}

	switch info.Type {
	case ProgTypeKprobe:
		if info.UserProbe() {
			// kernel/trace/trace_uprobe.c: rcu_read_lock_trace, migration disabled.
			task.Name = "process context (user-space probe)"
			return task
		}
		c := attachContext(info)
		c.Preemptible, c.GuardedBy = false, GuardTracing
		return c
	case ProgTypeTracepoint:
		c := attachContext(info)
		c.Preemptible, c.GuardedBy = false, GuardTracing
		return c
	case ProgTypePerfEvent:
		// kernel/events/core.c bpf_overflow_handler.
		return Context{Name: "NMI or timer interrupt", NMI: true, HardIRQ: true, IRQsOff: true, GuardedBy: GuardTracing}
	case ProgTypeRawTracepoint, ProgTypeRawTracepointWritable:
		c := attachContext(info)
		c.Preemptible, c.GuardedBy = false, GuardProgram
		return c
	case ProgTypeTracing:
		switch info.Prefix {
		case "iter", "iter.s":
			return task
		case "tp_btf":
			c := attachContext(info)
			c.Preemptible, c.GuardedBy = false, GuardProgram
			return c
		}
		// Trampolines: preemptible, only migration is disabled.
		c := attachContext(info)
		c.Preemptible, c.GuardedBy = true, GuardProgram
		return c
	case ProgTypeLSM:
		return task
	case ProgTypeXDP:
		return soft
	case ProgTypeSchedCls, ProgTypeSchedAct:
		// net/core/dev.c: ingress in softirq; egress also from a task's send,
		// but __dev_queue_xmit disables softirqs.
		soft.Name, soft.TaskContext = "softirq, or a task with softirqs off", true
		return soft
	case ProgTypeLWTIn, ProgTypeLWTOut, ProgTypeLWTXmit, ProgTypeLWTSeg6local, ProgTypeSkLookup, ProgTypeFlowDissector,
		ProgTypeSkReuseport:
		soft.Name, soft.TaskContext = "softirq, or a task with softirqs off", true
		return soft
	case ProgTypeSocketFilter, ProgTypeNetfilter, ProgTypeSkSkb:
		return both
	case ProgTypeCgroupSkb:
		if info.Attach == "ingress" || info.Prefix == "cgroup_skb/ingress" {
			return soft
		}
		// Egress: ip_finish_output from a task's send with softirqs enabled.
		return both
	case ProgTypeSockOps:
		both.Serial, both.Serialised = SerialSocket, "the socket lock"
		return both
	case ProgTypeSkMsg:
		task.Serial, task.Serialised = SerialSocket, "the socket lock"
		return task
	case ProgTypeCgroupSock, ProgTypeCgroupSockAddr, ProgTypeCgroupSockopt:
		// net/ipv4/af_inet.c, kernel/bpf/cgroup.c: run with lock_sock held.
		task.Serial, task.Serialised = SerialSocket, "the socket lock"
		return task
	case ProgTypeCgroupDevice, ProgTypeCgroupSysctl, ProgTypeSyscall:
		return task
	case ProgTypeStructOps:
		return structOpsContext(structOps, member)
	case ProgTypeLircMode2:
		return both
	}
	return Context{Name: "a context that depends on its attachment", Anywhere: true}
}

// UserProbe reports whether the program is attached to code of a process.
func (info ProgInfo) UserProbe() bool {
	switch info.Prefix {
	case "uprobe", "uprobe.s", "uretprobe", "uretprobe.s", "uprobe.multi", "uprobe.multi.s", "uretprobe.multi",
		"uretprobe.multi.s", "uprobe.session", "uprobe.session.s", "usdt", "usdt.s":
		return true
	}
	return false
}

// structOpsContext knows the callbacks of the struct_ops types.
func structOpsContext(structOps, member string) Context {
	both := Context{Name: "process context or softirq", TaskContext: true, SoftIRQ: true, Preemptible: true}
	switch structOps {
	case "tcp_congestion_ops":
		// net/ipv4/tcp_cong.c, tcp_input.c, tcp_output.c: every callback runs
		// with the socket owned; only get_info may run without (net/ipv4/tcp_diag.c).
		if member != "get_info" {
			both.Serial, both.Serialised = SerialSocket, "the socket lock"
		}
		return both
	case "sched_ext_ops":
		return schedExtContext(member)
	case "Qdisc_ops":
		// net/sched/sch_generic.c: enqueue and dequeue under the root lock.
		switch member {
		case "enqueue", "dequeue":
			return Context{Name: "softirq, or a task with softirqs off", TaskContext: true, SoftIRQ: true, SoftIRQsOff: true,
				Serial: SerialObject, Serialised: "the queueing discipline's lock"}
		}
		return Context{Name: "process context", TaskContext: true, Preemptible: true, Serial: SerialObject, Serialised: "the rtnl lock"}
	case "hid_bpf_ops":
		if member == "hid_device_event" {
			return Context{Name: "interrupt", HardIRQ: true, SoftIRQ: true, TaskContext: true}
		}
	}
	return both
}

// schedExtContext: kernel/sched/ext.c, the uses of SCX_CALL_OP*.
func schedExtContext(member string) Context {
	rq := Context{Name: "scheduler (interrupts off)", TaskContext: true, HardIRQ: true, SoftIRQ: true, IRQsOff: true, SoftIRQsOff: true}
	task := Context{Name: "process context", TaskContext: true, Preemptible: true}
	switch member {
	case "enqueue", "dequeue", "runnable", "running", "stopping", "quiescent", "yield", "tick", "enable", "disable",
		"exit_task", "core_sched_before":
		// SCX_CALL_OP_TASK: under the run-queue lock of the task. For
		// core_sched_before and yield, of both tasks' common run queue.
		rq.Serial, rq.Serialised, rq.RunQueue = SerialTask, "the task's run-queue lock", true
		return rq
	case "set_weight", "set_cpumask":
		rq.Serial, rq.Serialised, rq.RunQueue = SerialTask, "the task's run-queue lock", true
		return rq
	case "select_cpu":
		// try_to_wake_up: the task's pi_lock, and the task is on no run queue
		// until the callback has chosen one (kernel/sched/core.c).
		rq.Serial, rq.Serialised = SerialTask, "the task's pi_lock, before it is queued"
		return rq
	case "dispatch", "update_idle", "cpu_acquire", "cpu_release":
		// The run-queue lock of one CPU, which may be dropped in between.
		rq.RunQueue = true
		return rq
	case "init_task":
		// Before the task is known to the scheduler.
		task.Serial, task.Serialised = SerialTask, "the task's initialisation"
		return task
	case "init", "exit":
		task.Serial, task.Serialised = SerialOnce, "running once"
		return task
	case "dump", "dump_cpu", "dump_task":
		return rq
	case "cgroup_init", "cgroup_exit", "cgroup_prep_move", "cgroup_cancel_move", "cgroup_move", "cgroup_set_weight",
		"cpu_online", "cpu_offline":
		return task
	}
	return rq
}

// SchedExtCPUArg gives the number of the argument that is the CPU a sched_ext
// callback is about, -1 when there is none (kernel/sched/ext.c struct
// sched_ext_ops, 6.12).
func SchedExtCPUArg(member string) int {
	switch member {
	case "dispatch", "update_idle", "cpu_acquire", "cpu_release":
		return 0
	}
	return -1
}

// level orders how a program can be interrupted.
type level int

const (
	levelTask level = iota
	levelSoft
	levelHard
	levelNMI
)

func (c Context) levels() []level {
	var ls []level
	for l, on := range []bool{c.TaskContext, c.SoftIRQ, c.HardIRQ, c.NMI} {
		if on {
			ls = append(ls, level(l))
		}
	}
	return ls
}

// CanInterrupt reports whether a program in context a can start on a CPU in
// the midst of one in context b, and run to its end there: by an interrupt, or
// by preemption. Levels that only may occur (Anywhere) do not count. For two
// runs of one program see Nests.
func CanInterrupt(a, b Context) bool {
	if a.GuardedBy == GuardTracing && b.GuardedBy == GuardTracing {
		return false
	}
	for _, lb := range b.levels() {
		for _, la := range a.levels() {
			switch {
			case la == levelTask && lb == levelTask:
				if b.Preemptible {
					return true
				}
			case la <= lb:
			case la == levelSoft && (b.SoftIRQsOff || b.IRQsOff):
			case la == levelHard && b.IRQsOff:
			default:
				return true
			}
		}
	}
	return false
}

// OnlyPreempts reports whether the sole way in which a can interrupt b is that
// another task runs.
func OnlyPreempts(a, b Context) bool {
	if !CanInterrupt(a, b) {
		return false
	}
	b.Preemptible = false
	return !CanInterrupt(a, b)
}

// Nests reports whether a second run of a program can start on the CPU in the
// midst of a first.
func Nests(c Context) bool { return c.GuardedBy == GuardNone && CanInterrupt(c, c) }
