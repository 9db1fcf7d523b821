package rules

import (
	"fmt"
	"slices"

	"github.com/bpflockcheck/bpflockcheck/analyzer/diag"
	"github.com/bpflockcheck/bpflockcheck/analyzer/model"
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
		var count string
		switch {
		case l.Bound < 0:
			count = "an unknown number of times"
		case l.Bound >= longLoop:
			count = fmt.Sprintf("up to %d times", l.Bound)
		case l.Inner < longLoop && l.Bound*l.Inner >= longLoop:
			count = fmt.Sprintf("up to %d times (and in each of its rounds other loops up to %d)", l.Bound, l.Inner)
		default:
			continue // where a loop inside is long, that one is reported
		}
		var where string
		harm := "the CPU serves no interrupt and other CPUs spin meanwhile"
		var opts []Option
		switch {
		case len(l.Held) > 0:
			held := l.Held[len(l.Held)-1]
			where = fmt.Sprintf("with %s held and %s", lockName(held), disabledBy(l))
			opts = append(opts, OnLock(held), Related(held.Since.Pos, "the lock is taken here"))
			if !interruptsOff(l) {
				harm = "no other task runs on the CPU and other CPUs spin meanwhile"
			}
		case l.IRQ > 0:
			where, harm = "with interrupts off", "the CPU serves no interrupt meanwhile"
			if l.IRQAt != nil {
				opts = append(opts, Related(l.IRQAt.Pos, "they are turned off here"))
			}
		case l.Preempt > 0:
			where, harm = "with preemption disabled", "no other task runs on the CPU meanwhile"
			if l.PreemptAt != nil {
				opts = append(opts, Related(l.PreemptAt.Pos, "it is disabled here"))
			}
		default:
			continue
		}
		p.Report(l.Site, fmt.Sprintf("a loop of %s runs %s %s: %s", programs, count, where, harm),
			append(opts, Help("do the work outside the section, or in pieces"))...)
	}
}

// disabledBy says what a loop's locks keep from its CPU.
func disabledBy(l *model.Loop) string {
	if interruptsOff(l) {
		return "interrupts off"
	}
	return "preemption disabled"
}

// interruptsOff reports whether a loop runs with interrupts off: a bpf_spin_lock
// turns them off (kernel/bpf/helpers.c __bpf_spin_lock_irqsave), a
// bpf_res_spin_lock only in its irqsave form (kernel/bpf/rqspinlock.c
// bpf_res_spin_lock disables preemption).
func interruptsOff(l *model.Loop) bool {
	return l.IRQ > 0 || slices.ContainsFunc(l.Held, func(k model.Lock) bool { return !k.Res || k.IRQ })
}
