package flow

import (
	"slices"

	"github.com/bpflockcheck/bpflockcheck/analyzer/ir"
	"github.com/bpflockcheck/bpflockcheck/analyzer/model"
	"github.com/bpflockcheck/bpflockcheck/rules/kernel"
)

// call executes a call and gives the states in which it returns; none when it
// does not.
func (x *exec) call(in *ir.Call) []*state {
	args := make([]*value, len(in.Args))
	for i, a := range in.Args {
		args[i] = x.s.operand(a)
	}
	switch in.Kind {
	case ir.CallHelper:
		return x.helper(in, args)
	case ir.CallKfunc:
		return x.kfunc(in, args)
	case ir.CallFunc:
		if in.Func.Linkage == ir.Global_ {
			x.logCall(in, args, func(c *model.Call) { c.Global = true })
		} else if in.Func.Linkage == ir.Static {
			x.logCall(in, args, nil)
		}
		return x.callFunc(in, in.Func, args)
	case ir.CallIndirect:
		if v := x.s.operand(in.Ptr); v.fn != nil {
			if v.fn.Extern && kernel.KfuncByName(v.fn.Name) != nil {
				return x.kfunc(x.e.directCall(in, v.fn), args)
			}
			return x.callFunc(in, v.fn, args)
		}
	case ir.CallExternal:
		x.logCall(in, args, func(c *model.Call) { c.Global = true })
	}
	return x.unknownCall(in, args)
}

// directCall gives the call of a kernel function that an indirect call turned
// out to be, the same one each time.
func (e *engine) directCall(in *ir.Call, f *ir.Func) *ir.Call {
	k := directKey{in, f}
	c, ok := e.direct[k]
	if !ok {
		if e.direct == nil {
			e.direct = make(map[directKey]*ir.Call)
		}
		direct := *in
		direct.Kind, direct.Name = ir.CallKfunc, f.Name
		c = &direct
		e.direct[k] = c
	}
	return c
}

type directKey struct {
	in *ir.Call
	f  *ir.Func
}

// unknownCall is a call of which only the arguments are known: it may change
// what they point to.
func (x *exec) unknownCall(in *ir.Call, args []*value) []*state {
	for _, a := range args {
		x.s.clobber(a, 0)
	}
	x.s.setReg(in.Dst, x.unknown("call", in, anyInt))
	return []*state{x.s}
}

// callFunc analyses a function of the unit in the caller's state.
func (x *exec) callFunc(in *ir.Call, f *ir.Func, args []*value) []*state {
	e := x.e
	reason := ""
	switch {
	case f.Extern:
		return x.unknownCall(in, args)
	case f.Skipped != "" || len(f.Blocks) == 0:
		return x.unknownCall(in, args) // named by the front end
	case x.path.depth >= maxDepth:
		reason = "calls are nested too deeply"
	case x.path.calls(f):
		reason = "recursive call"
	}
	if reason != "" {
		e.skip(f, in.At(), reason)
		return x.unknownCall(in, args)
	}
	path := e.path(x.path, in, f, x.loop)
	// The verifier checks a global function on its own: it finds no lock held
	// and leaves none.
	outer := x.s
	if f.Linkage == ir.Global_ {
		outer = x.s.clone()
		x.s.holds, x.s.rcu, x.s.preempt, x.s.irq, x.s.failed = nil, nil, nil, nil, nil
	}
	e.enter(x.s, path, args)
	entry := x.s
	exits := e.run(path, entry)
	if e.recording {
		e.record(path, entry)
	}
	var out []*state
	for _, ex := range exits {
		s := ex.s.clone()
		ret := ex.ret
		e.leave(s, path)
		if f.Linkage == ir.Global_ {
			s.holds, s.rcu, s.preempt, s.irq, s.failed = outer.holds, outer.rcu, outer.preempt, outer.irq, outer.failed
		}
		if ret != nil && ret.obj != nil && ret.obj.path == path {
			ret = top
		}
		y := &exec{e: e, path: x.path, s: s, loop: x.loop}
		if ret != nil && ret.sym == 0 && !ret.isPtr() && !ret.iv.isConst() {
			ret = ret.with(func(v *value) { v.sym = y.fresh("ret", in, int64(len(out))) })
		}
		s.setReg(in.Dst, ret)
		out = append(out, s)
	}
	return out
}

// logCall puts a call into the model.
func (x *exec) logCall(in *ir.Call, args []*value, also func(*model.Call)) {
	if !x.e.recording {
		return
	}
	k := serialKey{kind: "call", path: x.path.id, in: in, detail: x.s.lockKey()}
	if old, ok := x.e.calls[k]; ok {
		old.conds, _ = joinConds(old.conds, x.s.conds, false, nil)
		return
	}
	c := &model.Call{Site: x.e.site(x.path, in), Kind: in.Kind, Helper: in.Helper, Name: in.Name, Held: x.s.locks(), Sections: x.s.sections(), InLess: x.path.less}
	x.e.calls[k] = &callRecord{c, x.s.conds}
	x.e.callOrder = append(x.e.callOrder, x.e.calls[k])
	for i, a := range args {
		var pl model.Place
		if a.obj != nil && len(a.obj.alts) == 0 {
			pl = x.e.place(a, a.obj, 0)
		}
		c.Args = append(c.Args, pl)
		if i == 0 {
			c.Map = a.mapv
		}
	}
	if also != nil {
		also(c)
	}
}

