package flow

import (
	"math"
	"math/bits"

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

// unknownObject stands for memory that could not be followed, or for what the
// program was given through its context (a packet, or kernel objects).
func (e *engine) unknownObject(p *value) *object {
	if p.tag == tagCtx {
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
		return &value{iv: iv, sym: x.e.syms.fixed("config", o, p.off<<4|size)}
	}
	v := x.unknown("load", in, width(bitsOf, signed))
	for _, o := range targets {
		switch {
		case o.logged():
			a := x.access(in, model.Load, p, o, size, 0)
			if a == nil {
				continue
			}
			if isShared(o) {
				v.origins = v.origins.union(origins{{load: a, size: size, held: s.heldSerials(), copied: true}})
			}
		case o.tracked() && !p.variable:
			v.origins = v.origins.union(s.contentOf(o).originsIn(p.off, size))
		case o.region == model.RegionCtx || o.fromCtx:
			v.tag = tagCtx
			if x.e.prog.StructOps == "sched_ext_ops" && o.region == model.RegionCtx && p.off == 8*int64(kernel.SchedExtCPUArg(x.e.prog.Member)) {
				v.tag = tagTaskCPU
			}
		case o.current:
			v.tag = taskField(in)
		}
	}
	return v
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
			a := x.access(in, model.Store, p, o, in.Size, 0)
			if a == nil {
				continue
			}
			x.note(a, v, p, o, in.Size)
		}
	}
}

// note adds to a store access what is stored and remembers the change.
func (x *exec) note(a *access, v *value, p *value, o *object, size int64) {
	s := x.s
	if x.e.recording {
		a.addOrigins(x.e, v.origins)
		a.storeConst(s.rangeOf(v), v)
	}
	x.changed(o)
	if k, ok := fillPlace(p, o, size); ok && len(s.fills) < 64 {
		for _, f := range s.fills {
			if f.place == k {
				return
			}
		}
		s.fills = add(s.fills, fill{k, a})
	}
}

