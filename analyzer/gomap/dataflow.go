package gomap

import (
	"go/constant"
	"go/token"
	"go/types"
	"reflect"

	"golang.org/x/tools/go/ssa"
)

// node is a place in the package that may hold a map: an ssa.Value, the cell
// behind a variable, or a function's result. Containers are one node with
// their elements, and a struct's field is one node for all its instances.
type node any

// cell is the memory that a pointer-valued ssa.Value points to.
type cell struct{ addr ssa.Value }

// result is result number idx of a function of this package.
type result struct {
	fn  *ssa.Function
	idx int
}

// tuple is component idx of a call's result tuple.
type tuple struct {
	call ssa.Value
	idx  int
}

// dataflow propagates origins through one package.
type dataflow struct {
	pk    *pkg
	sets  map[node]*originSet
	edges map[node][]node
	// subst are calls that take over a function's results with parameters
	// replaced by arguments.
	subst map[result][]substitution
	work  []work
	// callers has the calls of each function of the package, and closures where
	// each function literal is made.
	callers  map[*ssa.Function][]ssa.CallInstruction
	closures map[*ssa.Function][]*ssa.MakeClosure
	// renamed gives maps their name in CollectionOptions.MapReplacements.
	renamed map[ssa.Value]string
	// stores has the values stored at each address that is an Alloc or a
	// field of one, for flags and options.
	foreign map[varID]*types.Var
}

type substitution struct {
	call ssa.CallInstruction
	dst  node
}

type work struct {
	n node
	o origin
}

func newFlow(pk *pkg) *dataflow {
	f := &dataflow{
		pk:       pk,
		sets:     make(map[node]*originSet),
		edges:    make(map[node][]node),
		subst:    make(map[result][]substitution),
		callers:  make(map[*ssa.Function][]ssa.CallInstruction),
		closures: make(map[*ssa.Function][]*ssa.MakeClosure),
		renamed:  make(map[ssa.Value]string),
		foreign:  make(map[varID]*types.Var),
	}
	for _, fn := range pk.funcs {
		for _, b := range fn.Blocks {
			for _, in := range b.Instrs {
				if mc, ok := in.(*ssa.MakeClosure); ok {
					lit := mc.Fn.(*ssa.Function)
					f.closures[lit] = append(f.closures[lit], mc)
				}
			}
		}
	}
	for _, fn := range pk.funcs {
		for i, p := range fn.Params {
			f.param(fn, i, p)
		}
		for _, b := range fn.Blocks {
			for _, in := range b.Instrs {
				f.instr(fn, in)
			}
		}
	}
	f.propagate()
	return f
}

// param makes a parameter its own origin, if a map can be in it.
func (f *dataflow) param(fn *ssa.Function, i int, p *ssa.Parameter) {
	if mayHoldMap(p.Type()) {
		f.base(p, origin{kind: fromParam, fn: fn, idx: i})
	}
}

// origins gives what is known of a value.
func (f *dataflow) origins(v ssa.Value) []origin {
	if s := f.sets[node(v)]; s != nil {
		return s.list
	}
	return nil
}

// base says that a map of origin o may be in n.
func (f *dataflow) base(n node, o origin) { f.work = append(f.work, work{n, o}) }

// edge says that what is in src may be in dst, too.
func (f *dataflow) edge(dst, src node) {
	if dst == nil || src == nil {
		return
	}
	f.edges[src] = append(f.edges[src], dst)
	if s := f.sets[src]; s != nil {
		for _, o := range s.list {
			f.base(dst, o)
		}
	}
}

// propagate hands the origins along the edges until nothing changes.
func (f *dataflow) propagate() {
	for len(f.work) > 0 {
		w := f.work[len(f.work)-1]
		f.work = f.work[:len(f.work)-1]
		s := f.sets[w.n]
		if s == nil {
			s = new(originSet)
			f.sets[w.n] = s
		}
		if !s.add(w.o) {
			continue
		}
		for _, dst := range f.edges[w.n] {
			f.base(dst, w.o)
		}
		if r, ok := w.n.(result); ok {
			for _, sub := range f.subst[r] {
				f.substitute(sub, r.fn, w.o)
			}
		}
	}
}

