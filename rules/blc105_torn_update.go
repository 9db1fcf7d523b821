package rules

import (
	"fmt"

	"github.com/bpflockcheck/bpflockcheck/analyzer/diag"
	"github.com/bpflockcheck/bpflockcheck/analyzer/model"
)

var tornUpdate = &Rule{
	ID: "BLC105", Name: "torn-update", Severity: diag.Note,
	Summary: "several fields of one shared value change together without a lock",
	Check:   checkTornUpdate,
}

func checkTornUpdate(p *Pass) {
	type group struct {
		program, function string
		elem              int
	}
	first := make(map[group]*model.Access)
	done := make(map[group]bool)
	for _, a := range p.Model.Accesses {
		// Values of maps only: variables of one section are no record.
		if a.Place.Region != model.RegionMapValue || a.Place.Elem == nil || a.Place.Off < 0 || a.Place.IsLock || a.Fresh || a.Bulk ||
			!changes(a) || len(a.Locks) > 0 {
			continue
		}
		s := p.shared(a)
		if !s.shared {
			continue
		}
		g := group{elem: a.Place.Elem.ID}
		if a.Program != nil {
			g.program = a.Program.Name
		}
		if a.Func != nil {
			g.function = a.Func.Name
		}
		b := first[g]
		switch {
		case b == nil:
			first[g] = a
		case done[g] || overlap(a.Place, b.Place):
		default:
			done[g] = true
			p.Report(a.Site, fmt.Sprintf("in %s, %s and %s change one after the other: who reads the value in between, on another CPU or in userspace, sees one without the other", programs, describe(b.Place), describe(a.Place)),
				On(a.Place), WithConfidence(min(s.confidence, diag.Medium)),
				Related(b.Pos, "the first field changes here"),
				Help("where readers need both to fit, change them under a bpf_spin_lock and read with BPF_F_LOCK, or use a per-CPU map"))
		}
	}
}

// changes reports whether an access updates something that was there before: a
// read-modify-write, atomic or not.
func changes(a *model.Access) bool {
	if a.Kind == model.AtomicRMW {
		return true
	}
	if a.Kind != model.Store {
		return false
	}
	for _, o := range a.Origins {
		if o.Access != nil && !o.Copied && samePlace(a.Place, o.Access.Place) == isSame {
			return true
		}
	}
	return false
}
