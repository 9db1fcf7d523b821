package rules

import (
	"strings"

	"github.com/bpflockcheck/bpflockcheck/analyzer/ir"
	"github.com/bpflockcheck/bpflockcheck/analyzer/model"
)

// owner names the map or variable that a place belongs to.
func owner(pl model.Place) string {
	switch {
	case pl.Map != nil:
		return pl.Map.Name
	case pl.Global != nil:
		return pl.Global.Name
	}
	return ""
}

// describe names a place for a message: "flows.packets", "total",
// "offset 8 of flows".
func describe(pl model.Place) string {
	name := owner(pl)
	if pl.Region == model.RegionArena && pl.Elem != nil {
		return behindPointer(pl)
	}
	switch {
	case name == "" && pl.Field != "":
		return pl.Field
	case name == "":
		return "shared memory"
	case pl.Field != "":
		if strings.HasPrefix(pl.Field, "[") {
			return name + pl.Field
		}
		return name + "." + pl.Field
	case pl.Map != nil:
		return "the value of " + name
	}
	return name
}

// describeStored names what a store changes as describe does, and with the
// source's own name where the place alone does not tell: which of the bit-fields
// in a unit, or which member of one of several structs of a type.
func describeStored(a *model.Access) string {
	pl := a.Place
	st, ok := a.Instr.(*ir.Store)
	if !ok || st.Field == "" || pl.Region == model.RegionArena {
		return describe(pl)
	}
	if st.Bitfield && pl.Field != "" {
		_, name, nested := cutLast(st.Field, ".")
		if !nested {
			name = st.Field
		}
		if path, _, nested := cutLast(pl.Field, "."); nested {
			name = path + "." + name
		}
		pl.Field = name
	}
	if pl.Field == "" && pl.Map != nil {
		return st.Field + " in a value of " + owner(pl)
	}
	return describe(pl)
}

// cutLast slices s around the last sep.
func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}

// behindPointer names arena memory that a pointer points to: "elem.value in
// arena heap".
func behindPointer(pl model.Place) string {
	what := pl.Field
	if u := pl.Elem.Type.Underlying(); u != nil && u.Name != "" && (u.Kind == ir.Struct || u.Kind == ir.Union) && what != "" {
		what = u.Name + "." + what
	}
	where := "an arena"
	if pl.Map != nil {
		where = "arena " + pl.Map.Name
	}
	if what == "" {
		return "memory in " + where
	}
	return what + " in " + where
}

// container identifies what a place is in: a map or a variable. Places in
// different containers never overlap.
type container struct {
	m *ir.Map
	g *ir.Global
}

func containerOf(pl model.Place) container { return container{pl.Map, pl.Global} }

// isShareable reports whether other programs or CPUs can reach the region.
func isShareable(r model.Region) bool {
	return r == model.RegionMapValue || r == model.RegionGlobal || r == model.RegionArena
}

// overlap reports whether two places of one container cover common bytes of the
// value, element aside. Unknown offsets overlap with everything unless the
// fields are known to differ.
func overlap(a, b model.Place) bool {
	if a.Off < 0 || b.Off < 0 {
		if a.Field != "" && b.Field != "" {
			return fieldsOverlap(a.Field, b.Field)
		}
		return true
	}
	as, bs := max(a.Size, 1), max(b.Size, 1)
	return a.Off < b.Off+bs && b.Off < a.Off+as
}

// fieldsOverlap reports whether one field is the other or holds it.
func fieldsOverlap(a, b string) bool {
	return a == b || strings.HasPrefix(a, b) && isPathEnd(a[len(b):]) || strings.HasPrefix(b, a) && isPathEnd(b[len(a):])
}

func isPathEnd(rest string) bool { return rest[0] == '.' || rest[0] == '[' }

// same says how surely two places are the same memory.
type same int

const (
	differs same = iota
	maySame      // of one container, but which element is not known
	isSame
)

// sameElement compares the elements that two places of one container are in.
func sameElement(a, b model.Place) same {
	if containerOf(a) != containerOf(b) {
		return differs
	}
	if a.Region == model.RegionArena && a.Global == nil {
		return sameMemory(a.Elem, b.Elem)
	}
	if a.Map == nil {
		return isSame
	}
	ea, eb := a.Elem, b.Elem
	switch {
	case ea == nil || eb == nil:
		return maySame
	case ea == eb || ea.ID == eb.ID:
		return isSame
	case ea.PercpuElem != eb.PercpuElem && a.Map.Type.IsPerCPU():
		return maySame
	case ea.KeyKind == model.KeyConst && eb.KeyKind == model.KeyConst:
		if ea.KeyConst == eb.KeyConst {
			return isSame
		}
		return differs
	case ea.Key != "" && ea.Key == eb.Key:
		return isSame
	case ea.KeyKind == eb.KeyKind && (ea.KeyKind == model.KeyThread || ea.KeyKind == model.KeyProcess || ea.KeyKind == model.KeyOwnTask):
		return isSame
	}
	return maySame
}

// sameMemory compares what lies behind two pointers into an arena. Places in
// structs of different types differ; where the type is not known nothing is
// said of them.
func sameMemory(a, b *model.Element) same {
	switch {
	case a == nil || b == nil:
		return differs
	case a.ID == b.ID, a.Key != "" && a.Key == b.Key:
		return isSame
	}
	ta, tb := a.Type.Underlying(), b.Type.Underlying()
	if ta == nil || tb == nil || ta.Kind != tb.Kind || ta.Name != tb.Name || ta.Size != tb.Size {
		return differs
	}
	return maySame
}

// samePlace compares two places: container, element and bytes.
func samePlace(a, b model.Place) same {
	s := sameElement(a, b)
	if s == differs || !overlap(a, b) {
		return differs
	}
	if a.Off >= 0 && b.Off >= 0 {
		return s
	}
	switch {
	case a.Off < 0 && b.Off < 0 && a.IndexKey != "" && a.IndexKey == b.IndexKey:
		return s
	}
	return maySame
}

// hasTag reports whether a decl tag is set on the member, those around it, or
// the variable.
func hasTag(pl model.Place, tag string) bool {
	for _, t := range pl.Tags {
		if t == tag {
			return true
		}
	}
	if pl.Global != nil {
		for _, t := range pl.Global.Tags {
			if t == tag {
				return true
			}
		}
	}
	return false
}

// guardedBy gives the lock that a __guarded_by names, "" when there is none.
func guardedBy(pl model.Place) string {
	tags := pl.Tags
	if pl.Global != nil {
		tags = append(tags[:len(tags):len(tags)], pl.Global.Tags...)
	}
	for _, t := range tags {
		if lock, ok := strings.CutPrefix(t, "guarded_by:"); ok {
			return lock
		}
	}
	return ""
}

// isWrite reports whether an access changes memory.
func isWrite(k model.AccessKind) bool {
	switch k {
	case model.Store, model.AtomicRMW, model.AtomicStore, model.HelperWrite:
		return true
	}
	return false
}

// isPlainWrite reports whether an access changes memory without an atomic.
func isPlainWrite(k model.AccessKind) bool { return k == model.Store || k == model.HelperWrite }

// isConstVar reports whether programs cannot write the variable.
func isConstVar(pl model.Place) bool { return pl.Global != nil && pl.Global.Const }
