package flow

import (
	"slices"

	"github.com/bpflockcheck/bpflockcheck/analyzer/ir"
	"github.com/bpflockcheck/bpflockcheck/analyzer/model"
	"github.com/bpflockcheck/bpflockcheck/rules/kernel"
)

// kfunc executes a call of a kernel function.
func (x *exec) kfunc(in *ir.Call, args []*value) []*state {
	k := kernel.KfuncByName(in.Name)
	if k == nil {
		x.logCall(in, args, nil)
		return x.unknownKfunc(in, args)
	}
	x.logKfunc(in, k, args)
	if out, done := x.kfuncSection(in, k, args); done {
		return out
	}
	if k.Args == nil {
		return x.unknownKfunc(in, args)
	}
	count := x.iterCount(argument(args, 0))
	x.memArgs(in, k.Args, args)
	switch in.Name {
	case "bpf_iter_num_new":
		x.iterNew(argument(args, 0), argument(args, 1), argument(args, 2))
	case "bpf_iter_num_next":
		x.iterNext(in, argument(args, 0), count)
	}
	x = x.kfuncCallback(in, k, args)
	x.kfuncResult(in, k, args)
	return []*state{x.s}
}

// argument gives argument i; unknown where the call has fewer.
func argument(args []*value, i int) *value {
	if i < len(args) {
		return args[i]
	}
	return top
}

// logKfunc records the call, and with which root one of a list or tree works.
func (x *exec) logKfunc(in *ir.Call, k *kernel.KfuncInfo, args []*value) {
	switch k.Class {
	case kernel.KfuncGraphAdd, kernel.KfuncGraphRemove, kernel.KfuncGraphPeek:
		x.logCall(in, args, func(c *model.Call) {
			if len(c.Args) > 0 {
				c.Root = x.rootLock(argument(args, 0))
				c.Graph = argument(args, 0).obj != nil && argument(args, 0).obj.region != model.RegionUnknown
				c.RootHeld = x.rootHeld(argument(args, 0))
			}
		})
	default:
		x.logCall(in, args, nil)
	}
}

// kfuncSection handles the kfuncs that begin and end sections. When done, out
// is what becomes of the state; the call does nothing else.
func (x *exec) kfuncSection(in *ir.Call, k *kernel.KfuncInfo, args []*value) (out []*state, done bool) {
	switch k.Class {
	case kernel.KfuncRCULock:
		x.section(in, model.RCULock, nil)
	case kernel.KfuncRCUUnlock:
		x.section(in, model.RCUUnlock, nil)
	case kernel.KfuncPreemptDisable:
		x.section(in, model.PreemptDisable, nil)
	case kernel.KfuncPreemptEnable:
		x.section(in, model.PreemptEnable, nil)
	case kernel.KfuncIRQSave:
		x.section(in, model.IRQSave, argument(args, 0))
	case kernel.KfuncIRQRestore:
		x.section(in, model.IRQRestore, argument(args, 0))
	case kernel.KfuncResLock, kernel.KfuncResLockIRQSave:
		irq := k.Class == kernel.KfuncResLockIRQSave
		var flags *value
		if irq {
			flags = argument(args, 1)
		}
		ok, failed := x.acquire(in, argument(args, 0), true, irq, flags)
		ok.setReg(in.Dst, constValue(0))
		y := &exec{e: x.e, path: x.path, s: failed, loop: x.loop}
		failed.setReg(in.Dst, &value{iv: interval{-4095, -1}, sym: y.fresh("reslock", in, 0)})
		return []*state{ok, failed}, true
	case kernel.KfuncResUnlock:
		x.release(in, argument(args, 0), true, false, nil)
	case kernel.KfuncResUnlockIRQRestore:
		x.release(in, argument(args, 0), true, true, argument(args, 1))
	case kernel.KfuncThrow:
		x.exitEvent(in, "throw", x.s.holds, x.s.sections())
		return nil, true
	}
	return nil, false
}

