package flow

import (
	"math"
	"slices"

	"github.com/bpflockcheck/bpflockcheck/analyzer/ir"
	"github.com/bpflockcheck/bpflockcheck/analyzer/model"
	"github.com/bpflockcheck/bpflockcheck/rules/kernel"
)

// exec executes one operation in a state.
type exec struct {
	e    *engine
	path *callPath
	s    *state
	// loop: the operation can run again on this path, so that what it makes
	// may already be there from the round before.
	loop bool
}

// fresh gives the identity of what in makes (n tells several apart).
func (x *exec) fresh(op string, in ir.Instr, n int64) sym {
	s := x.e.syms.fresh(op, x.path.id, in, n)
	if x.loop {
		x.s.forget(x.e.syms, s)
	}
	return s
}

// unknown is a scalar of unknown value that in makes.
func (x *exec) unknown(op string, in ir.Instr, iv interval) *value {
	return &value{iv: iv, sym: x.fresh(op, in, 0)}
}

func (x *exec) exec(in ir.Instr) {
	s := x.s
	switch in := in.(type) {
	case *ir.Copy:
		s.setReg(in.Dst, s.operand(in.Src))
	case *ir.MapAddr:
		x.ref(in, in.Map, nil)
		s.setReg(in.Dst, &value{iv: anyInt, mapv: in.Map})
	case *ir.GlobalAddr:
		x.ref(in, nil, in.Global)
		s.setReg(in.Dst, &value{iv: anyInt, obj: x.e.globalObject(in.Global), off: in.Off})
	case *ir.FuncAddr:
		s.setReg(in.Dst, &value{iv: anyInt, fn: in.Func})
	case *ir.StackAddr:
		s.setReg(in.Dst, &value{iv: anyInt, obj: x.e.slot(x.path, in.Slot), off: in.Off})
	case *ir.Bin:
		s.setReg(in.Dst, x.bin(in))
	case *ir.Ext:
		s.setReg(in.Dst, x.ext(s.operand(in.Src), in.Bits, in.Signed))
	case *ir.AddrSpaceCast:
		s.setReg(in.Dst, x.arenaAddress(in))
	case *ir.Opaque:
		var from origins
		for _, a := range in.Args {
			from = from.union(s.operand(a).origins.changed())
		}
		v := x.unknown("opaque", in, anyInt)
		v.origins = from
		s.setReg(in.Dst, v)
	case *ir.Havoc:
		s.setReg(in.Dst, x.unknown("havoc", in, anyInt))
	case *ir.LegacyPacketLoad:
		x.legacyPacketLoad(in)
		s.setReg(in.Dst, x.unknown("packet", in, width(32, false)))
	case *ir.Load:
		s.setReg(in.Dst, x.load(in, s.operand(in.Addr), in.Off, in.Size, in.Signed))
	case *ir.Store:
		x.store(in)
	case *ir.MemCopy:
		x.memCopy(in)
	case *ir.MemSet:
		x.memSet(in)
	case *ir.Atomic:
		x.atomic(in)
	}
}

// at moves a pointer by a constant.
func (v *value) at(off int64) *value {
	if off == 0 || v.obj == nil {
		return v
	}
	return v.with(func(v *value) { v.off += off })
}

// unknownObject stands for memory that could not be followed, or for the packet
// that the program was given through its context.
func (e *engine) unknownObject(p *value) *object {
	if p.tag == tagCtx && kernel.HasPacket(e.prog.Info.Type) {
		return e.objs.get(objKey{kind: "packet"}, func(o *object) { o.region = model.RegionPacket })
	}
	return e.objs.get(objKey{kind: "unknown"}, func(o *object) { o.region = model.RegionUnknown })
}

func (e *engine) globalObject(g *ir.Global) *object {
	return e.objs.get(objKey{kind: "global", at: g}, func(o *object) {
		o.region = model.RegionGlobal
		switch {
		case g.Arena:
			o.region = model.RegionArena
		case g.Ksym:
			o.region = model.RegionKernel
		}
		o.global = g
	})
}

