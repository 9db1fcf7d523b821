package kernel

// Target says what is called, or done, in a critical section.
type Target struct {
	Kind   TargetKind
	Helper Helper // for TargetHelper
	Kfunc  string // for TargetKfunc
	// MaySleep: a global function that itself calls something that may sleep.
	MaySleep bool
	// SleepableProg: the program is one that may sleep.
	SleepableProg bool
	// Module: the kfunc is a module's.
	Module bool
}

// TargetKind is the kind of a Target.
type TargetKind int

// Kinds of targets. Tail calls are helper calls (HelperTailCall).
const (
	TargetHelper     TargetKind = iota
	TargetKfunc                 // a kernel function
	TargetStatic                // a static function of the program
	TargetGlobal                // a global one
	TargetPacketLoad            // BPF_LD_ABS, BPF_LD_IND
)

// Section is a kind of critical section.
type Section int

// Kinds of sections.
const (
	InLock Section = iota // bpf_spin_lock or bpf_res_spin_lock held
	InRCU
	InPreempt
	InIRQ
)

// String gives the name in the verifier's messages since 6.14.
func (s Section) String() string {
	switch s {
	case InRCU:
		return "bpf_rcu_read_lock-ed"
	case InPreempt:
		return "bpf_preempt_disable-ed"
	case InIRQ:
		return "bpf_local_irq_save-ed"
	}
	return "bpf_spin_lock-ed"
}

const callInLock = "function calls are not allowed while holding a lock"

// AllowedInCriticalSection reports whether kernel v accepts the call in the
// section; if not, text is the verifier's message. Source: kernel/bpf/verifier.c
// do_check, check_func_call, check_helper_call, check_kfunc_call, check_ld_abs;
// read in 6.1, 6.12 and 6.18 and tried on 6.18.
//
// A second bpf_spin_lock is refused like any other helper; the rule on nested
// locks reports it.
func AllowedInCriticalSection(t Target, s Section, v Version) (ok bool, text string) {
	if s == InLock {
		return allowedInLock(t, v)
	}
	return allowedInSection(t, s, v)
}

func allowedInLock(t Target, v Version) (bool, string) {
	switch t.Kind {
	case TargetHelper:
		// bpf_kptr_xchg: refused by 6.18, accepted by 7.x.
		if t.Helper == HelperSpinUnlock || t.Helper == HelperKptrXchg && v.AtLeast(7, 0) {
			return true, ""
		}
	case TargetKfunc:
		if !t.Module && kfuncInLock(t.Kfunc, v) {
			return true, ""
		}
	case TargetStatic:
		if !v.Less(StaticCallInLockSince) {
			return true, ""
		}
	case TargetGlobal:
		if !v.Less(StaticCallInLockSince) {
			return false, "global function calls are not allowed while holding a lock"
		}
	case TargetPacketLoad:
		return false, "BPF_LD_[ABS|IND] cannot be used inside bpf_spin_lock-ed region"
	}
	return false, callInLock
}

// kfuncInLock is is_bpf_graph_api_kfunc (6.12) or kfunc_spin_allowed (6.18).
func kfuncInLock(name string, v Version) bool {
	k := KfuncByName(name)
	if k == nil {
		return false
	}
	switch k.Class {
	case KfuncGraphAdd, KfuncGraphRemove, KfuncGraphPeek, KfuncRefAcquire:
		return true
	case KfuncResLock, KfuncResUnlock, KfuncResLockIRQSave, KfuncResUnlockIRQRestore:
		return !v.Less(ResSpinLockSince)
	case KfuncIterNew, KfuncIterNext, KfuncIterDestroy:
		switch k.Name {
		case "bpf_iter_num_new", "bpf_iter_num_next", "bpf_iter_num_destroy":
			return !v.Less(NumIterInLockSince)
		}
	case KfuncArenaAlloc:
		return v.AtLeast(7, 2)
	}
	return false
}

// inSectionText is the middle of the sleeping messages.
var inSectionText = map[Section]string{
	InRCU:     "rcu_read_lock region",
	InPreempt: "non-preemptible region",
	InIRQ:     "IRQ-disabled region",
}

func allowedInSection(t Target, s Section, v Version) (bool, string) {
	switch t.Kind {
	case TargetHelper:
		if t.Helper == HelperTailCall {
			return false, "tail_call cannot be used inside " + s.String() + " region"
		}
		if SleepableIn(t.Helper, t.SleepableProg, v) {
			return false, "sleepable helper " + t.Helper.Name() + " in " + inSectionText[s]
		}
	case TargetKfunc:
		k := KfuncByName(t.Kfunc)
		switch {
		case k == nil:
			return true, ""
		case k.Class == KfuncThrow:
			return false, "bpf_throw cannot be used inside " + s.String() + " region"
		case k.Class == KfuncRCULock && s == InRCU && v.Less(NestedRCUSince):
			return false, "nested rcu read lock (kernel function " + k.Name + ")"
		case k.Sleepable:
			return false, "kernel func " + k.Name + " is sleepable within " + inSectionText[s]
		}
	case TargetGlobal:
		switch {
		case v.AtLeast(6, 15):
			if t.MaySleep {
				return false, "global functions that may sleep are not allowed in non-sleepable context"
			}
		case s == InPreempt:
			return false, "global function calls are not allowed with preemption disabled"
		case s == InIRQ:
			return false, "global function calls are not allowed with IRQs disabled"
		}
	case TargetPacketLoad:
		return false, "BPF_LD_[ABS|IND] cannot be used inside " + s.String() + " region"
	}
	return true, ""
}

// AllowedInLess reports whether the call may stand in the callback that
// bpf_rbtree_add compares nodes with, where the tree's lock is held by the
// caller of bpf_rbtree_add; if not, text is the verifier's message. The rules
// of a critical section apply besides. Source: kernel/bpf/verifier.c
// check_func_arg, check_kfunc_call, check_kfunc_args (6.12, 6.18).
func AllowedInLess(t Target, v Version) (ok bool, text string) {
	switch t.Kind {
	case TargetHelper:
		if t.Helper == HelperSpinLock || t.Helper == HelperSpinUnlock {
			return false, "can't spin_{lock,unlock} in rbtree cb"
		}
	case TargetKfunc:
		k := KfuncByName(t.Kfunc)
		if k == nil {
			break
		}
		switch {
		case k.Class == KfuncRCULock || k.Class == KfuncRCUUnlock:
			return false, "Calling bpf_rcu_read_{lock,unlock} in unnecessary rbtree callback"
		case k.Name == "bpf_rbtree_remove", k.Name == "bpf_rbtree_left", k.Name == "bpf_rbtree_right":
			if v.AtLeast(6, 16) {
				return false, k.Name + " not allowed in rbtree cb"
			}
			return false, "rbtree_remove not allowed in rbtree cb"
		}
	}
	return true, ""
}
