package gomap

import (
	"fmt"
	"go/constant"
	"go/types"

	"golang.org/x/tools/go/ssa"

	"github.com/bpflockcheck/bpflockcheck/analyzer/diag"
)

// isReset reports whether an update sets to zero the element whose value get
// looked up for use: what programs add between the two is counted nowhere.
func isReset(get, up copyEvent) bool {
	return sameKey(get.key, up.key) && reaches(get.site, up.site) && isZero(up.memory) && usedAfter(get)
}

// isZero reports whether a variable was never given a value other than zero.
func isZero(v ssa.Value) bool {
	switch v := v.(type) {
	case *ssa.Const:
		if v.Value == nil {
			switch v.Type().Underlying().(type) {
			case *types.Struct, *types.Array:
				return true
			}
			return false // nil is no value of an element
		}
		switch v.Value.Kind() {
		case constant.Int:
			return constant.Sign(v.Value) == 0
		case constant.Bool:
			return !constant.BoolVal(v.Value)
		}
	case *ssa.Alloc, *ssa.MakeSlice:
		return onlyRead(v, 0)
	}
	return false
}

// onlyRead reports whether nothing stores through an address or a slice and
// nobody but map operations gets it.
func onlyRead(v ssa.Value, depth int) bool {
	if v.Referrers() == nil || depth > 6 {
		return false
	}
	for _, r := range *v.Referrers() {
		switch r := r.(type) {
		case *ssa.DebugRef:
		case *ssa.UnOp:
			// A value that was loaded cannot change what it was loaded from,
			// unless it points there.
			switch r.Type().Underlying().(type) {
			case *types.Pointer, *types.Slice:
				if !onlyRead(r, depth+1) {
					return false
				}
			}
		case *ssa.FieldAddr, *ssa.IndexAddr, *ssa.Slice, *ssa.ChangeType, *ssa.MakeInterface:
			if !onlyRead(r.(ssa.Value), depth+1) {
				return false
			}
		case ssa.CallInstruction:
			if !isMapCall(r) && !isLen(r) {
				return false
			}
		default:
			return false
		}
	}
	return true
}

// isLen reports whether a call asks for a length or capacity.
func isLen(in ssa.CallInstruction) bool {
	b, ok := in.Common().Value.(*ssa.Builtin)
	return ok && (b.Name() == "len" || b.Name() == "cap")
}

// usedAfter reports whether what a lookup gave is read.
func usedAfter(get copyEvent) bool {
	if get.memory.Referrers() == nil {
		return false
	}
	for _, r := range *get.memory.Referrers() {
		switch r := r.(type) {
		case *ssa.DebugRef, *ssa.MakeInterface, *ssa.Store:
			continue
		case ssa.CallInstruction:
			if isMapCall(r) {
				continue
			}
		}
		if reaches(get.site, r) {
			return true
		}
	}
	return false
}

func (c *collector) reportReset(get, up access, m MapInfo, w Write) {
	who, what := writer(w)
	help := "remember the last value and subtract it"
	if m.Type.IsHash() {
		help += ", or take the element out with LookupAndDelete"
	}
	f := goFinding{
		rule: ruleLostUpdate, confidence: diag.Medium, mapName: m.Name, field: w.Field,
		message: fmt.Sprintf("the value of map %q is read and then set to zero, while %s also writes %s: what it writes in between is lost, with or without BPF_F_LOCK",
			m.Name, who, what),
		help:     help,
		evidence: []diag.Evidence{m.Evidence},
		related:  []relatedWhere{{get.where, "looked up here", diag.Before}},
	}
	if w.At.Line > 0 {
		f.related = append(f.related, relatedWhere{w.At, fmt.Sprintf("%s writes %s here", who, what), diag.OtherSide})
	}
	c.report(up, f)
}
