package rules

import (
	"fmt"

	"github.com/bpflockcheck/bpflockcheck/analyzer/diag"
	"github.com/bpflockcheck/bpflockcheck/analyzer/ir"
	"github.com/bpflockcheck/bpflockcheck/analyzer/model"
)

var sharedScratch = &Rule{
	ID: "BLC107", Name: "shared-scratch", Severity: diag.Warning,
	Summary: "a slot of a shared map with a constant key, or a variable, serves as a temporary buffer",
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
		fill, exact := a.FilledBefore, true
		if fill == nil {
			fill, exact = a.FilledAround, false
		}
		if fill == nil || isWrite(a.Kind) || !isSlot(a.Place) && !isBuffer(fill, a) {
			continue
		}
		if fill.Const != nil && !fill.Bulk && a.Place.Map == nil {
			// Every CPU stores the same, such as the line feed that bpf_printk
			// puts into its format.
			continue
		}
		s := p.shared(a)
		if !s.shared || protected(common(fill.Locks, a.Locks), a.Place) || p.keepsState(fill, exact) {
			continue
		}
		k := slot{container: containerOf(a.Place)}
		if a.Place.Elem != nil {
			k.key = a.Place.Elem.KeyConst
		}
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
		name := owner(a.Place)
		what, help := "an element of "+name, "make %s a BPF_MAP_TYPE_PERCPU_ARRAY"
		if a.Place.Map == nil {
			what, help = "variable "+name, "keep %s in a BPF_MAP_TYPE_PERCPU_ARRAY, or on the stack"
		}
		p.Report(fill.Site, fmt.Sprintf("in %s, %s is filled and read back later in the same run: two CPUs that do so at once overwrite each other's data", programs, what),
			OnMap(name), WithConfidence(s.confidence),
			RelatedAfter(a.Pos, "read back here%s", byCallee(a)),
			Help(help, name))
	}
}

// isSlot reports whether a place is in the one element that a constant key
// gives.
func isSlot(pl model.Place) bool {
	return pl.Region == model.RegionMapValue && pl.Elem != nil && pl.Elem.KeyKind == model.KeyConst
}

// isBuffer reports whether a variable is filled and read as a buffer: an array,
// or a struct that a helper fills or takes. What is stored to a member and then
// looked at may be a result that stays.
func isBuffer(fill, read *model.Access) bool {
	if read.Place.Region != model.RegionGlobal {
		return false
	}
	t := read.Place.Global.Type.Underlying()
	switch {
	case t == nil:
		return false
	case t.Kind == ir.Array:
		return true
	case t.Kind == ir.Struct || t.Kind == ir.Union:
		return fill.Kind == model.HelperWrite || read.Kind == model.HelperRead
	}
	return false
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
//
// With exact unset the store only filled a slot of an array that is read at an
// index which varies; any other read of the array is then such an access.
func (p *Pass) keepsState(fill *model.Access, exact bool) bool {
	for _, o := range fill.Origins {
		if o.Access != nil && samePlace(o.Access.Place, fill.Place) != differs {
			return true
		}
	}
	for _, b := range p.around(fill.Place) {
		if b.Kind == model.AtomicRMW && samePlace(b.Place, fill.Place) != differs {
			return true
		}
		if (b.Kind == model.Load || b.Kind == model.HelperRead) && b.FilledBefore == nil &&
			(samePlace(b.Place, fill.Place) == isSame || !exact && b.FilledAround == nil) {
			return true
		}
	}
	return false
}
