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
		// The lock call is what lacks the check; where it is not known, the
		// unlock shows it.
		at := op.Site
		opts := []Option{OnLock(op.Lock), Help("if (%s(...)) return 0; before the protected access", lockFuncName(op.Lock))}
		if since := op.Lock.Since; since.Pos != nil {
			at = since
			opts = append(opts, Related(op.Pos, "this %s is reached when the lock was not taken", unlockName(op.Lock)))
		}
		p.Report(at, fmt.Sprintf("%s does not check the result of %s, which fails when it would deadlock or wait too long: it goes on without the lock", programs, lockFuncName(op.Lock)), opts...)
	}
}
