package gomap

import (
	"fmt"
	"go/types"
	"slices"

	"golang.org/x/tools/go/ssa"
)

// access is one call that copies map values, or a call that leads to one.
type access struct {
	op    *op
	iface bool
	// recv are the maps it may concern; given are those before parameters were
	// resolved.
	recv, given []origin
	// flags is the flag argument, or BatchOptions.ElemFlags; batch is
	// BatchOptions.Flags.
	flags, batch flagSet
	// site is the instruction at which the access is judged, in fn: the call
	// itself, the call of a wrapper, or a store into another package's variable.
	site ssa.Instruction
	fn   *ssa.Function
	// value is the value argument, nil at the calls of wrappers.
	value ssa.Value
	// goLock is the lock that the value's Go type seems to hold.
	goLock string
	// where and name locate the operation itself; wrapped says that site is
	// only a way to it.
	where   Where
	name    string
	wrapped bool
}

// collector finds accesses and hands them up to the callers of wrappers.
type collector struct {
	pk *pkg
	// summary has what each function does with the maps it is given.
	summary map[*ssa.Function][]AccessFact
	vars    map[varID][]AccessFact
	queue   []access
	judged  []access
	// loadsMemo and runsMemo remember what funcLoads and funcRuns found.
	loadsMemo, runsMemo map[*ssa.Function]bool
}

func collect(pk *pkg) *collector {
	c := &collector{
		pk:      pk,
		summary: make(map[*ssa.Function][]AccessFact),
		vars:    make(map[varID][]AccessFact),

		loadsMemo: make(map[*ssa.Function]bool),
		runsMemo:  make(map[*ssa.Function]bool),
	}
	for _, fn := range pk.funcs {
		for _, b := range fn.Blocks {
			for _, in := range b.Instrs {
				c.instr(fn, in)
			}
		}
	}
	for len(c.queue) > 0 {
		a := c.queue[0]
		c.queue = c.queue[1:]
		c.process(a)
	}
	return c
}

func (c *collector) instr(fn *ssa.Function, in ssa.Instruction) {
	switch in := in.(type) {
	case ssa.CallInstruction:
		c.call(fn, in)
	case *ssa.MakeClosure:
		c.bound(fn, in)
	case *ssa.Store:
		c.foreignStore(fn, in)
	}
}

// call records a direct access, or the accesses that another package's
// function makes for its caller.
func (c *collector) call(fn *ssa.Function, in ssa.CallInstruction) {
	com := in.Common()
	if com.IsInvoke() {
		if o := opOf(com.Method); o != nil {
			c.direct(fn, in, o, com.Value, com.Args, false)
		} else if o := interfaceOp(com.Method); o != nil {
			c.direct(fn, in, o, com.Value, com.Args, true)
		}
		return
	}
	if callee := com.StaticCallee(); callee != nil {
		obj, _ := callee.Object().(*types.Func)
		if o := opOf(obj); o != nil {
			recv, args := receiver(callee, com)
			if recv != nil {
				c.direct(fn, in, o, recv, args, false)
			}
			return
		}
	}
	for _, callee := range c.pk.flow.callees(com) {
		obj, _ := callee.Object().(*types.Func)
		if o := opOf(obj); o != nil && len(callee.FreeVars) == 1 {
			// A bound method in a local: its flags are known here, its map where
			// it was bound.
			if o.flags >= 0 || o.opts >= 0 {
				for _, mc := range c.pk.flow.closures[callee] {
					if mc.Parent() == fn {
						c.direct(fn, in, o, mc.Bindings[0], com.Args, false)
					}
				}
			}
			continue
		}
		if c.pk.own(callee) {
			continue // handed up by process
		}
		if fact := c.pk.funcFact(obj); fact != nil {
			for _, af := range fact.Accesses {
				c.derived(fn, in, com.Args, af)
			}
		}
	}
}

