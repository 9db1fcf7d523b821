package rules

import (
	"fmt"

	"github.com/bpflockcheck/bpflockcheck/analyzer/diag"
)

var longCriticalSection = &Rule{
	ID: "BLC212", Name: "long-critical-section", Severity: diag.Note,
	Summary: "an unbounded or long loop with a lock held or interrupts off",
	Check:   checkLongCriticalSection,
}

// longLoop is the number of iterations from which a loop under a lock is worth
// a note: at some 10 ns each, 10 µs with interrupts off.
const longLoop = 1000

func checkLongCriticalSection(p *Pass) {
	for _, l := range p.Model.Loops {
		if l.Bound >= 0 && l.Bound < longLoop {
			continue
		}
		count := "an unknown number of times"
		if l.Bound >= 0 {
			count = fmt.Sprintf("up to %d times", l.Bound)
		}
		var where string
		var opts []Option
		switch {
		case len(l.Held) > 0:
			held := l.Held[len(l.Held)-1]
			where = fmt.Sprintf("with %s held and interrupts off", lockName(held))
			opts = append(opts, OnLock(held), Related(held.Since.Pos, "the lock is taken here"))
		case l.IRQ > 0:
			where = "with interrupts off"
			if l.IRQAt != nil {
				opts = append(opts, Related(l.IRQAt.Pos, "they are turned off here"))
			}
		case l.Preempt > 0:
			where = "with preemption disabled"
			if l.PreemptAt != nil {
				opts = append(opts, Related(l.PreemptAt.Pos, "it is disabled here"))
			}
		default:
			continue
		}
		p.Report(l.Site, fmt.Sprintf("a loop of %s runs %s %s: the CPU serves no interrupt and other CPUs spin meanwhile", programs, count, where),
			append(opts, Help("do the work outside the section, or in pieces"))...)
	}
}
