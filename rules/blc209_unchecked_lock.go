package rules

import (
	"fmt"

	"github.com/bpflockcheck/bpflockcheck/analyzer/diag"
	"github.com/bpflockcheck/bpflockcheck/analyzer/model"
)

var uncheckedLock = &Rule{
	ID: "BLC209", Name: "unchecked-lock", Severity: diag.Error,
	Summary: "the result of bpf_res_spin_lock is not checked",
	Check:   checkUncheckedLock,
}

func checkUncheckedLock(p *Pass) {
	for _, op := range p.Model.Locks {
		if op.Kind != model.Release || !op.Unchecked {
			continue
		}
		opts := []Option{OnLock(op.Lock), Help("if (%s(...)) return 0; before the protected access", lockFuncName(op.Lock))}
		if at := p.acquisition(op); at != nil {
			opts = append(opts, Related(at.Pos, "the result of this call is not checked"))
		}
		// At the unlock, where the verifier stops.
		p.Report(op.Site, fmt.Sprintf("a path of %s reaches this %s although %s failed, as it does when it would deadlock or wait too long: its result is not checked", programs, unlockName(op.Lock), lockFuncName(op.Lock)), opts...)
	}
}

// acquisition finds the operation that should have taken the lock that op
// releases.
func (p *Pass) acquisition(op *model.LockOp) *model.LockOp {
	for _, l := range p.Model.Locks {
		if l.Kind == model.Acquire && l.Program == op.Program && l.Lock.ID == op.Lock.ID {
			return l
		}
	}
	return nil
}
