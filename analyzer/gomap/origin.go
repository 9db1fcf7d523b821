package gomap

import (
	"cmp"
	"slices"

	"golang.org/x/tools/go/ssa"
)

// originKind says where a Go value that is a map comes from.
type originKind uint8

const (
	// fromName: the map called name of a companion.
	fromName originKind = iota + 1
	// fromLiteral: created from a MapSpec literal without BTF, so that the
	// kernel knows no lock in it.
	fromLiteral
	// fromParam: whatever the caller passes as parameter idx of fn.
	fromParam
	// fromNameParam: the map whose name the caller passes as parameter idx.
	fromNameParam
	// fromVar: whatever other packages put into an exported variable.
	fromVar
	// fromPin: opened by path, ID or descriptor; name is a guess from the path.
	fromPin
	// fromUnknown: anything else.
	fromUnknown
)

// origin is one place a map comes from. Origins are compared with ==.
type origin struct {
	kind originKind
	name string
	// pkg is the import path whose companions declare the map, "" for the
	// package at hand and then those it imports.
	pkg string
	// unit is the companion meant, by the stem of its file, "" when not known.
	unit string
	fn   *ssa.Function
	idx  int
	// call made the value, for fromLiteral and fromPin.
	call ssa.Value
	// v is the variable for fromVar.
	v varID
}

// varID identifies a field or package-level variable.
type varID string

// weak origins are guesses that any better knowledge replaces.
func (o origin) weak() bool { return o.kind == fromUnknown || o.kind == fromPin && o.name == "" }

// originSet is a small set in the order of insertion.
type originSet struct{ list []origin }

// maxOrigins bounds a set: a value that may be so many maps is unknown.
const maxOrigins = 64

// add reports whether o is new.
func (s *originSet) add(o origin) bool {
	if slices.Contains(s.list, o) || len(s.list) >= maxOrigins {
		return false
	}
	s.list = append(s.list, o)
	return true
}

// origin brings a fact back into a package that imports it.
func (f OriginFact) origin() origin {
	return origin{kind: f.Kind, name: f.Name, pkg: f.Pkg, unit: f.Unit, idx: f.Param}
}

// originFacts makes origins plain data; those that only this package's SSA can
// name become unknown, and variables that others may fill are left out.
func (pk *pkg) originFacts(os []origin) []OriginFact {
	var out []OriginFact
	for _, o := range os {
		if o.kind == fromVar {
			continue
		}
		f := OriginFact{Kind: o.kind, Name: o.name, Pkg: o.pkg, Unit: o.unit, Param: o.idx}
		if o.kind == fromName && f.Pkg == "" && len(pick(pk.maps, o)) > 0 {
			f.Pkg = pk.pass.Pkg.Path()
		}
		if !slices.Contains(out, f) {
			out = append(out, f)
		}
	}
	slices.SortFunc(out, func(a, b OriginFact) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Pkg, b.Pkg),
			cmp.Compare(a.Unit, b.Unit), cmp.Compare(a.Param, b.Param))
	})
	return out
}