// callRecord is a call as recorded so far.
type callRecord struct {
	m     *model.Call
	conds []*condition
}

// memArgs logs and performs the memory effects of a helper's or kfunc's
// arguments.
func (x *exec) memArgs(in *ir.Call, kinds []kernel.Arg, args []*value) {
	s := x.s
	var m *ir.Map
	for i, a := range args {
		if i >= len(kinds) {
			break
		}
		if a.mapv != nil && m == nil {
			m = a.mapv
		}
		k := kinds[i]
		size := int64(0)
		switch k.Kind {
		case kernel.ArgMapKey:
			if m != nil {
				size = m.KeySize
			}
		case kernel.ArgMapValue:
			if m != nil {
				size = m.ValueSize
			}
		case kernel.ArgMem:
			if i+1 < len(args) {
				if r := s.rangeOf(args[i+1]); r.isConst() {
					size = r.lo
				}
			}
		case kernel.ArgFixedMem:
			size = k.Size
		case kernel.ArgDynptr, kernel.ArgIter:
			size = 16
		case kernel.ArgString:
		default:
			continue
		}
		access := k.Access
		if k.Kind == kernel.ArgIter || k.Kind == kernel.ArgDynptr {
			access = kernel.Write
		}
		if access == 0 {
			access = kernel.Read
		}
		for _, o := range a.targets() {
			if o.logged() {
				if access&kernel.Read != 0 {
					x.access(in, model.HelperRead, a, o, size, 2*i)
				}
				if access&kernel.Write != 0 {
					if w := x.access(in, model.HelperWrite, a, o, size, 2*i+1); w != nil {
						x.note(w, top, a, o, size)
					}
				}
			}
		}
		if access&kernel.Write != 0 {
			s.clobber(a, size)
		}
	}
}

// callback runs a callback that the call makes any number of times (zero
// included unless atLeastOnce), and gives the states afterwards.
func (x *exec) callback(in *ir.Call, f *ir.Func, params []*value) []*state {
	e := x.e
	if f.Skipped != "" || len(f.Blocks) == 0 || x.path.calls(f) || x.path.depth >= maxDepth {
		if f.Skipped == "" && len(f.Blocks) > 0 {
			e.skip(f, in.At(), "recursive or too deeply nested callback")
		}
		return []*state{x.s}
	}
	path := e.path(x.path, in, f, true)
	if k := kernel.KfuncByName(in.Name); in.Kind == ir.CallKfunc && k != nil && k.Class == kernel.KfuncGraphAdd {
		path.less = true
	}
	heldBefore := len(x.s.holds)
	before := [3]int{len(x.s.rcu), len(x.s.preempt), len(x.s.irq)}
	j := joiner{e: e, path: x.path, at: in}
	cur := x.s
	baseKey := cur.lockKey()
	for round := 0; ; round++ {
		entry := cur.clone()
		entry.untouch(params)
		e.enter(entry, path, params)
		rec := e.recording
		e.recording = false
		exits := e.run(path, entry)
		e.recording = rec
		changed := false
		for _, ex := range exits {
			s := ex.s.clone()
			e.leave(s, path)
			if s.lockKey() != baseKey {
				continue // reported when recording
			}
			j.widen = round > widenAfter
			n, c := j.merge(cur, s)
			if c {
				cur, changed = n, true
			}
		}
		if !changed || e.exhausted || round > 50 {
			if e.recording {
				e.record(path, entry)
				for _, ex := range exits {
					if ex.s.lockKey() == baseKey {
						continue
					}
					y := &exec{e: e, path: path, s: ex.s, loop: true}
					sec := ex.s.sections()
					sec.RCU -= before[0]
					sec.Preempt -= before[1]
					sec.IRQ -= before[2]
					held := ex.s.holds
					if heldBefore <= len(held) {
						held = held[heldBefore:]
					}
					y.exitEvent(returnOf(f), "callback", held, sec)
				}
			}
			break
		}
	}
	return []*state{cur}
}

// returnOf finds a return of f to name as the place where it ends.
func returnOf(f *ir.Func) ir.Instr {
	for _, b := range slices.Backward(f.Blocks) {
		if n := len(b.Instrs); n > 0 {
			if r, ok := b.Instrs[n-1].(*ir.Return); ok {
				return r
			}
		}
	}
	return f.Blocks[0].Instrs[0]
}

// asyncCall is a callback that runs later.
type asyncCall struct {
	fn   *ir.Func
	kind string
	args []*value
}

