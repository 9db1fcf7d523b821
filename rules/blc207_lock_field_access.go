package rules

import (
	"fmt"

	"github.com/bpflockcheck/bpflockcheck/analyzer/diag"
	"github.com/bpflockcheck/bpflockcheck/analyzer/model"
)

var lockFieldAccess = &Rule{
	ID: "BLC207", Name: "lock-field-access", Severity: diag.Error,
	Summary: "a load, store or copy touches the bytes of a lock",
	Check:   checkLockFieldAccess,
}

func checkLockFieldAccess(p *Pass) {
	for _, a := range p.Model.Accesses {
		if !a.Place.IsLock {
			continue
		}
		verb, help := "read", "copy the members beside the lock one by one"
		if isWrite(a.Kind) {
			verb, help = "written", "assign the members beside the lock one by one: a lock needs no initialisation in the program"
		}
		what := fmt.Sprintf("in %s, the lock in %s is %s", programs, ownerOr(a.Place, "this object"), verb)
		switch {
		case a.Callee != "":
			what = fmt.Sprintf("in %s, memory that holds the lock of %s is passed to %s", programs, ownerOr(a.Place, "this object"), a.Callee)
			help = "pass the members beside the lock, or a copy of them on the stack"
		case a.Bulk:
			what = fmt.Sprintf("in %s, a whole value of %s is copied, its lock included", programs, ownerOr(a.Place, "this object"))
		}
		p.Report(a.Site, what+": the verifier lets nothing but the lock functions touch it", On(a.Place), Help("%s", help))
	}
}

func ownerOr(pl model.Place, other string) string {
	if name := owner(pl); name != "" {
		return name
	}
	return other
}