// receiver splits the receiver off the arguments of a static method call.
func receiver(callee *ssa.Function, com *ssa.CallCommon) (ssa.Value, []ssa.Value) {
	if mc, ok := com.Value.(*ssa.MakeClosure); ok && len(mc.Bindings) == 1 {
		return mc.Bindings[0], com.Args // m.Lookup bound and called at once
	}
	if len(com.Args) == 0 {
		return nil, nil
	}
	return com.Args[0], com.Args[1:]
}

// bound judges a method value without a flag where it is made: wherever it is
// called, it cannot lock.
func (c *collector) bound(fn *ssa.Function, mc *ssa.MakeClosure) {
	obj, _ := mc.Fn.(*ssa.Function).Object().(*types.Func)
	o := opOf(obj)
	if o == nil || o.flags >= 0 || o.opts >= 0 || o.mapArg >= 0 || len(mc.Bindings) != 1 {
		return
	}
	if refs := mc.Referrers(); refs != nil && len(*refs) == 1 {
		if call, ok := (*refs)[0].(ssa.CallInstruction); ok && call.Common().Value == ssa.Value(mc) {
			return // called at once: see call
		}
	}
	c.queue = append(c.queue, access{
		op: o, recv: c.pk.flow.origins(mc.Bindings[0]), flags: constFlags(0), batch: constFlags(0),
		site: mc, fn: fn, where: c.pk.where(mc.Pos()), name: o.String(),
	})
}

func (c *collector) direct(fn *ssa.Function, in ssa.CallInstruction, o *op, recv ssa.Value, args []ssa.Value, iface bool) {
	arg := func(i int) ssa.Value {
		if i < 0 || i >= len(args) {
			return nil
		}
		return args[i]
	}
	if o.mapArg >= 0 {
		recv = arg(o.mapArg)
	}
	if recv == nil {
		return
	}
	a := access{
		op: o, iface: iface, recv: c.pk.flow.origins(recv),
		flags: constFlags(0), batch: constFlags(0),
		site: in, fn: fn, value: arg(o.value),
		where: c.pk.where(in.Pos()), name: o.String(),
	}
	if v := arg(o.flags); v != nil {
		a.flags = c.pk.flow.flagsOf(v)
	}
	if v := arg(o.opts); v != nil {
		a.flags = c.pk.flow.optsOf(v, "ElemFlags")
		a.batch = c.pk.flow.optsOf(v, "Flags")
	}
	if a.value != nil {
		if o.kind != opUpdate && o.kind != opBatchUpdate && unusedValue(in, a.value) {
			return // only the key's presence matters
		}
		a.goLock = goLock(valueType(a.value))
	}
	c.queue = append(c.queue, a)
}

// derived makes an access of a function's summary one at its call.
func (c *collector) derived(fn *ssa.Function, in ssa.CallInstruction, args []ssa.Value, af AccessFact) {
	o := opNamed(af.Op)
	if o == nil || af.Param >= len(args) {
		return
	}
	a := access{
		op: o, iface: af.Iface, site: in, fn: fn, goLock: af.GoLock,
		where: af.Where, name: af.Func, wrapped: true,
		flags: c.flagsAt(af.Flags, args), batch: c.flagsAt(af.Batch, args),
	}
	if af.Param < 0 {
		for _, of := range af.Origins {
			a.recv = append(a.recv, of.origin())
		}
	} else if af.ByName {
		a.recv = []origin{c.pk.flow.nameOrigin(fn, args[af.Param])}
	} else {
		a.recv = c.pk.flow.origins(args[af.Param])
	}
	c.queue = append(c.queue, a)
}

// flagsAt replaces the parameters in a summary's flags by arguments.
func (c *collector) flagsAt(f FlagFact, args []ssa.Value) flagSet {
	s := flagSet{Consts: slices.Clone(f.Consts), Unknown: f.Unknown}
	for _, p := range f.Params {
		if p.Param >= len(args) {
			s.Unknown = true
			continue
		}
		var v flagSet
		if p.Opts != "" {
			v = c.pk.flow.optsOf(args[p.Param], p.Opts)
		} else {
			v = c.pk.flow.flagsOf(args[p.Param])
		}
		if p.Or != 0 {
			v = v.or(constFlags(p.Or))
		}
		s.union(v)
	}
	return s
}

