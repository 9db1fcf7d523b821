package rules

import (
	"fmt"

	"github.com/bpflockcheck/bpflockcheck/analyzer/diag"
	"github.com/bpflockcheck/bpflockcheck/analyzer/model"
)

var sharedScratch = &Rule{
	ID: "BLC107", Name: "shared-scratch", Severity: diag.Warning,
	Summary: "a slot of a shared map with a constant key serves as a temporary buffer",
	Check:   checkSharedScratch,
}

func checkSharedScratch(p *Pass) {
	type slot struct {
		program, function string
		container         container
		key               int64
	}
	seen := make(map[slot]bool)
	for _, a := range p.Model.Accesses {
		fill := a.FilledBefore
		if fill == nil || isWrite(a.Kind) || a.Place.Region != model.RegionMapValue || a.Place.Elem == nil ||
			a.Place.Elem.KeyKind != model.KeyConst {
			continue
		}
		s := p.shared(a)
		if !s.shared || protected(common(fill.Locks, a.Locks), a.Place) || p.keepsState(fill) {
			continue
		}
		k := slot{container: containerOf(a.Place), key: a.Place.Elem.KeyConst}
		if a.Program != nil {
			k.program = a.Program.Name
		}
		if fill.Func != nil {
			k.function = fill.Func.Name
		}
		if seen[k] {
			continue
		}
		seen[k] = true
		p.Report(fill.Site, fmt.Sprintf("in %s, an element of %s is filled and read back later in the same run: two CPUs that do so at once overwrite each other's data", programs, a.Place.Map.Name),
			OnMap(a.Place.Map.Name), WithConfidence(s.confidence),
			Related(a.Pos, "read back here%s", byCallee(a)),
			Help("make %s a BPF_MAP_TYPE_PERCPU_ARRAY", a.Place.Map.Name))
	}
}

func byCallee(a *model.Access) string {
	if a.Callee == "" {
		return ""
	}
	return " by " + a.Callee
}

// keepsState reports whether the place holds something from one run to the
// next: what is stored depends on what was there, or some access reads it
// without having filled it.
func (p *Pass) keepsState(fill *model.Access) bool {
	for _, o := range fill.Origins {
		if o.Access != nil && samePlace(o.Access.Place, fill.Place) != differs {
			return true
		}
	}
	for _, b := range p.around(fill.Place) {
		if b.Kind == model.AtomicRMW && samePlace(b.Place, fill.Place) != differs {
			return true
		}
		if (b.Kind == model.Load || b.Kind == model.HelperRead) && b.FilledBefore == nil && samePlace(b.Place, fill.Place) == isSame {
			return true
		}
	}
	return false
}
