package rules

import (
	"fmt"
	"slices"

	"github.com/bpflockcheck/bpflockcheck/analyzer/diag"
	"github.com/bpflockcheck/bpflockcheck/analyzer/ir"
	"github.com/bpflockcheck/bpflockcheck/analyzer/model"
)

var tornUpdate = &Rule{
	ID: "BLC105", Name: "torn-update", Severity: diag.Note,
	Summary: "several fields of one shared value change together without a lock",
	Check:   checkTornUpdate,
}

func checkTornUpdate(p *Pass) {
	type group struct {
		program *ir.Program
		elem    int
	}
	done := make(map[group]bool)
	for _, a := range p.Model.Accesses {
		g := group{program: a.Program}
		if a.Place.Elem != nil {
			g.elem = a.Place.Elem.ID
		}
		if done[g] || !tears(a) {
			continue
		}
		s := p.shared(a)
		if !s.shared {
			continue
		}
		i := slices.IndexFunc(a.After, func(b *model.Access) bool { return tears(b) && !overlap(a.Place, b.Place) })
		if i < 0 {
			continue
		}
		b := a.After[i]
		done[g] = true
		p.Report(a.Site, fmt.Sprintf("in %s, %s and %s change one after the other: who reads the value in between, on another CPU or in userspace, sees one without the other", programs, describe(b.Place), describe(a.Place)),
			On(a.Place), WithConfidence(min(s.confidence, diag.Medium)),
			Related(b.Pos, "the first field changes here"),
			Help("where readers need both to fit, change them under a bpf_spin_lock and read with BPF_F_LOCK, or use a per-CPU map"))
	}
}

// tears reports whether an access changes a field of a map's element for all
// to see. Variables of one section are no record.
func tears(a *model.Access) bool {
	return a.Place.Region == model.RegionMapValue && a.Place.Elem != nil && a.Place.Off >= 0 && !a.Place.IsLock && !a.Fresh && !a.Bulk &&
		changes(a) && len(a.Locks) == 0
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
