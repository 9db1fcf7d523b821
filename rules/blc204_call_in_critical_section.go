package rules

import (
	"fmt"

	"github.com/bpflockcheck/bpflockcheck/analyzer/diag"
	"github.com/bpflockcheck/bpflockcheck/analyzer/ir"
	"github.com/bpflockcheck/bpflockcheck/analyzer/model"
	"github.com/bpflockcheck/bpflockcheck/rules/kernel"
)

var callInCriticalSection = &Rule{
	ID: "BLC204", Name: "call-in-critical-section", Severity: diag.Error,
	Summary: "a call that the kernel forbids while a lock is held or a critical section is open",
	Check:   checkCallInCriticalSection,
}

func checkCallInCriticalSection(p *Pass) {
	sleepers := p.sleepingFunctions()
	for _, c := range p.Model.Calls {
		t, ok := targetOf(c, p.Model.Unit.Evidence, sleepers)
		if !ok {
			continue
		}
		name := calleeName(c)
		if c.InLess && t.Kind == kernel.TargetKfunc { // locks there are unlock-mismatch's and nested-lock's
			if ok, text := kernel.AllowedInLess(t, p.Kernel); !ok {
				p.Report(c.Site, fmt.Sprintf("%s calls %s in the callback of bpf_rbtree_add, which Linux %s refuses (%q)", programs, name, p.Kernel, text),
					Help("only compare the two nodes in the callback"))
				continue
			}
		}
		if len(c.Held) > 0 {
			if c.Helper == kernel.HelperSpinLock && t.Kind == kernel.TargetHelper {
				continue // nested-lock's
			}
			if ok, text := kernel.AllowedInCriticalSection(t, kernel.InLock, p.Kernel); !ok {
				l := c.Held[len(c.Held)-1]
				fix, why := p.hoistFix(c)
				p.Report(c.Site, fmt.Sprintf("in %s, %s is called with %s held, which Linux %s refuses (%q)", programs, name, lockName(l), p.Kernel, text),
					OnLock(l), Related(l.Since.Pos, "the lock is taken here"),
					Help("%s%s", lockedCallHelp(t), why), WithFix(fix))
				continue
			}
		}
		p.checkSections(c, t, name)
	}
	p.checkNestedSections()
}

func lockedCallHelp(t kernel.Target) string {
	switch t.Kind {
	case kernel.TargetGlobal:
		return "make the function static (Linux 6.9 allows static functions), or call it before the lock or after the unlock"
	case kernel.TargetStatic:
		return "make it __always_inline, or call it before the lock or after the unlock"
	}
	return "call it before the lock or after the unlock"
}

// checkSections reports a call that sleeps, or leaves the program, in an RCU,
// preemption- or irq-disabled section.
func (p *Pass) checkSections(c *model.Call, t kernel.Target, name string) {
	for _, s := range openSections(c.Sections) {
		ok, text := kernel.AllowedInCriticalSection(t, s.kind, p.Kernel)
		if ok {
			continue
		}
		if t.Kind == kernel.TargetHelper && t.Helper == kernel.HelperTailCall || isThrow(t) {
			p.reportLeavingCall(c, s, name)
			return
		}
		opts := []Option{Help("call it outside the section")}
		if s.at != nil {
			opts = append(opts, Related(s.at.Pos, "the section begins here"))
		}
		p.Report(c.Site, fmt.Sprintf("in %s, %s is called %s, which Linux %s refuses (%q)", programs, name, s.where, p.Kernel, text), opts...)
		return
	}
}

// reportLeavingCall is for a call that would leave the section open for good:
// lock-leak reports those from the model's exits.
func (p *Pass) reportLeavingCall(c *model.Call, s openSection, name string) {
	for _, e := range p.Model.Exits {
		if samePos(e.Site, c.Site) {
			return
		}
	}
	p.Report(c.Site, fmt.Sprintf("in %s, %s is called %s, and so would leave the program inside it", programs, name, s.where), Help("end the section before"))
}

type openSection struct {
	kind  kernel.Section
	where string
	at    *model.Site
}

func openSections(s model.Sections) []openSection {
	var out []openSection
	if s.RCU > 0 {
		out = append(out, openSection{kernel.InRCU, "inside an RCU read-side section", s.RCUAt})
	}
	if s.Preempt > 0 {
		out = append(out, openSection{kernel.InPreempt, "with preemption disabled", s.PreemptAt})
	}
	if s.IRQ > 0 {
		out = append(out, openSection{kernel.InIRQ, "with interrupts disabled", s.IRQAt})
	}
	return out
}