// substitute hands an origin of a callee's result to a call's result.
func (f *dataflow) substitute(sub substitution, callee *ssa.Function, o origin) {
	if (o.kind != fromParam && o.kind != fromNameParam) || o.fn != callee {
		f.base(sub.dst, o)
		return
	}
	args := sub.call.Common().Args
	if o.idx >= len(args) {
		return
	}
	arg := args[o.idx]
	if o.kind == fromParam {
		f.edge(sub.dst, f.valueNode(arg))
		return
	}
	f.base(sub.dst, f.nameOrigin(sub.call.Parent(), arg))
}

// nameOrigin is the map called by the value of a string.
func (f *dataflow) nameOrigin(fn *ssa.Function, name ssa.Value) origin {
	switch v := stripConversions(name).(type) {
	case *ssa.Const:
		if v.Value != nil && v.Value.Kind() == constant.String {
			return origin{kind: fromName, name: constant.StringVal(v.Value)}
		}
	case *ssa.Parameter:
		for i, p := range v.Parent().Params {
			if p == v {
				return origin{kind: fromNameParam, fn: v.Parent(), idx: i}
			}
		}
	}
	return origin{kind: fromUnknown}
}

// valueNode is the node of a value.
func (f *dataflow) valueNode(v ssa.Value) node { return v }

// cellNode is the node of the memory at an address.
func (f *dataflow) cellNode(addr ssa.Value) node {
	switch a := addr.(type) {
	case *ssa.FieldAddr:
		return f.fieldNode(deref(a.X.Type()), a.Field)
	case *ssa.Global:
		if v, ok := a.Object().(*types.Var); ok {
			return f.varNode(v)
		}
		return cell{a}
	case *ssa.IndexAddr:
		// The elements are one with their container.
		if _, isSlice := a.X.Type().Underlying().(*types.Slice); isSlice {
			return f.valueNode(a.X)
		}
		return f.cellNode(a.X)
	case *ssa.ChangeType:
		return f.cellNode(a.X)
	}
	return cell{addr}
}

// varNode is the node of a field or package-level variable, with what other
// packages say about it.
func (f *dataflow) varNode(v *types.Var) node {
	v = v.Origin()
	if _, seen := f.sets[node(v)]; seen {
		return v
	}
	f.sets[node(v)] = new(originSet)
	if !mayHoldMap(v.Type()) {
		return v
	}
	id := f.pk.varKey(v)
	if v.Pkg() != f.pk.pass.Pkg {
		var fact VarFact
		if f.pk.pass.ImportObjectFact(v, &fact) {
			for _, o := range fact.Origins {
				f.base(v, o.origin())
			}
		}
		if id != "" {
			f.foreign[id] = v
			for _, o := range f.pk.foreignOrigins(id) {
				f.base(v, o.origin())
			}
		}
	} else if id != "" && (v.Exported() || v.Embedded()) && f.pk.pass.Pkg.Name() != "main" {
		f.base(v, origin{kind: fromVar, v: id})
	}
	return v
}

// fieldNode is the node of field i of struct type t. A field with a tag
// ebpf:"name" is the map of that name, as LoadAndAssign binds it.
func (f *dataflow) fieldNode(t types.Type, i int) node {
	st, ok := types.Unalias(t).Underlying().(*types.Struct)
	if !ok || i >= st.NumFields() {
		return nil
	}
	v := st.Field(i).Origin()
	if name := reflect.StructTag(st.Tag(i)).Get("ebpf"); name != "" && isMapType(v.Type()) {
		if _, seen := f.sets[node(v)]; !seen {
			f.sets[node(v)] = new(originSet)
			o := origin{kind: fromName, name: name}
			if v.Pkg() != nil {
				o.pkg = v.Pkg().Path()
			}
			o.unit = f.pk.unitOf(v)
			f.base(v, o)
		}
		return v
	}
	return f.varNode(v)
}

