package rules

import (
	"fmt"

	"github.com/bpflockcheck/bpflockcheck/analyzer/diag"
	"github.com/bpflockcheck/bpflockcheck/analyzer/model"
)

var nestedLock = &Rule{
	ID: "BLC202", Name: "nested-lock", Severity: diag.Error,
	Summary: "bpf_spin_lock while another lock is held",
	Check:   checkNestedLock,
}

func checkNestedLock(p *Pass) {
	for _, op := range p.Model.Locks {
		// bpf_res_spin_lock may nest, also inside a bpf_spin_lock; its order is
		// lock-order-inversion's.
		if op.Kind != model.Acquire || op.Lock.Res || len(op.Held) == 0 {
			continue
		}
		held := op.Held[len(op.Held)-1]
		for _, l := range op.Held {
			if l.ID == op.Lock.ID {
				held = l
			}
		}
		message := fmt.Sprintf("in %s, %s is taken while %s is held: a program may hold one bpf_spin_lock only", programs, lockName(op.Lock), lockName(held))
		if held.ID == op.Lock.ID && !op.Unknown {
			message = fmt.Sprintf("in %s, %s is taken while it is already held: the program would wait for itself", programs, lockName(op.Lock))
		}
		p.Report(op.Site, message, OnLock(op.Lock),
			Related(held.Since.Pos, "the first lock is taken here"),
			Help("release the first lock before, or use one lock for both; bpf_res_spin_lock (Linux 6.15) may nest"))
	}
}
