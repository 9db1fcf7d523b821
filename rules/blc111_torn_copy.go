package rules

import (
	"fmt"
	"slices"

	"github.com/bpflockcheck/bpflockcheck/analyzer/diag"
	"github.com/bpflockcheck/bpflockcheck/analyzer/model"
)

var tornCopy = &Rule{
	ID: "BLC111", Name: "torn-copy", Severity: diag.Note,
	Summary: "more than 8 bytes are copied out of or into a shared value without its lock",
	Check:   checkTornCopy,
}

func checkTornCopy(p *Pass) {
	for _, a := range slices.Concat(p.Model.Accesses, p.Model.Copies) {
		if !a.Bulk || a.Place.Size <= 8 || a.Fresh || a.Place.IsLock || protected(a.Locks, a.Place) {
			continue
		}
		if a.Kind != model.Load && a.Kind != model.Store {
			continue
		}
		s := p.shared(a)
		if !s.shared {
			continue
		}
		// A copy can only tear when somebody else changes the value at the time.
		other := p.otherWrite(a)
		if a.Kind == model.Load && other == nil {
			continue
		}
		verb := "out of"
		if a.Kind == model.Store {
			verb = "into"
		}
		opts := []Option{On(a.Place), WithConfidence(min(s.confidence, diag.Medium)),
			Help("hold the value's bpf_spin_lock around the copy")}
		if other != nil {
			opts = append(opts, OtherSide(other.Pos, "written here"))
		}
		p.Report(a.Site, fmt.Sprintf("in %s, %d bytes are copied %s %s without a lock, piece by piece: with a writer on another CPU the pieces do not fit together", programs, a.Place.Size, verb, describe(a.Place)), opts...)
	}
}

// otherWrite gives another write to the bytes, nil when there is none.
func (p *Pass) otherWrite(a *model.Access) *model.Access {
	for _, b := range p.around(a.Place) {
		if b != a && b.PartOf != a && isWrite(b.Kind) && !b.Fresh && !b.Place.IsLock && samePlace(a.Place, b.Place) != differs {
			return b
		}
	}
	return nil
}
