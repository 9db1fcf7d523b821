package gomap

import (
	"cmp"
	"go/constant"
	"go/token"
	"go/types"
	"slices"

	"golang.org/x/tools/go/ssa"
)

// flagSet is what is known of a flag argument: it is one of Consts, or one of
// the parameters of Fn with bits added, or something unknown.
type flagSet struct {
	Consts  []uint64
	Params  []FlagParam
	Fn      *ssa.Function // whose parameters; nil when Params is empty
	Unknown bool
}

func constFlags(bits ...uint64) flagSet { return flagSet{Consts: bits} }

func unknownFlags() flagSet { return flagSet{Unknown: true} }

// never reports whether no value of the set has one of the bits.
func (s flagSet) never(bits uint64) bool {
	return !s.Unknown && len(s.Params) == 0 && len(s.Consts) > 0 &&
		!slices.ContainsFunc(s.Consts, func(c uint64) bool { return c&bits != 0 })
}

// always reports whether every value of the set has all the bits.
func (s flagSet) always(bits uint64) bool {
	return !s.Unknown && len(s.Consts)+len(s.Params) > 0 &&
		!slices.ContainsFunc(s.Consts, func(c uint64) bool { return c&bits != bits }) &&
		!slices.ContainsFunc(s.Params, func(p FlagParam) bool { return p.Or&bits != bits })
}

// exactly reports whether the set is one constant, and which.
func (s flagSet) exactly() (uint64, bool) {
	if s.Unknown || len(s.Params) > 0 || len(s.Consts) != 1 {
		return 0, false
	}
	return s.Consts[0], true
}

func (s *flagSet) union(o flagSet) {
	s.Unknown = s.Unknown || o.Unknown
	for _, c := range o.Consts {
		if !slices.Contains(s.Consts, c) {
			s.Consts = append(s.Consts, c)
		}
	}
	for _, p := range o.Params {
		if s.Fn != nil && s.Fn != o.Fn {
			s.Unknown = true
			continue
		}
		s.Fn = o.Fn
		if !slices.Contains(s.Params, p) {
			s.Params = append(s.Params, p)
		}
	}
}

// or is the set of a|b.
func (s flagSet) or(o flagSet) flagSet {
	if len(o.Params) > 0 && len(s.Params) == 0 {
		s, o = o, s
	}
	// Bits that are certain stay certain: unknown|LOCK has the lock bit, which
	// is told as a parameter that nobody resolves.
	if s.Unknown || o.Unknown || len(o.Params) > 0 {
		return unknownFlags()
	}
	out := flagSet{Fn: s.Fn}
	for _, b := range o.Consts {
		for _, a := range s.Consts {
			if c := a | b; !slices.Contains(out.Consts, c) {
				out.Consts = append(out.Consts, c)
			}
		}
		for _, p := range s.Params {
			p.Or |= b
			if !slices.Contains(out.Params, p) {
				out.Params = append(out.Params, p)
			}
		}
	}
	return out
}

func (s flagSet) fact() FlagFact {
	f := FlagFact{Consts: slices.Clone(s.Consts), Params: slices.Clone(s.Params), Unknown: s.Unknown}
	slices.Sort(f.Consts)
	slices.SortFunc(f.Params, func(a, b FlagParam) int {
		return cmp.Or(cmp.Compare(a.Param, b.Param), cmp.Compare(a.Or, b.Or), cmp.Compare(a.Opts, b.Opts))
	})
	return f
}

// flagsOf evaluates a flag argument.
func (f *dataflow) flagsOf(v ssa.Value) flagSet {
	return f.evalFlags(v, make(map[ssa.Value]bool))
}

