package rules

import (
	"fmt"

	"github.com/bpflockcheck/bpflockcheck/analyzer/diag"
	"github.com/bpflockcheck/bpflockcheck/analyzer/model"
)

var publishBeforeInit = &Rule{
	ID: "BLC112", Name: "publish-before-init", Severity: diag.Note,
	Summary: "an element is inserted in a shared map and only then filled in",
	Check:   checkPublishBeforeInit,
}

func checkPublishBeforeInit(p *Pass) {
	seen := make(map[int]bool)
	for _, a := range p.Model.Accesses {
		if !a.Fresh || a.Place.Region != model.RegionMapValue || !isPlainWrite(a.Kind) || a.Place.Elem == nil || len(a.Locks) > 0 || seen[a.Place.Elem.ID] {
			continue
		}
		s := p.shared(a)
		if !s.shared {
			continue
		}
		reader := p.otherReader(a)
		if reader == nil {
			continue
		}
		seen[a.Place.Elem.ID] = true
		p.Report(a.Site, fmt.Sprintf("in %s, an element of %s is filled in after it was inserted: another CPU can find it half filled", programs, a.Place.Map.Name),
			On(a.Place), WithConfidence(min(s.confidence, diag.Medium)),
			OtherSide(reader.Pos, "read here"),
			Help("fill a value on the stack (or in a per-CPU slot) and insert it whole"))
	}
}

// otherReader gives a read of the bytes that does not follow the same insert.
func (p *Pass) otherReader(a *model.Access) *model.Access {
	for _, b := range p.around(a.Place) {
		if !isWrite(b.Kind) && !b.Fresh && b.Place.Elem != a.Place.Elem && overlap(a.Place, b.Place) {
			return b
		}
	}
	return nil
}