// foreignStore judges a map put into another package's variable by what that
// package does with it.
func (c *collector) foreignStore(fn *ssa.Function, in *ssa.Store) {
	v := variableAt(in.Addr)
	if v == nil || v.Pkg() == nil || v.Pkg() == c.pk.pass.Pkg || !mayHoldMap(v.Type()) {
		return
	}
	var fact VarFact
	if !c.pk.pass.ImportObjectFact(v.Origin(), &fact) {
		return
	}
	recv := c.pk.flow.origins(in.Val)
	for _, af := range fact.Accesses {
		if o := opNamed(af.Op); o != nil && len(af.Flags.Params)+len(af.Batch.Params) == 0 {
			c.queue = append(c.queue, access{
				op: o, iface: af.Iface, recv: recv, site: in, fn: fn, goLock: af.GoLock,
				where: af.Where, name: af.Func, wrapped: true,
				flags: c.flagsAt(af.Flags, nil), batch: c.flagsAt(af.Batch, nil),
			})
		}
	}
}

// variableAt is the field or package-level variable at an address, nil when
// the address is another's.
func variableAt(addr ssa.Value) *types.Var {
	switch a := addr.(type) {
	case *ssa.FieldAddr:
		if st, ok := deref(a.X.Type()).Underlying().(*types.Struct); ok {
			return st.Field(a.Field)
		}
	case *ssa.Global:
		v, _ := a.Object().(*types.Var)
		return v
	}
	return nil
}

// process splits an access into what is judged here and what callers decide.
func (c *collector) process(a access) {
	here := a
	here.recv, here.given = nil, a.recv
	own := outermost(a.fn)
	seen := make(map[origin]bool)
	var walk func(os []origin, via bool)
	walk = func(os []origin, via bool) {
		for _, o := range os {
			if seen[o] {
				continue
			}
			seen[o] = true
			switch {
			case o.kind == fromParam || o.kind == fromNameParam:
				direct := !via && (o.fn == own || o.fn == a.fn || encloses(o.fn, a.fn))
				c.summarise(o, a, !direct)
				if direct {
					continue
				}
				// A field that a constructor fills: what its callers here pass is
				// known, and the access is reported where it stands.
				for _, call := range c.pk.flow.callers[o.fn] {
					args := call.Common().Args
					if o.idx >= len(args) {
						continue
					}
					if o.kind == fromNameParam {
						walk([]origin{c.pk.flow.nameOrigin(call.Parent(), args[o.idx])}, true)
					} else {
						walk(c.pk.flow.origins(args[o.idx]), true)
					}
				}
				if len(c.pk.flow.callers[o.fn]) == 0 || externallyCalled(o.fn) {
					here.recv = append(here.recv, origin{kind: fromParam, fn: o.fn, idx: o.idx})
				}
			case o.kind == fromVar:
				c.addVar(o.v, a)
			default:
				here.recv = append(here.recv, o)
			}
		}
	}
	walk(a.recv, false)
	if a.flags.Fn != nil || a.batch.Fn != nil {
		// The flag is the caller's, but the map is known here: judged at the
		// callers, with this map.
		c.flagWrapper(here)
		if a.flags.Fn != nil {
			here.flags.Unknown = true
		}
		if a.batch.Fn != nil {
			here.batch.Unknown = true
		}
	}
	c.judged = append(c.judged, here)
}

// flagWrapper judges a call on a known map with the flags each caller gives.
func (c *collector) flagWrapper(a access) {
	fn := a.flags.Fn
	if fn == nil {
		fn = a.batch.Fn
	}
	known := slices.ContainsFunc(a.recv, func(o origin) bool { return o.kind == fromName || o.kind == fromLiteral })
	if !known {
		return
	}
	af := AccessFact{
		Param: -1, Op: opName(a.op), Iface: a.iface, Flags: a.flags.fact(), Batch: a.batch.fact(),
		Where: a.where, Func: funcName(a.fn), GoLock: a.goLock, Origins: c.pk.originFacts(a.recv),
	}
	if len(c.summary[fn]) < maxSummary {
		c.summary[fn] = append(c.summary[fn], af)
	}
	for _, call := range c.pk.flow.callers[fn] {
		args := call.Common().Args
		b := a
		b.site, b.fn, b.value, b.wrapped = call, call.Parent(), nil, true
		b.name = funcName(fn)
		b.flags = c.flagsAt(a.flags.fact(), args)
		b.batch = c.flagsAt(a.batch.fact(), args)
		if b.flags.Fn != nil || b.batch.Fn != nil {
			b.flags.Unknown = true // forwarded again: once is enough
		}
		c.judged = append(c.judged, b)
	}
}