type asyncKey struct {
	fn   *ir.Func
	kind string
}

func (e *engine) later(f *ir.Func, kind string, args []*value) {
	k := asyncKey{f, kind}
	if f.Skipped != "" || len(f.Blocks) == 0 || e.async[k] {
		return
	}
	e.async[k] = true
	e.pending = append(e.pending, asyncCall{f, kind, args})
}

// params makes the arguments of a callback.
func (x *exec) params(in *ir.Call, cb *kernel.Callback, args []*value, m *ir.Map) []*value {
	var out []*value
	key := "" // of the element, once it is known
	for i, p := range cb.Params {
		var v *value
		switch p {
		case kernel.ParamMap:
			if m != nil {
				v = &value{iv: anyInt, mapv: m}
			}
		case kernel.ParamKey:
			if m != nil && m.KeySize > 0 {
				v = x.visitedKey(in, m, i)
				_, _, key = x.readKey(in, m, v)
			}
		case kernel.ParamValue:
			if m != nil && m.Type != kernel.MapTypeUnspec {
				v = x.element(in, m, model.KeyIter, 0, key, 100+i)
			}
		case kernel.ParamCtx:
			if cb.Ctx >= 0 && cb.Ctx < len(args) {
				v = args[cb.Ctx]
			}
		case kernel.ParamIndex:
			v = x.unknown("index", in, width(32, false))
		case kernel.ParamNode:
			o := x.e.objs.get(objKey{kind: "node", path: x.path.id, at: in, n: i}, func(o *object) { o.region = model.RegionAlloc })
			v = &value{iv: anyInt, obj: o}
		case kernel.ParamTask, kernel.ParamVMA:
			o := x.e.objs.get(objKey{kind: "kernel", path: x.path.id, at: in, n: i}, func(o *object) { o.region = model.RegionKernel })
			v = &value{iv: anyInt, obj: o}
		}
		if v == nil {
			v = &value{iv: anyInt, sym: x.fresh("cbarg", in, int64(i))}
		}
		out = append(out, v)
	}
	return out
}

// visitedKey gives a pointer to the key of the element that a callback visits:
// memory that holds one unknown value, the same wherever it is copied.
func (x *exec) visitedKey(in ir.Instr, m *ir.Map, n int) *value {
	o := x.e.objs.get(objKey{kind: "key", path: x.path.id, at: in, n: n}, func(o *object) {
		o.region, o.slot = model.RegionStack, &ir.Slot{Name: "key", Size: m.KeySize}
	})
	bits := anyInt
	if m.KeySize < 8 {
		bits = width(int(m.KeySize)*8, false)
	}
	x.s.mem[o] = unknownContent.store(0, m.KeySize, x.unknown("key", in, bits))
	return &value{iv: anyInt, obj: o}
}

// element gives a pointer to a map value that in looks up.
func (x *exec) element(in ir.Instr, m *ir.Map, kind model.KeyKind, constant int64, key string, n int) *value {
	e := x.e
	k := objKey{kind: "elem", path: x.path.id, at: in, n: n}
	o := e.objs.get(k, func(o *object) {
		e.elems++
		o.region, o.mapv = model.RegionMapValue, m
		o.elem = &model.Element{ID: e.elems, Site: e.site(x.path, in)}
	})
	if o.mapv != m {
		// The same call on another map: a map passed in a variable.
		k.kind = "elem/" + m.Name
		o = e.objs.get(k, func(o *object) {
			e.elems++
			o.region, o.mapv = model.RegionMapValue, m
			o.elem = &model.Element{ID: e.elems, Site: e.site(x.path, in)}
		})
	}
	if x.loop {
		if o.old == nil {
			e.elems++
			old := *o.elem
			old.ID, old.Key = e.elems, ""
			o.old = e.objs.get(objKey{kind: "old", n: o.id}, func(p *object) {
				p.region, p.mapv, p.elem = o.region, o.mapv, &old
			})
			o.old.old = o.old
		}
		x.s.age(o)
	}
	switch {
	case e.recording && !o.elemRecorded:
		o.elemRecorded = true
		fallthrough
	case !o.elemRecorded:
		o.elem.KeyKind, o.elem.KeyConst, o.elem.Key = kind, constant, key
	default:
		o.elem.Weaken(kind, constant, key)
	}
	s := x.s
	drop := func(p *object) bool { return p == o }
	s.missed = slices.DeleteFunc(slices.Clone(s.missed), drop)
	s.fresh = slices.DeleteFunc(slices.Clone(s.fresh), drop)
	s.deleted = slices.DeleteFunc(slices.Clone(s.deleted), func(d deletion) bool { return d.obj == o })
	if key != "" && slices.ContainsFunc(s.insert, func(k keyed) bool { return k.m == m && k.key == key }) {
		s.fresh = add(s.fresh, o)
	}
	return &value{iv: anyInt, obj: o, sym: x.fresh("elem", in, int64(n))}
}
