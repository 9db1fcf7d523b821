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
// to see. Variables of one section are no record. Where the value has a lock of
// its own, the write without it is unguarded-access's. What a helper writes is mostly
// a name.
func tears(a *model.Access) bool {
	if m := a.Place.Map; a.Kind == model.Store && m != nil && slices.ContainsFunc(m.Value.Specials(), func(s ir.Special) bool { return s.IsLock() }) {
		return false
	}
	return a.Place.Region == model.RegionMapValue && a.Place.Elem != nil && a.Place.Off >= 0 && !a.Place.IsLock && !a.Fresh && !a.Bulk && a.PartOf == nil &&
		isWrite(a.Kind) && a.Kind != model.HelperWrite && len(a.Locks) == 0
}
