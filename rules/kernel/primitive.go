package kernel

// The releases that locks and atomics came with.
var (
	// SpinLockSince: bpf_spin_lock, BPF_F_LOCK.
	SpinLockSince = Version{5, 1}
	// ResSpinLockSince: bpf_res_spin_lock and its irqsave form.
	ResSpinLockSince = Version{6, 15}
	// AtomicsSince: BPF_ATOMIC with and, or, xor, fetch, xchg, cmpxchg. Adding
	// without fetch (XADD) is as old as BPF.
	AtomicsSince = Version{5, 12}
	// LoadAcquireSince: load-acquire and store-release, also on 1 and 2 bytes.
	LoadAcquireSince = Version{6, 15}
	// ArenaSince and ArenaAtomicsSince: arena maps, and atomics on them (x86).
	ArenaSince        = Version{6, 9}
	ArenaAtomicsSince = Version{6, 10}
	// RCUSectionSince, PreemptSectionSince and IRQSectionSince: the kfuncs
	// bpf_rcu_read_lock, bpf_preempt_disable and bpf_local_irq_save.
	RCUSectionSince     = Version{6, 2}
	PreemptSectionSince = Version{6, 10}
	IRQSectionSince     = Version{6, 14}
	// NestedRCUSince: bpf_rcu_read_lock nests (active_rcu_locks).
	NestedRCUSince = Version{6, 19}
	// StaticCallInLockSince: static functions may be called with a lock held.
	StaticCallInLockSince = Version{6, 9}
	// NumIterInLockSince: bpf_iter_num_* (bpf_for, bpf_repeat) under a lock.
	NumIterInLockSince = Version{6, 15}
	// MigrateDisableSince: programs no longer disable preemption but only
	// migration (on kernels without PREEMPT_RT), so that another program may
	// run on the CPU in the midst of one.
	MigrateDisableSince = Version{5, 11}
)