// summarise adds an access to a function's summary and hands it to the
// function's callers in this package.
func (c *collector) summarise(o origin, a access, via bool) {
	if !via && a.flags.Fn != nil && a.flags.Fn != o.fn {
		a.flags = unknownFlags()
	}
	if via && (a.flags.Fn != nil || a.batch.Fn != nil) {
		a.flags, a.batch = unknownFlags(), unknownFlags()
	}
	af := AccessFact{
		Param: o.idx, ByName: o.kind == fromNameParam, Via: via,
		Op: opName(a.op), Iface: a.iface, Flags: a.flags.fact(), Batch: a.batch.fact(),
		Where: a.where, Func: funcName(a.fn), GoLock: a.goLock,
	}
	if a.wrapped {
		af.Func = a.name
	}
	key := fmt.Sprint(af)
	for _, have := range c.summary[o.fn] {
		if fmt.Sprint(have) == key {
			return
		}
	}
	if len(c.summary[o.fn]) >= maxSummary {
		return
	}
	c.summary[o.fn] = append(c.summary[o.fn], af)
	if via {
		return
	}
	for _, call := range c.pk.flow.callers[o.fn] {
		c.derived(call.Parent(), call, call.Common().Args, af)
	}
}

// maxSummary bounds a function's summary.
const maxSummary = 64

func (c *collector) addVar(id varID, a access) {
	if len(a.flags.Params)+len(a.batch.Params) > 0 || len(c.vars[id]) >= maxSummary {
		return
	}
	af := AccessFact{
		Param: -1, Op: opName(a.op), Iface: a.iface, Flags: a.flags.fact(), Batch: a.batch.fact(),
		Where: a.where, Func: funcName(a.fn), GoLock: a.goLock,
	}
	if a.wrapped {
		af.Func = a.name
	}
	c.vars[id] = append(c.vars[id], af)
}

// outermost is the declared function around a function literal.
func outermost(fn *ssa.Function) *ssa.Function {
	for fn.Parent() != nil {
		fn = fn.Parent()
	}
	return fn
}

// encloses reports whether outer is inner or one of the functions around it.
func encloses(outer, inner *ssa.Function) bool {
	for f := inner; f != nil; f = f.Parent() {
		if f == outer {
			return true
		}
	}
	return false
}

// externallyCalled reports whether other packages may call fn.
func externallyCalled(fn *ssa.Function) bool {
	obj := fn.Object()
	return obj != nil && obj.Exported() && obj.Pkg() != nil && obj.Pkg().Name() != "main"
}

// funcName is a function's name as in messages: "read", "(*Server).Stats".
func funcName(fn *ssa.Function) string {
	fn = outermost(fn)
	if fn.Pkg != nil {
		return fn.RelString(fn.Pkg.Pkg)
	}
	return fn.Name()
}

func opName(o *op) string { return o.lib + " " + o.recv + " " + o.name }

func opNamed(name string) *op {
	for k, o := range opByKey {
		if k.lib+" "+k.recv+" "+k.name == name {
			return o
		}
	}
	return nil
}

// valueType is the Go type that a value argument has, behind pointers, slices
// and conversions to an interface or unsafe.Pointer.
func valueType(v ssa.Value) types.Type {
	t := stripConversions(v).Type()
	for range 8 {
		switch u := types.Unalias(t).Underlying().(type) {
		case *types.Pointer:
			t = u.Elem()
		case *types.Slice:
			t = u.Elem()
		default:
			return t
		}
	}
	return t
}