// kfuncCallback runs the function that the kfunc calls before it returns, or
// puts down one that runs later. It gives the execution that goes on.
func (x *exec) kfuncCallback(in *ir.Call, k *kernel.KfuncInfo, args []*value) *exec {
	cb := k.Callback
	if cb == nil || cb.Func >= len(args) || args[cb.Func].fn == nil {
		return x
	}
	f := args[cb.Func].fn
	m := args[0].mapv
	if m == nil && args[0].obj != nil {
		m = args[0].obj.mapv
	}
	params := x.params(in, cb, args, m)
	if cb.Async {
		x.e.later(f, "workqueue", params)
		return x
	}
	return &exec{e: x.e, path: x.path, s: x.callback(in, f, params)[0], loop: x.loop}
}

// kfuncResult sets what the call returns.
func (x *exec) kfuncResult(in *ir.Call, k *kernel.KfuncInfo, args []*value) {
	if k.Ret == kernel.RetIterOrNull {
		v := x.unknown("iter", in, anyInt)
		o := x.e.objs.get(objKey{kind: "iter", path: x.path.id, at: in}, func(o *object) { o.region = model.RegionKernel })
		v.obj, v.nullable = o, true
		x.s.setReg(in.Dst, v)
		return
	}
	v := x.result(in, k.Ret, k.Tag, nil, args)
	if v.obj != nil && v.obj.region == model.RegionAlloc {
		switch k.Class {
		case kernel.KfuncObjNew:
			if id := x.s.rangeOf(argument(args, 0)); id.isConst() && x.e.unit.LocalType != nil {
				v.obj.typ = x.e.unit.LocalType(id.lo)
			}
			if t := in.RetType.Underlying(); t != nil && t.Kind == ir.Pointer && v.obj.typ == nil {
				v.obj.typ = t.Elem
			}
		case kernel.KfuncRefAcquire:
			if o := argument(args, 0).obj; o != nil {
				v.obj.typ = o.typ
			}
		}
	}
	x.s.setReg(in.Dst, v)
}

// unknownKfunc: a kfunc without a description may write what it is given on
// the stack.
func (x *exec) unknownKfunc(in *ir.Call, args []*value) []*state {
	s := x.s
	for i, a := range args {
		var size int64
		if i < len(in.ArgTypes) && in.ArgTypes[i] != nil {
			size = in.ArgTypes[i].Size
		}
		s.clobber(a, size)
	}
	o := x.e.objs.get(objKey{kind: "ret", path: x.path.id, at: in}, func(o *object) { o.region = model.RegionKernel })
	if t := in.RetType.Underlying(); t != nil && t.Kind == ir.Pointer {
		s.setReg(in.Dst, &value{iv: anyInt, obj: o, nullable: true, sym: x.fresh("obj", in, 0)})
		return []*state{s}
	}
	s.setReg(in.Dst, x.unknown("call", in, anyInt))
	return []*state{s}
}

// rootHeld reports whether a lock of the root's allocation is held (verifier.c
// __process_kf_arg_ptr_to_graph_root).
func (x *exec) rootHeld(p *value) bool {
	return p.obj != nil && slices.ContainsFunc(x.s.holds, func(h *hold) bool {
		return h.obj != nil && (h.obj == p.obj || h.obj.global != nil && p.obj.global != nil && h.obj.global.Section == p.obj.global.Section)
	})
}

// rootLock finds the lock that lies beside a list head or tree root: in the
// same map value, object or data section.
func (x *exec) rootLock(p *value) *model.Place {
	if p.obj == nil || len(p.obj.alts) > 0 {
		return nil
	}
	o := p.obj
	t := o.layout()
	if o.global != nil {
		// One section is one value: the lock may be another variable.
		for _, g := range x.e.unit.Globals {
			if g.Section != o.global.Section || g.Type == nil {
				continue
			}
			for _, sp := range g.Type.Specials() {
				if sp.IsLock() {
					pl := model.Place{Region: model.RegionGlobal, Global: g, Off: sp.Off, Size: sp.Size}
					describe(&pl, g.Type)
					return &pl
				}
			}
		}
		return nil
	}
	for _, sp := range t.Specials() {
		if sp.IsLock() {
			pl := x.e.place(&value{obj: o, off: sp.Off}, o, sp.Size)
			return &pl
		}
	}
	return nil
}