// isTagged reports whether a node is a field bound by its tag.
func (f *dataflow) isTagged(t types.Type, i int) bool {
	st, ok := types.Unalias(t).Underlying().(*types.Struct)
	return ok && i < st.NumFields() && isMapType(st.Field(i).Type()) &&
		reflect.StructTag(st.Tag(i)).Get("ebpf") != ""
}

// instr adds the edges of one instruction of fn.
func (f *dataflow) instr(fn *ssa.Function, in ssa.Instruction) {
	switch in := in.(type) {
	case *ssa.Phi:
		for _, e := range in.Edges {
			f.edge(in, f.valueNode(e))
		}
	case *ssa.ChangeType:
		f.edge(in, f.valueNode(in.X))
	case *ssa.Convert:
		f.edge(in, f.valueNode(in.X))
	case *ssa.ChangeInterface:
		f.edge(in, f.valueNode(in.X))
	case *ssa.MakeInterface:
		f.edge(in, f.valueNode(in.X))
		f.embedded(in, in.X.Type())
	case *ssa.TypeAssert:
		if in.CommaOk {
			f.edge(tuple{in, 0}, f.valueNode(in.X))
		} else {
			f.edge(in, f.valueNode(in.X))
		}
	case *ssa.Extract:
		f.edge(in, tuple{in.Tuple, in.Index})
	case *ssa.UnOp:
		switch in.Op {
		case token.MUL:
			if mayHoldMap(in.Type()) {
				f.edge(in, f.cellNode(in.X))
			}
		case token.ARROW:
			if in.CommaOk {
				f.edge(tuple{in, 0}, f.valueNode(in.X))
			} else {
				f.edge(in, f.valueNode(in.X))
			}
		}
	case *ssa.Send:
		f.edge(f.valueNode(in.Chan), f.valueNode(in.X))
	case *ssa.Store:
		if fa, ok := in.Addr.(*ssa.FieldAddr); ok && f.isTagged(deref(fa.X.Type()), fa.Field) {
			return
		}
		if mayHoldMap(in.Val.Type()) {
			f.edge(f.cellNode(in.Addr), f.valueNode(in.Val))
		}
	case *ssa.Field:
		f.edge(in, f.fieldNode(in.X.Type(), in.Field))
	case *ssa.Index:
		f.edge(in, f.valueNode(in.X))
	case *ssa.Slice:
		f.edge(in, f.valueNode(in.X))
		if _, ok := in.X.Type().Underlying().(*types.Pointer); ok {
			f.edge(in, f.cellNode(in.X))
		}
	case *ssa.Lookup:
		f.lookup(in)
	case *ssa.MapUpdate:
		f.mapUpdate(in)
	case *ssa.Range:
		f.edge(in, f.valueNode(in.X))
	case *ssa.Next:
		f.edge(tuple{in, 2}, f.valueNode(in.Iter))
	case *ssa.MakeClosure:
		lit := in.Fn.(*ssa.Function)
		for i, b := range in.Bindings {
			if i >= len(lit.FreeVars) {
				break
			}
			// A captured variable is a pointer to its cell, shared by both.
			if _, ptr := b.Type().Underlying().(*types.Pointer); ptr {
				f.edge(cell{lit.FreeVars[i]}, f.cellNode(b))
				f.edge(f.cellNode(b), cell{lit.FreeVars[i]})
			}
			f.edge(lit.FreeVars[i], f.valueNode(b))
		}
	case *ssa.Return:
		for i, r := range in.Results {
			f.edge(result{fn, i}, f.valueNode(r))
		}
	case ssa.CallInstruction:
		f.call(fn, in)
	}
}

