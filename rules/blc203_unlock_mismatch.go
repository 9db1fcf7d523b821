package rules

import (
	"fmt"

	"github.com/bpflockcheck/bpflockcheck/analyzer/diag"
	"github.com/bpflockcheck/bpflockcheck/analyzer/model"
)

var unlockMismatch = &Rule{
	ID: "BLC203", Name: "unlock-mismatch", Severity: diag.Error,
	Summary: "an unlock, enable or restore that does not match what is held",
	Check:   checkUnlockMismatch,
}

func checkUnlockMismatch(p *Pass) {
	for _, op := range p.Model.Locks {
		switch op.Kind {
		case model.Release:
			p.checkRelease(op)
		case model.RCUUnlock:
			if op.Before.RCU == 0 {
				p.reportUnmatched(op, "bpf_rcu_read_unlock", "bpf_rcu_read_lock")
			}
		case model.PreemptEnable:
			if op.Before.Preempt == 0 {
				p.reportUnmatched(op, "bpf_preempt_enable", "bpf_preempt_disable")
			}
		case model.IRQRestore:
			p.checkRestore(op, "bpf_local_irq_restore", "bpf_local_irq_save")
		}
	}
}

func (p *Pass) reportUnmatched(op *model.LockOp, end, begin string) {
	p.Report(op.Site, fmt.Sprintf("a path of %s reaches this %s without a %s before", programs, end, begin),
		Help("call both on the same paths"))
}

func (p *Pass) checkRelease(op *model.LockOp) {
	if op.Unchecked {
		return // unchecked-lock's
	}
	unlock := unlockName(op.Lock)
	if op.InLess {
		p.Report(op.Site, fmt.Sprintf("in %s, %s is called in the callback of bpf_rbtree_add, which runs with the tree's lock held", programs, unlock), OnLock(op.Lock),
			Help("only compare in the callback; release the lock after bpf_rbtree_add"))
		return
	}
	if len(op.Held) == 0 {
		p.Report(op.Site, fmt.Sprintf("a path of %s reaches this %s with no lock held", programs, unlock), OnLock(op.Lock),
			Help("take and release the lock on the same paths"))
		return
	}
	if op.Unknown {
		return
	}
	top := op.Held[len(op.Held)-1]
	match := -1
	for i, l := range op.Held {
		if l.ID == op.Lock.ID && l.Res == op.Lock.Res {
			match = i
		}
	}
	switch {
	case match < 0:
		message := fmt.Sprintf("in %s, %s is released, but %s is held", programs, lockName(op.Lock), lockName(top))
		help := "release the lock that was taken, through the same pointer"
		if sameElement(op.Lock.Place, top.Place) == isSame && top.Place.Elem != nil && op.Lock.Place.Elem != nil && top.Place.Elem.ID != op.Lock.Place.Elem.ID {
			message = fmt.Sprintf("in %s, the lock is released through the pointer of another lookup than the one it was taken through", programs)
			help = "keep the pointer that was locked: the kernel takes each lookup for another value, even with the same key"
		}
		p.Report(op.Site, message, OnLock(op.Lock), Related(top.Since.Pos, "taken here"), Help("%s", help))
	case op.Held[match].IRQ != op.Lock.IRQ:
		p.Report(op.Site, fmt.Sprintf("in %s, %s releases a lock that was taken with %s", programs, unlock, lockFuncName(op.Held[match])),
			OnLock(op.Lock), Related(op.Held[match].Since.Pos, "taken here"), Help("use %s", unlockName(op.Held[match])))
	case match != len(op.Held)-1:
		p.Report(op.Site, fmt.Sprintf("in %s, %s is released before %s, which was taken later", programs, lockName(op.Lock), lockName(top)),
			OnLock(op.Lock), Related(top.Since.Pos, "taken here, and to be released first"), Help("release locks in the reverse order"))
	case op.Lock.IRQ:
		p.checkRestore(op, unlock, "bpf_res_spin_lock_irqsave")
	}
}

// checkRestore compares the flags that a restore is given with those that the
// innermost save filled.
func (p *Pass) checkRestore(op *model.LockOp, end, begin string) {
	if len(op.OpenIRQ) == 0 {
		if op.Kind == model.IRQRestore && op.Before.IRQ == 0 {
			p.reportUnmatched(op, end, begin)
		}
		return
	}
	top := op.OpenIRQ[len(op.OpenIRQ)-1]
	if op.Irqflags == "" || top == "" || op.Irqflags == top {
		return
	}
	opts := []Option{Help("restore each irq state from its own variable, the last saved first")}
	if at := op.Before.IRQAt; at != nil {
		opts = append(opts, Related(at.Pos, "the last state is saved here"))
	}
	p.Report(op.Site, fmt.Sprintf("in %s, another irq state is restored than the one saved last", programs), opts...)
}
