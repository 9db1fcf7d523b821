package rules

import (
	"fmt"

	"github.com/bpflockcheck/bpflockcheck/analyzer/diag"
	"github.com/bpflockcheck/bpflockcheck/analyzer/model"
	"github.com/bpflockcheck/bpflockcheck/rules/kernel"
)

var lockTooNew = &Rule{
	ID: "BLC211", Name: "lock-too-new", Severity: diag.Error,
	Summary: "a lock primitive that the oldest kernel to support does not have",
	Check:   checkLockTooNew,
}

func checkLockTooNew(p *Pass) {
	for _, op := range p.Model.Locks {
		name, since := primitive(op)
		if name == "" || !p.Kernel.Less(since) || op.Asked || !op.AtLeast.Less(since) {
			continue
		}
		p.Report(op.Site, fmt.Sprintf("in %s, %s is used, which came with Linux %s, and %s is to be supported", programs, name, since, p.Kernel),
			OnLock(op.Lock), Help("require Linux %s, or use %s", since, olderPrimitive(op)))
	}
}

// primitive names what begins a section, and the release that it came with.
func primitive(op *model.LockOp) (string, kernel.Version) {
	switch op.Kind {
	case model.Acquire:
		if op.Lock.Res {
			return lockFuncName(op.Lock), kernel.ResSpinLockSince
		}
		return "bpf_spin_lock", kernel.SpinLockSince
	case model.RCULock:
		return "bpf_rcu_read_lock", kernel.RCUSectionSince
	case model.PreemptDisable:
		return "bpf_preempt_disable", kernel.PreemptSectionSince
	case model.IRQSave:
		return "bpf_local_irq_save", kernel.IRQSectionSince
	}
	return "", kernel.Version{}
}

func olderPrimitive(op *model.LockOp) string {
	switch {
	case op.Kind == model.Acquire && op.Lock.Res:
		return "bpf_spin_lock"
	case op.Kind == model.Acquire:
		return "atomics or a per-CPU map"
	case op.Kind == model.RCULock:
		return "a program that does not sleep, which is in an RCU section anyway"
	}
	return "atomics"
}
