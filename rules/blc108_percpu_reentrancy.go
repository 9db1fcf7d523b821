package rules

import (
	"fmt"

	"github.com/bpflockcheck/bpflockcheck/analyzer/diag"
	"github.com/bpflockcheck/bpflockcheck/analyzer/ir"
	"github.com/bpflockcheck/bpflockcheck/analyzer/model"
	"github.com/bpflockcheck/bpflockcheck/rules/kernel"
)

var percpuReentrancy = &Rule{
	ID: "BLC108", Name: "percpu-reentrancy", Severity: diag.Warning,
	Summary: "a per-CPU value is used by programs that can interrupt one another on a CPU",
	Check:   checkPercpuReentrancy,
}

// ownCPU reports whether a place is the running CPU's slot: of a per-CPU map,
// or of an array indexed by the CPU's number.
func ownCPU(pl model.Place) bool {
	switch {
	case pl.Map != nil && pl.Map.Type.IsPerCPU():
		return pl.Elem == nil || !pl.Elem.PercpuElem
	case pl.Elem != nil && pl.Elem.KeyKind == model.KeyCPU:
		return true
	}
	return pl.Off < 0 && pl.Index == model.KeyCPU
}

func checkPercpuReentrancy(p *Pass) {
	// One finding for a map (or variable) and program: what interrupts it once
	// interrupts it everywhere.
	type use struct {
		in      container
		program *ir.Program
	}
	reported := make(map[use]bool)
	for _, a := range p.Model.Accesses {
		if a.Program == nil || a.Place.IsLock || !ownCPU(a.Place) || hasTag(a.Place, "data_racy") || hasTag(a.Place, "single_writer") ||
			a.IRQ > 0 || a.Preempt > 0 && !interruptible(p, a) {
			continue
		}
		window, what := exposed(a)
		if window == nil {
			continue
		}
		u := use{containerOf(a.Place), a.Program}
		if reported[u] {
			continue
		}
		if by, how := p.interrupter(a); by != nil {
			reported[u] = true
			p.reportReentrancy(a, by, window, what, how)
		}
	}
}

// exposed gives the earlier access from which on an interruption does harm: the
// load of a counter's update, or the fill of a scratch slot that is read.
func exposed(a *model.Access) (*model.Access, string) {
	if a.Kind == model.Store {
		for _, o := range a.Origins {
			if o.Access != nil && !o.Copied && samePlace(a.Place, o.Access.Place) == isSame {
				return o.Access, "updated"
			}
		}
		return nil, ""
	}
	if a.FilledBefore != nil && !isWrite(a.Kind) && len(a.FilledBefore.Origins) == 0 {
		return a.FilledBefore, "filled and then read"
	}
	return nil, ""
}

// how says in which way another run comes in between.
type how int

const (
	never how = iota
	byPreemption
	byInterrupt
)

// interrupter finds a write to the same memory by a program that can run on
// the CPU in the midst of a's; a's own program counts.
func (p *Pass) interrupter(a *model.Access) (*model.Access, how) {
	var best *model.Access
	bestHow := never
	mine := contextAt(a.Site, p.Kernel)
	for _, b := range p.around(a.Place) {
		if b.Program == nil || !isWrite(b.Kind) || b.Place.IsLock || !ownCPU(b.Place) || !overlap(a.Place, b.Place) || sameElement(a.Place, b.Place) == differs {
			continue
		}
		h := never
		theirs := contextAt(b.Site, p.Kernel)
		if b.Program == a.Program && b.Async == a.Async {
			if kernel.Nests(mine) {
				h = howIn(theirs, mine)
			}
		} else if kernel.CanInterrupt(theirs, mine) {
			h = howIn(theirs, mine)
		}
		if h == byPreemption && a.Preempt > 0 {
			h = never
		}
		if h > bestHow {
			best, bestHow = b, h
		}
	}
	return best, bestHow
}

func howIn(theirs, mine kernel.Context) how {
	if kernel.OnlyPreempts(theirs, mine) {
		return byPreemption
	}
	return byInterrupt
}

// interruptible reports whether an access with preemption off can still be
// interrupted.
func interruptible(p *Pass, a *model.Access) bool {
	_, h := p.interrupter(a)
	return h == byInterrupt
}

func (p *Pass) reportReentrancy(a, by, window *model.Access, what string, h how) {
	mine, theirs := contextAt(a.Site, p.Kernel), contextAt(by.Site, p.Kernel)
	severity, confidence := diag.Warning, diag.Medium
	event := fmt.Sprintf("%s (%s) can interrupt that on the same CPU", by.Program.Name, theirs.Name)
	if h == byPreemption {
		event = fmt.Sprintf("%s, in another task, can preempt that on the same CPU", by.Program.Name)
		if by.Program == a.Program || !mine.CanSleep {
			severity = diag.Note
		}
	}
	opts := []Option{On(a.Place), WithSeverity(severity), WithConfidence(confidence),
		Help("%s", reentrancyHelp(a))}
	if by != a {
		opts = append(opts, OtherSide(by.Pos, "%s writes it here", by.Program.Name))
	}
	if !samePos(window.Site, a.Site) {
		opts = append(opts, Related(window.Pos, "from here on an interruption does harm"))
	}
	p.Report(a.Site, fmt.Sprintf("in %s, %s, which is per-CPU, is %s, and %s", programs, describe(a.Place), what, event), opts...)
}

func reentrancyHelp(a *model.Access) string {
	if a.Kind == model.Store {
		return "use an atomic, or a map of its own for each program"
	}
	return "use a map of its own for each program, or a slot for each nesting level (bpf_this_cpu counter)"
}