// changed notes that a map value was written in place.
func (x *exec) changed(o *object) {
	if o.region != model.RegionMapValue {
		return
	}
	for _, c := range x.s.changed {
		if c == o {
			return
		}
	}
	x.s.changed = add(x.s.changed, o)
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

func (x *exec) memCopy(in *ir.MemCopy) {
	dst, src := x.s.operand(in.Dst), x.s.operand(in.Src)
	n := x.s.rangeOf(x.s.operand(in.Len))
	size := int64(0)
	if n.isConst() && n.lo > 0 {
		size = n.lo
	}
	x.copyBytes(in, dst, src, size)
}

// copyBytes copies size bytes (0: unknown) from src to dst.
func (x *exec) copyBytes(in ir.Instr, dst, src *value, size int64) {
	s := x.s
	var from origins
	var cells []cell // relative to dst, when the source is known cell by cell
	exact, zero, changedBytes := false, false, true
	for _, o := range src.targets() {
		switch {
		case o.logged():
			a := x.access(in, model.Load, src, o, size, 1)
			if a == nil {
				continue
			}
			a.m.Bulk = true
			if isShared(o) {
				from = from.union(origins{{load: a, size: size, held: s.heldSerials(), copied: true}})
				changedBytes = false
			}
		case o.tracked():
			c := s.contentOf(o)
			if src.variable || size == 0 {
				from = from.union(c.originsIn(math.MinInt32, math.MaxInt32).changed())
				continue
			}
			from = from.union(c.originsIn(src.off, size))
			exact, zero = len(src.targets()) == 1, c.zero
			for _, y := range c.cells {
				lo, hi := max(y.off, src.off), min(y.off+y.size, src.off+size)
				if lo < hi {
					cells = append(cells, cell{lo - src.off, hi - lo, piece(y, lo, hi-lo)})
				}
			}
			changedBytes = hasForeign(cells)
		}
	}
	whole := &value{iv: anyInt, origins: from}
	for _, o := range dst.targets() {
		switch {
		case o.tracked():
			if dst.variable || size == 0 {
				s.mem[o] = &content{}
				if o.slot.Size > 0 && len(from) > 0 {
					s.mem[o] = (&content{}).store(0, o.slot.Size, whole)
				}
				continue
			}
			c := s.contentOf(o)
			if exact {
				fillValue := top
				if zero {
					fillValue = constValue(0)
				}
				c = c.store(dst.off, size, fillValue)
				for _, y := range cells {
					c = c.store(dst.off+y.off, y.size, y.v)
				}
			} else {
				c = c.store(dst.off, size, whole)
			}
			s.mem[o] = c
		case o.logged():
			a := x.access(in, model.Store, dst, o, size, 2)
			if a == nil {
				continue
			}
			a.m.Bulk = true
			v := whole
			if changedBytes {
				v = whole.with(func(v *value) { v.origins = from.changed() })
			}
			x.note(a, v, dst, o, size)
		}
	}
}

// hasForeign reports whether any cell is something else than an unchanged copy
// of shared memory.
func hasForeign(cells []cell) bool {
	for _, c := range cells {
		if len(c.v.origins) == 0 {
			return true
		}
		for _, o := range c.v.origins {
			if !o.copied {
				return true
			}
		}
	}
	return false
}

func (x *exec) memSet(in *ir.MemSet) {
	s := x.s
	dst, val := s.operand(in.Dst), s.operand(in.Val)
	n := s.rangeOf(s.operand(in.Len))
	size := int64(0)
	if n.isConst() && n.lo > 0 {
		size = n.lo
	}
	for _, o := range dst.targets() {
		switch {
		case o.tracked():
			isZero := s.rangeOf(val) == constant(0)
			switch {
			case dst.variable || size == 0 || len(dst.targets()) > 1:
				s.mem[o] = unknownContent
			case isZero && dst.off <= 0 && dst.off+size >= o.slot.Size && o.slot.Size > 0:
				s.mem[o] = &content{zero: true}
			case isZero:
				s.mem[o] = s.contentOf(o).store(dst.off, size, constValue(0))
			default:
				s.mem[o] = s.contentOf(o).store(dst.off, size, top)
			}
		case o.logged():
			if a := x.access(in, model.Store, dst, o, size, 0); a != nil {
				a.m.Bulk = true
				x.note(a, val, dst, o, size)
			}
		}
	}
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

// ext truncates to the low n bits and extends.
func (x *exec) ext(v *value, n int, signed bool) *value {
	if n >= 64 {
		return v
	}
	if v.isPtr() {
		return &value{iv: width(n, signed)}
	}
	w := width(n, signed)
	iv := x.s.rangeOf(v)
	if iv.lo >= w.lo && iv.hi <= w.hi {
		return v
	}
	out := &value{origins: v.origins, iv: w}
	if iv.isConst() {
		c := iv.lo
		if signed {
			c = c << (64 - n) >> (64 - n)
		} else {
			c = int64(uint64(c) << (64 - n) >> (64 - n))
		}
		out.iv = constant(c)
		return out
	}
	if iv.lo>>n == iv.hi>>n {
		// The upper bits are the same throughout: an error number is not 0 in
		// its low half either, and negative as an int.
		mask, sign := int64(1)<<n-1, int64(1)<<(n-1)
		lo, hi := iv.lo&mask, iv.hi&mask
		switch {
		case !signed || hi < sign:
			out.iv = interval{lo, hi}
		case lo >= sign:
			out.iv = interval{lo - mask - 1, hi - mask - 1}
		}
	}
	imm := int64(n)
	if signed {
		imm = -imm
	}
	out.sym = x.e.syms.derived("ext", v.sym, 0, imm)
	switch {
	case v.tag == tagPidTgid && n == 32:
		out.tag = tagTid
	case v.tag == tagPidTgid:
		out.tag = tagNone
	case n >= 32:
		out.tag = v.tag
	case (v.tag == tagCPU || v.tag == tagTaskCPU) && n >= 16:
		out.tag = v.tag
	}
	return out
}

var opNames = map[ir.BinOp]string{
	ir.Add: "+", ir.Sub: "-", ir.Mul: "*", ir.Div: "/", ir.Mod: "%", ir.And: "&", ir.Or: "|", ir.Xor: "^",
	ir.Shl: "<<", ir.Shr: ">>", ir.Sar: ">>s", ir.Eq: "==", ir.Ne: "!=", ir.Lt: "<", ir.Le: "<=", ir.Gt: ">", ir.Ge: ">=", ir.Set: "&?",
}

func (x *exec) bin(in *ir.Bin) *value {
	s := x.s
	a, b := s.operand(in.A), s.operand(in.B)
	if in.Op >= ir.Eq {
		return x.compareValue(in, a, b)
	}
	if a.obj != nil || b.obj != nil {
		if v := x.pointerArith(in, a, b); v != nil {
			return v
		}
		return x.unknown("bin", in, anyInt)
	}
	n := in.Bits
	if n == 0 {
		n = 64
	}
	if a.low != nil && n == 64 && s.rangeOf(b) == constant(32) && (in.Op == ir.Shr || in.Op == ir.Sar) {
		return x.ext(a.low, 32, in.Op == ir.Sar)
	}
	if n < 64 {
		a, b = x.ext(a, n, in.Signed), x.ext(b, n, in.Signed)
	}
	ia, ib := s.rangeOf(a), s.rangeOf(b)
	out := &value{iv: arith(in.Op, ia, ib, n, in.Signed), origins: a.origins.union(b.origins).changed()}
	if out.iv.isConst() {
		if len(out.origins) == 0 {
			return out
		}
	}
	switch {
	case ib == constant(0) && (in.Op == ir.Add || in.Op == ir.Sub || in.Op == ir.Or || in.Op == ir.Xor || in.Op == ir.Shl || in.Op == ir.Shr):
		return a
	case ia == constant(0) && (in.Op == ir.Add || in.Op == ir.Or || in.Op == ir.Xor):
		return b
	}
	op := opNames[in.Op]
	imm := int64(n)
	if in.Signed {
		imm = -imm
	}
	switch {
	case ib.isConst():
		out.sym = x.e.syms.derived(op+"c", a.sym, 0, ib.lo^imm<<40)
	case ia.isConst():
		out.sym = x.e.syms.derived("c"+op, b.sym, 0, ia.lo^imm<<40)
	case a.sym != 0 && b.sym != 0:
		out.sym = x.e.syms.derived(op, a.sym, b.sym, imm)
	}
	if out.sym == 0 {
		out.sym = x.fresh("bin", in, 0)
	}
	out.tag = arithTag(in.Op, a, b, ia, ib)
	if in.Op == ir.Shl && n == 64 && ib == constant(32) {
		out.low = a
	}
	return out
}

// arithTag follows what a number means through arithmetic that keeps it
// distinct for distinct threads or CPUs.
func arithTag(op ir.BinOp, a, b *value, ia, ib interval) tag {
	c, isConst := ib.lo, ib.isConst()
	switch op {
	case ir.And:
		if !isConst {
			return tagNone
		}
		switch {
		case a.tag == tagPidTgid && uint64(c) == math.MaxUint32:
			return tagTid
		case a.tag == tagPidTgid && uint64(c) == math.MaxUint32<<32:
			return tagTgid
		case (a.tag == tagCPU || a.tag == tagTaskCPU) && c >= 7 && bits.OnesCount64(uint64(c)+1) == 1:
			return a.tag
		case a.tag == tagTid && uint64(c) == math.MaxUint32:
			return tagTid
		}
	case ir.Mod:
		if isConst && (a.tag == tagCPU || a.tag == tagTaskCPU) {
			return a.tag
		}
	case ir.Shr, ir.Sar:
		switch {
		case !isConst:
		case a.tag == tagPidTgid && c >= 32:
			return tagTgid
		}
	case ir.Shl:
		switch {
		case !isConst:
		case a.tag == tagTid && c <= 32:
			return tagTid
		case a.tag == tagCPU || a.tag == tagTaskCPU:
			return a.tag
		}
	case ir.Add, ir.Or, ir.Xor, ir.Sub, ir.Mul:
		for _, v := range []*value{a, b} {
			switch v.tag {
			case tagTid, tagPidTgid, tagTask:
				if op != ir.Mul {
					return tagTid
				}
			case tagCPU, tagTaskCPU:
				return v.tag
			}
		}
		if a.tag == tagCtx && isConst {
			return tagCtx
		}
	}
	return tagNone
}

// arith computes an interval.
func arith(op ir.BinOp, a, b interval, n int, signed bool) interval {
	w := width(n, signed)
	if a.isConst() && b.isConst() {
		if c, ok := fold(op, a.lo, b.lo, n); ok {
			if n < 64 {
				if signed {
					c = c << (64 - n) >> (64 - n)
				} else {
					c = int64(uint64(c) << (64 - n) >> (64 - n))
				}
			}
			return constant(c)
		}
		return w
	}
	small := func(i interval) bool { return i.lo >= -1<<40 && i.hi <= 1<<40 }
	clip := func(i interval) interval {
		if i.lo < w.lo || i.hi > w.hi {
			return w
		}
		return i
	}
	switch op {
	case ir.Add:
		if small(a) && small(b) {
			return clip(interval{a.lo + b.lo, a.hi + b.hi})
		}
	case ir.Sub:
		if small(a) && small(b) {
			return clip(interval{a.lo - b.hi, a.hi - b.lo})
		}
	case ir.And:
		if b.isConst() && b.lo >= 0 {
			return interval{0, b.lo}
		}
		if a.isConst() && a.lo >= 0 {
			return interval{0, a.lo}
		}
		if a.lo >= 0 {
			return interval{0, a.hi}
		}
	case ir.Mod:
		if b.isConst() && b.lo > 0 && a.lo >= 0 {
			return interval{0, min(a.hi, b.lo-1)}
		}
	case ir.Shr:
		if b.isConst() && b.lo >= 0 && b.lo < 64 {
			if a.lo >= 0 {
				return interval{a.lo >> b.lo, a.hi >> b.lo}
			}
			if b.lo > 0 {
				return clip(interval{0, int64(uint64(math.MaxUint64) >> b.lo)})
			}
		}
	case ir.Sar:
		if b.isConst() && b.lo >= 0 && b.lo < 64 {
			return interval{a.lo >> b.lo, a.hi >> b.lo}
		}
	case ir.Shl:
		if b.isConst() && b.lo >= 0 && b.lo < 20 && small(a) {
			return clip(interval{a.lo << b.lo, a.hi << b.lo})
		}
	case ir.Mul:
		if b.isConst() && b.lo >= 0 && b.lo < 1<<20 && small(a) {
			return clip(interval{a.lo * b.lo, a.hi * b.lo})
		}
	case ir.Or, ir.Xor:
		if a.lo >= 0 && b.lo >= 0 {
			top := int64(uint64(1)<<bits.Len64(uint64(max(a.hi, b.hi))) - 1)
			return clip(interval{0, max(top, 0)})
		}
	case ir.Div:
		if b.isConst() && b.lo > 0 && a.lo >= 0 {
			return interval{a.lo / b.lo, a.hi / b.lo}
		}
	}
	return w
}

// fold computes with constants as BPF does: division by zero gives 0, modulo
// zero the dividend (Documentation/bpf/standardization/instruction-set.rst).
func fold(op ir.BinOp, a, b int64, n int) (int64, bool) {
	sh := uint64(b) & uint64(n-1)
	switch op {
	case ir.Add:
		return a + b, true
	case ir.Sub:
		return a - b, true
	case ir.Mul:
		return a * b, true
	case ir.And:
		return a & b, true
	case ir.Or:
		return a | b, true
	case ir.Xor:
		return a ^ b, true
	case ir.Shl:
		return a << sh, true
	case ir.Shr:
		if n == 32 {
			return int64(uint32(a) >> sh), true
		}
		return int64(uint64(a) >> sh), true
	case ir.Sar:
		if n == 32 {
			return int64(int32(a) >> sh), true
		}
		return a >> sh, true
	case ir.Div:
		if a >= 0 && b > 0 {
			return a / b, true
		}
		if b == 0 {
			return 0, true
		}
	case ir.Mod:
		if a >= 0 && b > 0 {
			return a % b, true
		}
		if b == 0 {
			return a, true
		}
	}
	return 0, false
}

// pointerArith moves a pointer; nil when the result is no pointer.
func (x *exec) pointerArith(in *ir.Bin, a, b *value) *value {
	s := x.s
	if in.Bits != 0 && in.Bits < 64 {
		return nil
	}
	switch {
	case in.Op == ir.Add && a.obj == nil:
		a, b = b, a
		fallthrough
	case in.Op == ir.Add && b.obj == nil:
		r := s.rangeOf(b)
		if r.isConst() {
			return a.at(r.lo)
		}
		return x.index(in, a, b, 1)
	case in.Op == ir.Sub && b.obj == nil:
		r := s.rangeOf(b)
		if r.isConst() {
			return a.at(-r.lo)
		}
		return x.index(in, a, b, -1)
	}
	return nil
}

// index moves a pointer by something unknown.
func (x *exec) index(in *ir.Bin, p, i *value, sign int64) *value {
	return p.with(func(v *value) {
		kind := keyKindOf(i.tag)
		if v.variable && v.index != kind {
			// Two indexes: one that confines is enough.
			if kind == model.KeyUnknown {
				kind = v.index
			}
		}
		v.variable, v.index = true, kind
		switch {
		case p.varSym == 0 && !p.variable && i.sym != 0:
			v.varSym = x.e.syms.derived("idx", i.sym, 0, sign)
		case p.varSym != 0 && i.sym != 0:
			v.varSym = x.e.syms.derived("idx", p.varSym, i.sym, sign)
		default:
			v.varSym = 0
		}
		if v.varSym == 0 {
			v.varSym = x.fresh("idx", in, 0)
		}
	})
}

func keyKindOf(t tag) model.KeyKind {
	switch t {
	case tagPidTgid, tagTid, tagTask:
		return model.KeyThread
	case tagTgid:
		return model.KeyProcess
	case tagCPU:
		return model.KeyCPU
	case tagTaskCPU:
		return model.KeyTaskCPU
	}
	return model.KeyUnknown
}

func (x *exec) compareValue(in *ir.Bin, a, b *value) *value {
	canTrue, canFalse := x.decide(in.Op, a, b, in.Bits, in.Signed)
	out := &value{iv: interval{0, 1}, origins: a.origins.union(b.origins).changed()}
	switch {
	case canTrue && !canFalse:
		out.iv = constant(1)
	case canFalse && !canTrue:
		out.iv = constant(0)
	default:
		out.cmp = &comparison{op: in.Op, a: a, b: b, bits: in.Bits, signed: in.Signed}
		out.sym = x.fresh("cmp", in, 0)
	}
	return out
}