// load reads size bytes at addr+off.
func (x *exec) load(in ir.Instr, addr *value, off, size int64, signed bool) *value {
	s := x.s
	bitsOf := int(size) * 8
	if addr.obj == nil {
		v := x.unknown("load", in, width(bitsOf, signed))
		if addr.tag == tagCtx {
			v.tag = tagCtx
		}
		if addr.tag == tagTask {
			v.tag = taskField(in)
		}
		return v
	}
	p := addr.at(off)
	targets := p.targets()
	if len(targets) == 1 && targets[0].tracked() {
		if p.variable {
			v := x.unknown("load", in, width(bitsOf, signed))
			v.origins = s.contentOf(targets[0]).originsIn(math.MinInt32, math.MaxInt32).changed()
			return v
		}
		v := s.contentOf(targets[0]).load(p.off, size)
		if v == nil {
			return x.unknown("load", in, width(bitsOf, signed))
		}
		v = x.identify(v, in, 0)
		if signed {
			return x.ext(v, bitsOf, true)
		}
		return v
	}
	if o := targets[0]; len(targets) == 1 && o.region == model.RegionGlobal && o.global.Const && !p.variable {
		iv := width(bitsOf, signed)
		if isBool(o.global.Type, p.off) {
			iv = interval{0, 1}
		}
		id := x.e.syms.fixed("config", o, p.off<<4|size)
		if o.global.Section == ".kconfig" && o.global.Name == versionVariable {
			x.e.version, iv = id, width(31, false)
		}
		return &value{iv: iv, sym: id}
	}
	v := x.unknown("load", in, width(bitsOf, signed))
	for _, o := range targets {
		switch {
		case o.logged():
			a := x.access(in, model.Load, p, o, size, 0)
			if a == nil {
				continue
			}
			if len(targets) == 1 {
				v.tag = s.identAt(p, o, size)
			}
			if isShared(o) {
				v.origins = v.origins.union(origins{{load: a, size: size, held: s.heldSerials(), copied: true}})
			}
			if o.ownCPUs() && !p.variable {
				v.origins = v.origins.union(s.contentOf(o).originsIn(p.off, size))
			}
		case o.tracked() && !p.variable:
			v.origins = v.origins.union(s.contentOf(o).originsIn(p.off, size))
		case o.region == model.RegionCtx || o.fromCtx:
			v.tag = tagCtx
			if x.e.prog.Info.Type == kernel.ProgTypeXDP && o.region == model.RegionCtx && !p.variable && p.off == kernel.XDPRxQueueOff {
				v.tag = tagRxQueue
			}
			if x.e.prog.StructOps == "sched_ext_ops" && o.region == model.RegionCtx && p.off == 8*int64(kernel.SchedExtCPUArg(x.e.prog.Member)) {
				v.tag = tagTaskCPU
			}
			if o.region == model.RegionCtx && !p.variable && x.e.prog.Info.UserProbe() && x.e.isGoroutine(in, p.off) {
				v.tag = tagTid
			}
		case o.current:
			v.tag = taskField(in)
		}
	}
	return v
}

// identify gives a value that in reads from memory an identity, if it has none:
// what a helper wrote there is not known, but it is one value from now on.
func (x *exec) identify(v *value, in ir.Instr, n int64) *value {
	if v.isPtr() || v.sym != 0 || v.iv.isConst() {
		return v
	}
	id := x.fresh("read", in, n)
	return v.with(func(v *value) { v.sym = id })
}

// isBool reports whether a C bool lies at the offset.
func isBool(t *ir.Type, off int64) bool {
	if t == nil {
		return false
	}
	ref, ok := t.FieldAt(off, 1)
	if !ok {
		return false
	}
	u := ref.Type.Underlying()
	return u != nil && u.Kind == ir.Int && (u.Name == "_Bool" || u.Name == "bool")
}

// isGoroutine reports whether a uprobe's load from pt_regs gives the running
// goroutine: Go keeps it in R14 on amd64 and in R28 on arm64 (Go's internal ABI,
// src/cmd/compile/abi-internal.md, "Architecture specifics"), and no C calling
// convention passes an argument there. One thread at a time runs a goroutine.
func (e *engine) isGoroutine(in ir.Instr, off int64) bool {
	if l, ok := in.(*ir.Load); ok && l.Field != "" {
		return l.Field == "r14" || l.Field == "regs[28]"
	}
	if f := e.prog.Func; f != nil && len(f.ParamTypes) > 0 {
		if t := f.ParamTypes[0].Underlying(); t != nil && t.Kind == ir.Pointer {
			ref, ok := t.Elem.FieldAt(off, 8)
			return ok && (ref.Path == "r14" || ref.Path == "regs[]" && off == 8*28)
		}
	}
	return false
}