// checkNestedSections reports sections that are opened or closed where the
// kernel forbids it: none under a lock, and no RCU section within another.
func (p *Pass) checkNestedSections() {
	for _, op := range p.Model.Locks {
		name := sectionCall(op.Kind)
		if name == "" {
			continue
		}
		t := kernel.Target{Kind: kernel.TargetKfunc, Kfunc: name}
		switch {
		case len(op.Held) > 0:
			if ok, text := kernel.AllowedInCriticalSection(t, kernel.InLock, p.Kernel); !ok {
				l := op.Held[len(op.Held)-1]
				p.Report(op.Site, fmt.Sprintf("in %s, %s is called with %s held, which Linux %s refuses (%q)", programs, name, lockName(l), p.Kernel, text),
					OnLock(l), Related(l.Since.Pos, "the lock is taken here"), Help("%s", lockedCallHelp(t)))
			}
		case op.Kind == model.RCULock && op.Before.RCU > 0:
			if ok, text := kernel.AllowedInCriticalSection(t, kernel.InRCU, p.Kernel); !ok {
				opts := []Option{Help("leave the inner one out: the section is already open")}
				if op.Before.RCUAt != nil {
					opts = append(opts, Related(op.Before.RCUAt.Pos, "the section begins here"))
				}
				p.Report(op.Site, fmt.Sprintf("in %s, an RCU read-side section is opened within one, which Linux %s refuses (%q)", programs, p.Kernel, text), opts...)
			}
		}
	}
}

func sectionCall(k model.LockOpKind) string {
	switch k {
	case model.RCULock:
		return "bpf_rcu_read_lock"
	case model.RCUUnlock:
		return "bpf_rcu_read_unlock"
	case model.PreemptDisable:
		return "bpf_preempt_disable"
	case model.PreemptEnable:
		return "bpf_preempt_enable"
	case model.IRQSave:
		return "bpf_local_irq_save"
	case model.IRQRestore:
		return "bpf_local_irq_restore"
	}
	return ""
}

// targetOf describes a call for the kernel's tables; ok is false for calls that
// no rule of the kernel's concerns.
func targetOf(c *model.Call, from diag.Evidence, sleepers map[string]bool) (t kernel.Target, ok bool) {
	if c.Program != nil {
		t.SleepableProg = c.Program.Info.Sleepable
	}
	switch {
	case c.LegacyPacketLoad:
		t.Kind = kernel.TargetPacketLoad
	case c.Kind == ir.CallHelper:
		t.Kind, t.Helper = kernel.TargetHelper, c.Helper
	case c.Kind == ir.CallKfunc:
		if sectionKfunc(c.Name) {
			return t, false // from the model's lock operations
		}
		t.Kind, t.Kfunc = kernel.TargetKfunc, c.Name
	case c.Kind == ir.CallFunc && c.Global:
		t.Kind, t.MaySleep = kernel.TargetGlobal, sleepers[c.Name]
	case c.Kind == ir.CallFunc && from == diag.FromObject:
		// In C, the compiler decides whether a static function is called at all.
		t.Kind = kernel.TargetStatic
	default:
		return t, false
	}
	return t, true
}

// sectionKfunc reports whether a kfunc is in the model as a lock operation.
func sectionKfunc(name string) bool {
	k := kernel.KfuncByName(name)
	if k == nil {
		return false
	}
	switch k.Class {
	case kernel.KfuncRCULock, kernel.KfuncRCUUnlock, kernel.KfuncPreemptDisable, kernel.KfuncPreemptEnable,
		kernel.KfuncIRQSave, kernel.KfuncIRQRestore, kernel.KfuncResLock, kernel.KfuncResUnlock,
		kernel.KfuncResLockIRQSave, kernel.KfuncResUnlockIRQRestore:
		return true
	}
	return false
}

func isThrow(t kernel.Target) bool {
	if t.Kind != kernel.TargetKfunc {
		return false
	}
	k := kernel.KfuncByName(t.Kfunc)
	return k != nil && k.Class == kernel.KfuncThrow
}

func calleeName(c *model.Call) string {
	switch {
	case c.LegacyPacketLoad:
		return "a legacy packet load (BPF_LD_ABS, BPF_LD_IND)"
	case c.Global:
		return "the global function " + c.Name
	case c.Name != "":
		return c.Name
	case c.Kind == ir.CallHelper:
		return c.Helper.Name()
	}
	return "a function"
}

// sleepingFunctions gives the functions of the unit in which a call that may
// sleep happens, directly or in what they call.
func (p *Pass) sleepingFunctions() map[string]bool {
	sleeps := make(map[string]bool)
	calls := make(map[string][]string)
	for _, c := range p.Model.Calls {
		if c.Func == nil {
			continue
		}
		in := c.Func.Name
		switch c.Kind {
		case ir.CallHelper:
			if kernel.SleepableIn(c.Helper, c.Program != nil && c.Program.Info.Sleepable, p.Kernel) {
				sleeps[in] = true
			}
		case ir.CallKfunc:
			if kernel.SleepableKfunc(c.Name) {
				sleeps[in] = true
			}
		case ir.CallFunc:
			calls[in] = append(calls[in], c.Name)
		}
	}
	for changed := true; changed; {
		changed = false
		for in, callees := range calls {
			for _, callee := range callees {
				if sleeps[callee] && !sleeps[in] {
					sleeps[in], changed = true, true
				}
			}
		}
	}
	return sleeps
}
