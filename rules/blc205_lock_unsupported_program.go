package rules

import (
	"fmt"

	"github.com/bpflockcheck/bpflockcheck/analyzer/diag"
	"github.com/bpflockcheck/bpflockcheck/analyzer/ir"
	"github.com/bpflockcheck/bpflockcheck/analyzer/model"
	"github.com/bpflockcheck/bpflockcheck/rules/kernel"
)

var lockUnsupportedProgram = &Rule{
	ID: "BLC205", Name: "lock-unsupported-program", Severity: diag.Error,
	Summary: "a program type that may not use a value with this lock",
	Check:   checkLockUnsupportedProgram,
}

func checkLockUnsupportedProgram(p *Pass) {
	type use struct {
		program *ir.Program
		in      container
	}
	reported := make(map[use]bool)
	report := func(at model.Site, pl model.Place, takes bool) {
		u := use{at.Program, containerOf(pl)}
		if at.Program == nil || reported[u] {
			return
		}
		kind := lockKind(pl)
		if kind == "" {
			return
		}
		may := kernel.MayUseSpinLock
		if kind == "bpf_res_spin_lock" {
			may = kernel.MayUseResSpinLock
		}
		if ok, _ := may(at.Program.Info, p.Kernel); ok {
			return
		}
		reported[u] = true
		message := fmt.Sprintf("a %s is taken in %s: Linux %s refuses it in %s", kind, programs, p.Kernel, kindOf(at.Program))
		if !takes {
			message = fmt.Sprintf("%s is used in %s, and its value holds a %s: Linux %s refuses that in %s, even where the lock is not taken", owner(pl), programs, kind, p.Kernel, kindOf(at.Program))
		}
		p.Report(at, message, OnMap(owner(pl)),
			Help("keep this program's data in a map without a lock: use atomics or a per-CPU map there"))
	}
	// The lock operation is the better place where there is one.
	for _, op := range p.Model.Locks {
		if op.Kind == model.Acquire {
			report(op.Site, op.Lock.Place, true)
		}
	}
	for _, r := range p.Model.Refs {
		report(r.Site, model.Place{Map: r.Map, Global: r.Global}, false)
	}
	for _, a := range p.Model.Accesses {
		report(a.Site, a.Place, false)
	}
	for _, c := range p.Model.Calls {
		report(c.Site, model.Place{Map: c.Map}, false)
	}
}

// lockKind gives the kind of lock that the kernel finds in a map's values or in
// a variable's section, "" when there is none.
func lockKind(pl model.Place) string {
	var t *ir.Type
	switch {
	case pl.Map != nil:
		if pl.Map.Legacy {
			return ""
		}
		t = pl.Map.Value
	case pl.Global != nil:
		if s := globalLock(pl.Global); s != nil {
			return s.Kind
		}
		return ""
	}
	for _, s := range t.Specials() {
		if s.IsLock() && s.Unrecognised == "" {
			return s.Kind
		}
	}
	return ""
}

// globalLock gives the lock in a variable, nil when there is none. A variable
// is a member of its section, so a lock that is a variable of its own counts.
func globalLock(g *ir.Global) *ir.Special {
	for _, s := range g.Type.Specials() {
		if s.IsLock() && (s.Unrecognised == "" || s.Unrecognised == "outermost") {
			return &s
		}
	}
	return nil
}

// kindOf names the programs that are refused for the same reason.
func kindOf(prog *ir.Program) string {
	switch {
	case prog.Info.Type.IsTracing():
		return "kprobe, tracepoint and perf_event programs"
	case prog.Info.Type == kernel.ProgTypeSocketFilter:
		return "socket filters"
	}
	return "sleepable programs"
}