// taskField gives the meaning of a field read from the current task.
func taskField(in ir.Instr) tag {
	if l, ok := in.(*ir.Load); ok {
		switch l.Field {
		case "pid":
			return tagTid
		case "tgid":
			return tagTgid
		}
	}
	return tagOther
}

// fit gives what is left of a value stored in size bytes and read back.
func (x *exec) fit(v *value, size int64) *value {
	if size >= 8 || v.isPtr() {
		if v.isPtr() && size < 8 {
			return top
		}
		return v
	}
	return x.ext(v, int(size)*8, false)
}

func (x *exec) store(in *ir.Store) {
	s := x.s
	addr, v := s.operand(in.Addr), s.operand(in.Src)
	if addr.obj == nil {
		return
	}
	p := addr.at(in.Off)
	v = x.fit(v, in.Size)
	from := v.moved(in.Size)
	for _, o := range p.targets() {
		switch {
		case o.tracked():
			switch {
			case p.variable:
				// Somewhere in the slot: remember what it derives from.
				c := &content{}
				if from := s.contentOf(o).originsIn(math.MinInt32, math.MaxInt32).union(v.origins).changed(); len(from) > 0 && o.slot.Size > 0 {
					c = c.store(0, o.slot.Size, &value{iv: anyInt, origins: from})
				}
				s.mem[o] = c
			case len(p.targets()) > 1:
				s.mem[o] = s.contentOf(o).store(p.off, in.Size, &value{iv: anyInt, origins: v.origins})
			default:
				s.mem[o] = s.contentOf(o).store(p.off, in.Size, v)
			}
		case o.logged():
			x.publish(v, p, o)
			a := x.access(in, model.Store, p, o, in.Size, 0)
			if a == nil {
				continue
			}
			a.moved = a.moved || from
			x.note(a, v, p, o, in.Size)
			if o.ownCPUs() && !p.variable {
				s.keep(o, p.off, in.Size, v.origins)
			}
		}
	}
}

// maxKept bounds how many pieces of a per-CPU value are told apart.
const maxKept = 48

// keep remembers what is stored in a per-CPU value derives from.
func (s *state) keep(o *object, off, size int64, from origins) {
	c := s.contentOf(o)
	known := slices.ContainsFunc(c.cells, func(y cell) bool { return y.off < off+size && off < y.off+y.size })
	if !known && (len(from) == 0 || len(c.cells) >= maxKept) {
		return
	}
	s.mem[o] = c.store(off, size, &value{iv: anyInt, origins: from})
}

// note adds to a store access what is stored and remembers the change.
func (x *exec) note(a *access, v *value, p *value, o *object, size int64) {
	s := x.s
	if x.e.recording {
		a.addOrigins(x.e, v.origins)
		a.storeConst(s.rangeOf(v), v)
	}
	x.changed(o)
	x.touch(a)
	x.ident(v, p, o, size)
	k, ok := fillPlace(p, o, size)
	again := ok && slices.ContainsFunc(s.fills, func(f fill) bool { return f.place == k })
	if x.e.recording {
		a.m.Again = again && (a.m.Again || !a.stored)
		a.stored = true
	}
	if ok && !again && len(s.fills) < 64 {
		s.fills = add(s.fills, fill{k, a})
	}
}

// changed notes that a map value was written in place.
func (x *exec) changed(o *object) {
	if o.region != model.RegionMapValue {
		return
	}
	x.pending(o)
	for _, c := range x.s.changed {
		if c == o {
			return
		}
	}
	x.s.changed = add(x.s.changed, o)
}

// maxTouched bounds how many changes of a program's elements are remembered.
const maxTouched = 64

// touch notes a change of an element, and which other changes of it came before.
func (x *exec) touch(a *access) {
	if a.obj.region != model.RegionMapValue {
		return
	}
	s := x.s
	if x.e.recording {
		for _, b := range s.touched {
			if b.obj == a.obj && b != a && !slices.Contains(a.after, b) {
				a.after = append(a.after, b)
			}
		}
	}
	if !slices.Contains(s.touched, a) && len(s.touched) < maxTouched {
		s.touched = add(s.touched, a)
	}
}

// pending notes that an element was changed and is still there.
func (x *exec) pending(o *object) {
	for _, m := range o.expand() {
		if !slices.Contains(x.s.pending, m) {
			x.s.pending = add(x.s.pending, m)
		}
	}
}