func (f *dataflow) evalFlags(v ssa.Value, seen map[ssa.Value]bool) flagSet {
	if seen[v] || len(seen) > 64 {
		return flagSet{}
	}
	seen[v] = true
	switch v := v.(type) {
	case *ssa.Const:
		if v.Value != nil && v.Value.Kind() == constant.Int {
			return constFlags(v.Uint64())
		}
	case *ssa.ChangeType:
		return f.evalFlags(v.X, seen)
	case *ssa.Convert:
		return f.evalFlags(v.X, seen)
	case *ssa.Phi:
		var s flagSet
		for _, e := range v.Edges {
			s.union(f.evalFlags(e, seen))
		}
		return s
	case *ssa.BinOp:
		if v.Op == token.OR {
			return f.evalFlags(v.X, seen).or(f.evalFlags(v.Y, seen))
		}
	case *ssa.Parameter:
		if i := paramIndex(v); i >= 0 && v.Parent().Parent() == nil {
			return flagSet{Params: []FlagParam{{Param: i}}, Fn: v.Parent()}
		}
	case *ssa.UnOp:
		if v.Op == token.MUL {
			return f.evalStored(v.X, seen)
		}
	case *ssa.FreeVar:
		return f.evalBindings(v, seen, f.evalFlags)
	case *ssa.Call:
		return f.evalResults(v, seen, f.evalFlags)
	}
	return unknownFlags()
}

// evalStored evaluates what a local variable or package-level constant-like
// variable holds.
func (f *dataflow) evalStored(addr ssa.Value, seen map[ssa.Value]bool) flagSet {
	switch a := addr.(type) {
	case *ssa.Alloc:
		if !onlyLoadedAndStored(a) {
			return unknownFlags()
		}
		s := flagSet{}
		stores := storesTo(a)
		if len(stores) == 0 {
			return constFlags(0)
		}
		for _, x := range stores {
			s.union(f.evalFlags(x, seen))
		}
		return s
	case *ssa.FreeVar:
		var s flagSet
		for _, b := range f.bindings(a) {
			s.union(f.evalStored(b, seen))
		}
		return s
	case *ssa.Global:
		// A variable of this package that only its initialiser sets.
		if a.Pkg == nil || a.Pkg.Pkg != f.pk.pass.Pkg || a.Object() == nil || a.Object().Exported() {
			return unknownFlags()
		}
		var s flagSet
		stores := f.pk.globalStores(a)
		if len(stores) == 0 {
			return unknownFlags()
		}
		for _, x := range stores {
			s.union(f.evalFlags(x, seen))
		}
		return s
	}
	return unknownFlags()
}

func (f *dataflow) evalBindings(v *ssa.FreeVar, seen map[ssa.Value]bool, eval func(ssa.Value, map[ssa.Value]bool) flagSet) flagSet {
	var s flagSet
	for _, b := range f.bindings(v) {
		s.union(eval(b, seen))
	}
	if len(s.Consts)+len(s.Params) == 0 {
		s.Unknown = true
	}
	return s
}

// evalResults evaluates a call of a function of this package without
// parameters that matter.
func (f *dataflow) evalResults(v *ssa.Call, seen map[ssa.Value]bool, eval func(ssa.Value, map[ssa.Value]bool) flagSet) flagSet {
	fn := v.Call.StaticCallee()
	if fn == nil || fn.Blocks == nil || !f.pk.own(fn) || fn.Signature.Results().Len() != 1 {
		return unknownFlags()
	}
	var s flagSet
	for _, b := range fn.Blocks {
		if r, ok := b.Instrs[len(b.Instrs)-1].(*ssa.Return); ok {
			s.union(eval(r.Results[0], seen))
		}
	}
	if len(s.Params) > 0 || len(s.Consts) == 0 {
		return unknownFlags()
	}
	return s
}

// optsOf evaluates one field of a *BatchOptions.
func (f *dataflow) optsOf(v ssa.Value, field string) flagSet {
	return f.evalOpts(v, field, make(map[ssa.Value]bool))
}

