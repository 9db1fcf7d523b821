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
	templates := innerMaps(p.Model.Unit)
	sections := sectionLocks(p.Model.Unit)
	report := func(at model.Site, pl model.Place, takes bool) {
		used := owner(pl)
		if pl.Global != nil {
			// A section is one map with one value: any of its variables will do.
			pl.Global = sections[pl.Global.Section]
		}
		u := use{at.Program, containerOf(pl)}
		if at.Program == nil || reported[u] || templates[pl.Map] {
			return
		}
		kind := p.lockKind(pl)
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
			holder := "its value"
			if pl.Global != nil && pl.Global.Name != used {
				holder = fmt.Sprintf("section %s, in which %s lies too,", pl.Global.Section, pl.Global.Name)
			}
			message = fmt.Sprintf("%s is used in %s, and %s holds a %s: Linux %s refuses that in %s, even where the lock is not taken", used, programs, holder, kind, p.Kernel, kindOf(at.Program))
		}
		p.Report(at, message, OnMap(used),
			Help("keep this program's data in a map or section without a lock: use atomics or a per-CPU map there"))
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
// a variable, "" when there is none. In a map that cannot hold it, it finds
// none: libbpf creates such a map without BTF.
func (p *Pass) lockKind(pl model.Place) string {
	switch {
	case pl.Map != nil:
		if pl.Map.Legacy {
			return ""
		}
		for _, s := range pl.Map.Value.Specials() {
			if !s.IsLock() || s.Unrecognised != "" {
				continue
			}
			if why, _ := p.badMapType(pl.Map, s, false); why == "" {
				return s.Kind
			}
		}
	case pl.Global != nil:
		if s := globalLock(pl.Global); s != nil {
			return s.Kind
		}
	}
	return ""
}

// innerMaps gives the templates of inner maps. The kernel looks at the map that
// a program refers to, which is the outer one, and its values are maps
// (kernel/bpf/verifier.c check_map_prog_compatibility).
func innerMaps(u *ir.Unit) map[*ir.Map]bool {
	inner := make(map[*ir.Map]bool)
	for _, m := range u.Maps {
		if m.Inner != nil {
			inner[m.Inner] = true
		}
	}
	return inner
}

// sectionLocks gives, by data section, the variable that holds its lock. Of a
// section with two the kernel knows none.
func sectionLocks(u *ir.Unit) map[string]*ir.Global {
	locks := make(map[string]*ir.Global)
	for _, g := range u.Globals {
		if globalLock(g) == nil {
			continue
		}
		_, second := locks[g.Section]
		locks[g.Section] = g
		if second {
			locks[g.Section] = nil
		}
	}
	return locks
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