// leavePending notes which changed elements are there when the program ends.
func (x *exec) leavePending() {
	if !x.e.recording {
		return
	}
	for _, o := range x.s.pending {
		o.stays = true
	}
}

// ident remembers the running thread's or CPU's id in this CPU's own memory: a
// big record is often built in a per-CPU array, its ids with it.
func (x *exec) ident(v, p *value, o *object, size int64) {
	s := x.s
	if !isPercpu(o) {
		return
	}
	k, exact := fillPlace(p, o, size)
	if i := slices.IndexFunc(s.idents, func(d ident) bool { return d.place.mapv == o.mapv && (!exact || d.place.overlaps(k)) }); i >= 0 {
		s.idents = slices.DeleteFunc(slices.Clone(s.idents), func(d ident) bool {
			return d.place.mapv == o.mapv && (!exact || d.place.overlaps(k))
		})
	}
	switch v.tag {
	case tagPidTgid, tagTid, tagTgid, tagCPU, tagTask:
		if exact && len(p.targets()) == 1 && len(s.idents) < 16 {
			s.idents = add(s.idents, ident{k, v.tag})
		}
	}
}

// identAt gives the id that is known to be in this CPU's own memory.
func (s *state) identAt(p *value, o *object, size int64) tag {
	if len(s.idents) == 0 || !isPercpu(o) {
		return tagNone
	}
	if k, ok := fillPlace(p, o, size); ok {
		for _, d := range s.idents {
			if d.place == k {
				return d.tag
			}
		}
	}
	return tagNone
}

// isPercpu reports whether an object is the running CPU's element of a per-CPU
// map.
func isPercpu(o *object) bool {
	return o.region == model.RegionMapValue && o.mapv.Type.IsPerCPU() && o.elem != nil && !o.elem.PercpuElem
}

// overlaps reports whether two places can have bytes in common. A size of 0 is
// not known.
func (k fillKey) overlaps(o fillKey) bool {
	return k.mapv == o.mapv && k.global == o.global && k.key == o.key &&
		(k.size == 0 || o.off < k.off+k.size) && (o.size == 0 || k.off < o.off+o.size)
}

// fillPlace names a place that every program run can find again: a global, or
// an element with a constant key.
func fillPlace(p *value, o *object, size int64) (fillKey, bool) {
	if p.variable {
		return fillKey{}, false
	}
	switch {
	case o.region == model.RegionGlobal:
		return fillKey{global: o.global, off: p.off, size: size}, true
	case o.region == model.RegionMapValue && o.elem.KeyKind == model.KeyConst:
		return fillKey{mapv: o.mapv, key: o.elem.KeyConst, off: p.off, size: size}, true
	}
	return fillKey{}, false
}

func (x *exec) atomic(in *ir.Atomic) {
	s := x.s
	addr := s.operand(in.Addr)
	kind := model.AtomicRMW
	switch in.Op {
	case ir.AtomicLoad:
		kind = model.AtomicLoad
	case ir.AtomicStore:
		kind = model.AtomicStore
	}
	v := s.operand(in.Src)
	p := addr.at(in.Off)
	var from origins
	if p.obj == nil {
		x.access(in, kind, p, x.e.unknownObject(p), in.Size, 0).m.Atomic = in
	}
	for _, o := range p.targets() {
		if !o.logged() {
			// Rules judge where the verifier allows an atomic at all.
			x.access(in, kind, p, o, in.Size, 0).m.Atomic = in
		}
		switch {
		case o.logged():
			a := x.access(in, kind, p, o, in.Size, 0)
			if a == nil {
				continue
			}
			a.m.Atomic = in
			if kind != model.AtomicLoad {
				x.changed(o)
				x.touch(a)
				if x.e.recording {
					a.addOrigins(x.e, v.origins)
					a.storeConst(s.rangeOf(v), v)
				}
			}
			if kind != model.AtomicStore {
				from = from.union(origins{{load: a, size: in.Size, held: s.heldSerials(), copied: true}})
			}
		case o.tracked():
			if p.variable {
				s.mem[o] = unknownContent
			} else if kind != model.AtomicLoad {
				s.mem[o] = s.contentOf(o).store(p.off, in.Size, &value{iv: width(int(in.Size)*8, false)})
			}
		}
	}
	if in.Dst != ir.NoReg {
		r := x.unknown("atomic", in, width(int(in.Size)*8, false))
		r.origins = from
		s.setReg(in.Dst, r)
	}
}