func (f *dataflow) evalOpts(v ssa.Value, field string, seen map[ssa.Value]bool) flagSet {
	if seen[v] || len(seen) > 64 {
		return flagSet{}
	}
	seen[v] = true
	eval := func(v ssa.Value, seen map[ssa.Value]bool) flagSet { return f.evalOpts(v, field, seen) }
	switch v := v.(type) {
	case *ssa.Const:
		if v.IsNil() {
			return constFlags(0)
		}
	case *ssa.ChangeType:
		return eval(v.X, seen)
	case *ssa.Phi:
		var s flagSet
		for _, e := range v.Edges {
			s.union(eval(e, seen))
		}
		return s
	case *ssa.Parameter:
		if i := paramIndex(v); i >= 0 && v.Parent().Parent() == nil {
			return flagSet{Params: []FlagParam{{Param: i, Opts: field}}, Fn: v.Parent()}
		}
	case *ssa.Alloc:
		return f.evalOptsStruct(v, field)
	case *ssa.UnOp:
		if v.Op != token.MUL {
			break
		}
		var s flagSet
		switch a := v.X.(type) {
		case *ssa.Alloc:
			if !onlyLoadedAndStored(a) {
				return unknownFlags()
			}
			for _, x := range storesTo(a) {
				s.union(eval(x, seen))
			}
		case *ssa.Global:
			if a.Pkg == nil || a.Pkg.Pkg != f.pk.pass.Pkg || a.Object() == nil || a.Object().Exported() {
				return unknownFlags()
			}
			for _, x := range f.pk.globalStores(a) {
				s.union(eval(x, seen))
			}
		case *ssa.FreeVar:
			for _, b := range f.bindings(a) {
				for _, x := range storesTo(b) {
					s.union(eval(x, seen))
				}
			}
		}
		if len(s.Consts)+len(s.Params) == 0 {
			s.Unknown = true
		}
		return s
	case *ssa.FreeVar:
		return f.evalBindings(v, seen, eval)
	case *ssa.Call:
		return f.evalResults(v, seen, eval)
	case *ssa.Global:
		return f.globalOpts(v, field)
	}
	return unknownFlags()
}

// globalOpts evaluates &opts of a package-level variable opts.
func (f *dataflow) globalOpts(g *ssa.Global, field string) flagSet {
	if g.Pkg == nil || g.Pkg.Pkg != f.pk.pass.Pkg || g.Object() == nil || g.Object().Exported() {
		return unknownFlags()
	}
	s := flagSet{}
	for _, x := range f.pk.globalFieldStores(g, field) {
		s.union(f.flagsOf(x))
	}
	if len(s.Consts)+len(s.Params) == 0 {
		s.Consts = []uint64{0}
	}
	return s
}

// evalOptsStruct evaluates a field of a local BatchOptions by the stores into
// it. A struct whose address goes elsewhere than into the call is unknown.
func (f *dataflow) evalOptsStruct(a *ssa.Alloc, field string) flagSet {
	st, ok := deref(a.Type()).Underlying().(*types.Struct)
	if !ok {
		return unknownFlags()
	}
	var s flagSet
	stored := false
	for _, r := range *a.Referrers() {
		switch r := r.(type) {
		case *ssa.FieldAddr:
			if st.Field(r.Field).Name() != field {
				continue
			}
			for _, x := range storesTo(r) {
				s.union(f.flagsOf(x))
				stored = true
			}
		case *ssa.Store:
			if r.Addr != a {
				continue // the pointer is kept in a variable
			}
			switch x := r.Val.(type) {
			case *ssa.Const: // zero value
			case *ssa.UnOp:
				// *a = *tmp, a composite literal built aside.
				if tmp, ok := x.X.(*ssa.Alloc); ok && tmp != a {
					s.union(f.evalOptsStruct(tmp, field))
					stored = true
					continue
				}
				return unknownFlags()
			default:
				return unknownFlags()
			}
		}
	}
	if !stored {
		return constFlags(0)
	}
	return s
}

// paramIndex is a parameter's number, receiver first.
func paramIndex(p *ssa.Parameter) int {
	return slices.Index(p.Parent().Params, p)
}

// onlyLoadedAndStored reports whether a variable's address goes nowhere else.
func onlyLoadedAndStored(a *ssa.Alloc) bool {
	for _, r := range *a.Referrers() {
		switch r := r.(type) {
		case *ssa.UnOp, *ssa.DebugRef:
		case *ssa.MakeClosure:
		case *ssa.Store:
			if r.Addr != a {
				return false
			}
		default:
			return false
		}
	}
	return true
}
