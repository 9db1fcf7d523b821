package rules

import (
	"fmt"

	"github.com/bpflockcheck/bpflockcheck/analyzer/diag"
	"github.com/bpflockcheck/bpflockcheck/analyzer/ir"
	"github.com/bpflockcheck/bpflockcheck/analyzer/model"
)

var lockLeak = &Rule{
	ID: "BLC201", Name: "lock-leak", Severity: diag.Error,
	Summary: "a path leaves the program with a lock held or a critical section open",
	Check:   checkLockLeak,
}

func checkLockLeak(p *Pass) {
	for _, e := range p.Model.Exits {
		leave := e.How
		if leave == "" {
			leave = "return"
		}
		if e.How == "subprogram" {
			p.checkSubprogram(e)
			continue
		}
		if len(e.Held) > 0 {
			if e.How == "tail call" || e.How == "throw" {
				// The verifier stops at the call, which no lock allows:
				// call-in-critical-section reports it.
				continue
			}
			l := e.Held[len(e.Held)-1]
			if p.takenTwice(l) {
				continue // nested-lock's: the verifier comes no further
			}
			fix, why := p.releaseFix(e, releasesOf(e.Held))
			opts := []Option{OnLock(l), Related(l.Since.Pos, "the lock is taken here"),
				Help("release it with %s on every path%s", unlockName(l), why), WithFix(fix)}
			if e.How == "callback" && len(e.Callers) > 0 {
				leave = "end of a callback"
				opts = append(opts, Related(e.Callers[0], "called back from here, where the verifier refuses it"))
			}
			p.Report(e.Site, fmt.Sprintf("a path of %s reaches this %s with %s held", programs, leave, lockName(l)), opts...)
			continue
		}
		switch {
		case e.IRQ > 0:
			p.reportOpenSection(e, leave, "interrupts disabled", e.IRQAt, "bpf_local_irq_restore")
		case e.Preempt > 0:
			p.reportOpenSection(e, leave, "preemption disabled", e.PreemptAt, "bpf_preempt_enable")
		case e.RCU > 0:
			p.reportOpenSection(e, leave, "an RCU read-side section open", e.RCUAt, "bpf_rcu_read_unlock")
		}
	}
}

// checkSubprogram: up to Linux 6.8 the verifier looked for a lock at the exit of
// every frame (kernel/bpf/verifier.c do_check, 6.1). Whether a static function
// of the source is one, or is inlined, only the object tells.
func (p *Pass) checkSubprogram(e *model.Exit) {
	if len(e.Held) == 0 || p.Kernel.AtLeast(6, 9) || p.Model.Unit.Evidence != diag.FromObject {
		return
	}
	l := e.Held[len(e.Held)-1]
	if l.Since.Func != e.Func {
		return // taken by a caller: the call was refused already
	}
	p.Report(e.Site, fmt.Sprintf("in %s, a function returns with %s held, which Linux refuses before 6.9", programs, lockName(l)),
		OnLock(l), Related(l.Since.Pos, "the lock is taken here"),
		Help("make the function __always_inline, or take and release the lock in one function"))
}

// takenTwice reports whether nested-lock reports that a lock is taken by who
// holds it.
func (p *Pass) takenTwice(l model.Lock) bool {
	for _, op := range p.Model.Locks {
		if op.Kind == model.Acquire && !op.Lock.Res && op.Lock.ID == l.ID && holds(op.Held, l) {
			return true
		}
	}
	return false
}

func (p *Pass) reportOpenSection(e *model.Exit, leave, what string, at *model.Site, end string) {
	var rs []ir.Release
	if at != nil {
		rs = append(rs, ir.Release{Taken: at.Pos, Callee: end})
	}
	fix, why := p.releaseFix(e, rs)
	opts := []Option{Help("call %s on every path%s", end, why), WithFix(fix)}
	if at != nil {
		opts = append(opts, Related(at.Pos, "it begins here"))
	}
	p.Report(e.Site, fmt.Sprintf("a path of %s reaches this %s with %s", programs, leave, what), opts...)
}

// unlockName gives the function that releases a lock.
func unlockName(l model.Lock) string {
	switch {
	case l.Res && l.IRQ:
		return "bpf_res_spin_unlock_irqrestore"
	case l.Res:
		return "bpf_res_spin_unlock"
	}
	return "bpf_spin_unlock"
}

// lockFuncName gives the function that takes a lock.
func lockFuncName(l model.Lock) string {
	switch {
	case l.Res && l.IRQ:
		return "bpf_res_spin_lock_irqsave"
	case l.Res:
		return "bpf_res_spin_lock"
	}
	return "bpf_spin_lock"
}
