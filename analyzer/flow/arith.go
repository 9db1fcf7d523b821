package flow

import (
	"math"
	"math/bits"

	"github.com/bpflockcheck/bpflockcheck/analyzer/ir"
	"github.com/bpflockcheck/bpflockcheck/analyzer/model"
)

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
	case v.tag.numbers() && n >= 16:
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
	if c := s.rangeOf(b); a.low != nil && n == 64 && c.isConst() && c.lo > 0 && c.lo <= 32 && (in.Op == ir.Shr || in.Op == ir.Sar) {
		return x.shifted(in, x.ext(a.low, 32, in.Op == ir.Sar), 32-c.lo)
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
		switch {
		case n == 64 && in.Op == ir.Add:
			x.e.syms.moved(out.sym, a.sym, ib.lo)
		case n == 64 && in.Op == ir.Sub:
			x.e.syms.moved(out.sym, a.sym, -ib.lo)
		}
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

// shifted is v shifted up by a constant: the second half of an extension that
// compilers make one with the multiplication of an index.
func (x *exec) shifted(in *ir.Bin, v *value, by int64) *value {
	if by == 0 || v.isPtr() {
		return v
	}
	iv, c := x.s.rangeOf(v), constant(by)
	out := &value{iv: arith(ir.Shl, iv, c, 64, in.Signed), origins: v.origins.changed(), tag: arithTag(ir.Shl, v, constValue(by), iv, c)}
	if out.sym = x.e.syms.derived("<<c", v.sym, 0, by^64<<40); out.sym == 0 {
		out.sym = x.fresh("bin", in, 0)
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
		case a.tag.numbers() && c >= 7 && bits.OnesCount64(uint64(c)+1) == 1:
			return a.tag
		case a.tag == tagTid && uint64(c) == math.MaxUint32:
			return tagTid
		}
	case ir.Mod:
		if isConst && a.tag.numbers() {
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
		case a.tag.numbers():
			return a.tag
		}
	case ir.Add, ir.Or, ir.Xor, ir.Sub, ir.Mul:
		if better(keyKindOf(b.tag), keyKindOf(a.tag)) {
			a, b = b, a
		}
		for _, v := range []*value{a, b} {
			switch v.tag {
			case tagTid, tagPidTgid, tagTask:
				if op != ir.Mul {
					return tagTid
				}
			case tagCPU, tagTaskCPU, tagRxQueue:
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
		if b.isConst() && b.lo >= 0 && b.lo < int64(n) {
			if a.lo >= 0 {
				return interval{a.lo >> b.lo, a.hi >> b.lo}
			}
			if b.lo > 0 {
				return clip(interval{0, int64(uint64(math.MaxUint64) >> b.lo)})
			}
		}
	case ir.Sar:
		// In 32 bits the top half of the unsigned numbers is negative.
		if b.isConst() && b.lo >= 0 && b.lo < int64(n) && (n == 64 || a.hi <= math.MaxInt32) {
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
	case in.Op == ir.Sub && a.obj != nil && a.obj == b.obj && !b.variable && !a.loose && !b.loose:
		return x.distance(in, a, b)
	}
	return nil
}

// distance is how far a pointer is from another one into the same object. What
// chose its element is not lost: macros that check an index, as sched_ext's
// MEMBER_VPTR, add the distance to the object again.
func (x *exec) distance(in *ir.Bin, a, b *value) *value {
	if !a.variable {
		return constValue(a.off - b.off)
	}
	d := &value{iv: anyInt, tag: tagOf(a.index)}
	d.sym = x.e.syms.derived("distance", a.varSym, 0, a.off-b.off)
	if d.sym == 0 {
		d.sym = x.fresh("distance", in, 0)
	}
	return d
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
	case tagRxQueue:
		return model.KeyRxQueue
	}
	return model.KeyUnknown
}

// tagOf is a tag with the key kind.
func tagOf(k model.KeyKind) tag {
	for _, t := range []tag{tagTid, tagTgid, tagCPU, tagTaskCPU, tagRxQueue} {
		if keyKindOf(t) == k {
			return t
		}
	}
	return tagNone
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
