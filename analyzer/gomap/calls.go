package gomap

import (
	"go/constant"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/ssa"
)

// call links a call's arguments and results.
func (f *dataflow) call(fn *ssa.Function, in ssa.CallInstruction) {
	c := in.Common()
	if b, ok := c.Value.(*ssa.Builtin); ok {
		if b.Name() == "append" {
			for _, a := range c.Args {
				f.edge(in.Value(), f.valueNode(a))
			}
		}
		return
	}
	if f.libraryCall(in) {
		return
	}
	for _, callee := range f.callees(c) {
		if callee.Blocks != nil && f.pk.own(callee) {
			f.callers[callee] = append(f.callers[callee], in)
			f.results(in, callee)
			continue
		}
		obj, _ := callee.Object().(*types.Func)
		if fact := f.pk.funcFact(obj); fact != nil {
			f.importedResults(in, fact)
		}
	}
}

// results links a call's results with those of a function of this package.
func (f *dataflow) results(in ssa.CallInstruction, callee *ssa.Function) {
	v := in.Value()
	if v == nil {
		return
	}
	n := callee.Signature.Results().Len()
	for i := range n {
		r := result{callee, i}
		var dst node = v
		if n > 1 {
			dst = tuple{v, i}
		}
		sub := substitution{in, dst}
		f.subst[r] = append(f.subst[r], sub)
		if s := f.sets[r]; s != nil {
			for _, o := range s.list {
				f.substitute(sub, callee, o)
			}
		}
	}
}

// importedResults does the same for a function of another package, by its fact.
func (f *dataflow) importedResults(in ssa.CallInstruction, fact *FuncFact) {
	v := in.Value()
	if v == nil {
		return
	}
	args := in.Common().Args
	for _, r := range fact.Results {
		var dst node = v
		if in.Common().Signature().Results().Len() > 1 {
			dst = tuple{v, r.Index}
		}
		for _, o := range r.Origins {
			switch {
			case o.Kind == fromParam:
				if o.Param < len(args) {
					f.edge(dst, f.valueNode(args[o.Param]))
				}
			case o.Kind == fromNameParam:
				if o.Param < len(args) {
					f.base(dst, f.nameOrigin(in.Parent(), args[o.Param]))
				}
			default:
				f.base(dst, o.origin())
			}
		}
	}
}

// callees gives the functions a call may call, as far as the function at hand
// shows: static calls, function literals and bound methods in locals.
func (f *dataflow) callees(c *ssa.CallCommon) []*ssa.Function {
	if c.IsInvoke() {
		return nil
	}
	var out []*ssa.Function
	f.funcsOf(c.Value, &out, make(map[ssa.Value]bool))
	return out
}

func (f *dataflow) funcsOf(v ssa.Value, out *[]*ssa.Function, seen map[ssa.Value]bool) {
	if seen[v] || len(seen) > 32 {
		return
	}
	seen[v] = true
	switch v := v.(type) {
	case *ssa.Function:
		if o := v.Origin(); o != nil {
			v = o
		}
		*out = append(*out, v)
	case *ssa.MakeClosure:
		*out = append(*out, v.Fn.(*ssa.Function))
	case *ssa.Phi:
		for _, e := range v.Edges {
			f.funcsOf(e, out, seen)
		}
	case *ssa.ChangeType:
		f.funcsOf(v.X, out, seen)
	case *ssa.UnOp:
		if v.Op == token.MUL {
			for _, s := range storesTo(v.X) {
				f.funcsOf(s, out, seen)
			}
		}
	case *ssa.FreeVar:
		for _, b := range f.bindings(v) {
			f.funcsOf(b, out, seen)
		}
	}
}

// bindings gives what a captured variable is bound to.
func (f *dataflow) bindings(v *ssa.FreeVar) []ssa.Value {
	var out []ssa.Value
	for i, fv := range v.Parent().FreeVars {
		if fv != v {
			continue
		}
		for _, mc := range f.closures[v.Parent()] {
			out = append(out, mc.Bindings[i])
		}
	}
	return out
}

// libraryCall handles the calls of map libraries that hand out maps. It reports
// whether the call is one of a map library, whose body is not looked at.
func (f *dataflow) libraryCall(in ssa.CallInstruction) bool {
	c := in.Common()
	callee := c.StaticCallee() // nil for a method of an interface
	if callee == nil {
		return false
	}
	fn, _ := callee.Object().(*types.Func)
	if fn == nil || fn.Pkg() == nil {
		return false
	}
	lib := libPath(fn.Pkg())
	if !isMapLibrary(lib) {
		return false
	}
	v := in.Value()
	if v == nil {
		return true
	}
	recv := ""
	if r := fn.Signature().Recv(); r != nil {
		_, recv = libType(r.Type())
	}
	var dst node = v
	if fn.Signature().Results().Len() > 1 {
		dst = tuple{v, 0}
	}
	switch lib + " " + recv + "." + fn.Name() {
	case ciliumPath + " .NewMap", ciliumPath + " .NewMapWithOptions":
		f.newMap(in, dst, c.Args[0])
	case ciliumPath + " MapSpec.Copy", ciliumPath + " Map.Clone", ciliumPath + " Map.Iterate":
		f.edge(dst, f.valueNode(c.Args[0]))
	case ciliumPath + " Collection.DetachMap":
		f.base(dst, f.nameOrigin(in.Parent(), c.Args[1]))
	case libbpfgoPath + " Module.GetMap", managerPath + " Manager.GetMap", gobpfPath + " Module.Map":
		f.base(dst, f.nameOrigin(in.Parent(), c.Args[1]))
	case ciliumPath + " .LoadPinnedMap":
		f.base(dst, origin{kind: fromPin, name: pinName(c.Args[0]), call: v})
	case ciliumPath + " .NewMapFromID", ciliumPath + " .NewMapFromFD",
		libbpfgoPath + " .GetMapByID":
		f.base(dst, origin{kind: fromPin, call: v})
	case libbpfgoPath + " .CreateMap":
		if len(c.Args) > 1 {
			if k, ok := c.Args[len(c.Args)-1].(*ssa.Const); ok && k.IsNil() {
				f.base(dst, origin{kind: fromLiteral, call: v})
			}
		}
	}
	return true
}

// newMap is ebpf.NewMap: the map of the specification, or, from a literal
// without key and value types, one in which the kernel sees no lock.
func (f *dataflow) newMap(in ssa.CallInstruction, dst node, spec ssa.Value) {
	if a, ok := spec.(*ssa.Alloc); ok {
		o := origin{kind: fromLiteral, call: in.Value()}
		for fa, vals := range fieldStores(a) {
			switch fa {
			case "Value":
				o.kind = fromUnknown
			case "Name":
				if len(vals) == 1 {
					if c, ok := vals[0].(*ssa.Const); ok && c.Value != nil && c.Value.Kind() == constant.String {
						o.name = constant.StringVal(c.Value)
					}
				}
			}
		}
		f.base(dst, o)
		return
	}
	f.edge(dst, f.valueNode(spec))
}