// embedded lets an interface that holds a struct with an embedded map be that
// map: its promoted methods are the map's.
func (f *dataflow) embedded(n node, t types.Type) {
	st, ok := types.Unalias(deref(t)).Underlying().(*types.Struct)
	if !ok {
		return
	}
	for i := range st.NumFields() {
		if v := st.Field(i); v.Embedded() && isMapType(v.Type()) {
			f.edge(n, f.fieldNode(deref(t), i))
		}
	}
}

// lookup handles m[k]: an element of Collection.Maps or CollectionSpec.Maps is
// the map of that name.
func (f *dataflow) lookup(in *ssa.Lookup) {
	mt, ok := in.X.Type().Underlying().(*types.Map)
	if !ok {
		return
	}
	var dst node = in
	if in.CommaOk {
		dst = tuple{in, 0}
	}
	f.edge(dst, f.valueNode(in.X))
	if !isMapType(mt.Elem()) {
		return
	}
	if f.isLibraryMaps(in.X) {
		f.base(dst, f.nameOrigin(in.Parent(), in.Index))
	}
}

// isLibraryMaps reports whether a Go map comes, as far as the function shows,
// from the library and not from a map that the project fills itself.
func (f *dataflow) isLibraryMaps(v ssa.Value) bool {
	switch v := v.(type) {
	case *ssa.UnOp:
		if fa, ok := v.X.(*ssa.FieldAddr); ok {
			return libField(deref(fa.X.Type()))
		}
		return false
	case *ssa.Field:
		return libField(v.X.Type())
	case *ssa.Parameter, *ssa.FreeVar, *ssa.Extract, *ssa.Call, *ssa.Phi:
		// Handed around: as likely as not a Collection's.
		return true
	case *ssa.ChangeType:
		return f.isLibraryMaps(v.X)
	}
	return false
}

// libField reports whether a struct is one whose Maps the library fills.
func libField(t types.Type) bool {
	lib, name := libType(t)
	return lib == ciliumPath && (name == "Collection" || name == "CollectionSpec")
}

// mapUpdate handles m[k] = v: the value is in the Go map, and in the variable
// that the Go map was read from.
func (f *dataflow) mapUpdate(in *ssa.MapUpdate) {
	mt, ok := in.Map.Type().Underlying().(*types.Map)
	if !ok {
		return
	}
	f.edge(f.valueNode(in.Map), f.valueNode(in.Value))
	if ld, ok := in.Map.(*ssa.UnOp); ok && ld.Op == token.MUL {
		if fa, ok := ld.X.(*ssa.FieldAddr); !ok || !libField(deref(fa.X.Type())) {
			f.edge(f.cellNode(ld.X), f.valueNode(in.Value))
		}
	}
	// CollectionOptions.MapReplacements: the value stands for the named map.
	lib, name := libType(mt.Elem())
	if c, ok := in.Key.(*ssa.Const); ok && lib == ciliumPath && name == "Map" && c.Value != nil &&
		c.Value.Kind() == constant.String && f.isReplacements(in.Map) {
		if root := rootCall(in.Value); root != nil {
			f.renamed[root] = constant.StringVal(c.Value)
		}
	}
}

// isReplacements reports whether a Go map is stored in MapReplacements.
func (f *dataflow) isReplacements(m ssa.Value) bool {
	refs := m.Referrers()
	if refs == nil {
		return false
	}
	for _, r := range *refs {
		st, ok := r.(*ssa.Store)
		if !ok || st.Val != m {
			continue
		}
		if fa, ok := st.Addr.(*ssa.FieldAddr); ok {
			s, ok := deref(fa.X.Type()).Underlying().(*types.Struct)
			if ok && s.Field(fa.Field).Name() == "MapReplacements" {
				return true
			}
		}
	}
	return false
}
