package flow

import (
	"math"
	"slices"

	"github.com/bpflockcheck/bpflockcheck/analyzer/ir"
	"github.com/bpflockcheck/bpflockcheck/analyzer/model"
)

var negated = map[ir.BinOp]ir.BinOp{ir.Eq: ir.Ne, ir.Ne: ir.Eq, ir.Lt: ir.Ge, ir.Ge: ir.Lt, ir.Le: ir.Gt, ir.Gt: ir.Le}

var mirrored = map[ir.BinOp]ir.BinOp{ir.Eq: ir.Eq, ir.Ne: ir.Ne, ir.Lt: ir.Gt, ir.Gt: ir.Lt, ir.Le: ir.Ge, ir.Ge: ir.Le}

// branch follows both sides of a branch as far as they are possible.
func (x *exec) branch(in *ir.Branch, out *outcome) {
	if in.MayGoto {
		out.next = append(out.next, transfer{in.True, x.s.clone()}, transfer{in.False, x.s})
		return
	}
	a, b := x.s.operand(in.A), x.s.operand(in.B)
	from := a.origins.union(b.origins)
	canTrue, canFalse := x.decide(in.Op, a, b, in.Bits, in.Signed)
	for _, side := range []bool{true, false} {
		if side && !canTrue || !side && !canFalse {
			continue
		}
		n := x.s
		if side && canFalse {
			n = x.s.clone()
		}
		y := &exec{e: x.e, path: x.path, s: n, loop: x.loop}
		if canTrue && canFalse && !y.refine(in.Op, a, b, in.Bits, in.Signed, side) {
			continue
		}
		if pins, to := pinned(in.Op, a, b, side); len(from) > 0 || pins != model.KeyUnknown {
			c := &condition{branch: in, path: x.path, taken: side, pins: pins, origins: from}
			if to != nil {
				c.pinnedTo = y.canon(to)
			}
			n.addCondition(c)
		}
		if name := asked(in.Op, a, b, side); name != "" && !n.exists(name) {
			n.asked = add(n.asked, answer{name, in, x.path})
		}
		to := in.False
		if side {
			to = in.True
		}
		out.next = append(out.next, transfer{to, n})
	}
}

// pinned says what a comparison with the running thread's, process's or CPU's
// number leaves: only that one.
func pinned(op ir.BinOp, a, b *value, taken bool) (pins model.KeyKind, to *value) {
	if c := a.cmp; c != nil && !b.isPtr() && b.iv.isConst() && (op == ir.Ne || op == ir.Eq) {
		return pinned(c.op, c.a, c.b, taken == ((op == ir.Ne) == (b.iv.lo == 0)))
	}
	if (op != ir.Eq || !taken) && (op != ir.Ne || taken) {
		return model.KeyUnknown, nil
	}
	ka, kb := keyKindOf(a.tag), keyKindOf(b.tag)
	switch {
	case ka == model.KeyUnknown && kb == model.KeyUnknown, ka != model.KeyUnknown && kb != model.KeyUnknown:
		return model.KeyUnknown, nil
	case ka == model.KeyUnknown:
		return kb, a
	}
	return ka, b
}

// addCondition notes a branch taken; taken again in a loop, the last time
// counts.
func (s *state) addCondition(c *condition) {
	conds := make([]*condition, 0, len(s.conds)+1)
	for _, o := range s.conds {
		if o.branch != c.branch || o.path != c.path {
			conds = append(conds, o)
		}
	}
	if len(conds) >= 64 {
		conds = conds[1:]
	}
	s.conds = append(conds, c)
}

// decide says which outcomes of a comparison are possible.
func (x *exec) decide(op ir.BinOp, a, b *value, n int, signed bool) (canTrue, canFalse bool) {
	s := x.s
	if n == 32 {
		a, b = x.ext(a, 32, signed), x.ext(b, 32, signed)
	}
	if a.isPtr() || b.isPtr() {
		return x.decidePointers(op, a, b)
	}
	if a.sym != 0 && a.sym == b.sym && a.iv == b.iv {
		switch op {
		case ir.Eq, ir.Le, ir.Ge:
			return true, false
		case ir.Ne, ir.Lt, ir.Gt:
			return false, true
		}
	}
	if c, op2, ok := x.resultOfComparison(op, a, b); ok {
		return x.decide(op2, c.a, c.b, c.bits, c.signed)
	}
	ia, ib := s.rangeOf(a), s.rangeOf(b)
	switch op {
	case ir.Eq, ir.Ne:
		eq, ne := !ia.meet(ib).empty(), !(ia.isConst() && ia == ib)
		if ib == constant(0) && s.isNonNull(a) || ia == constant(0) && s.isNonNull(b) ||
			ib.isConst() && ib.lo != 0 && s.factOf(a).not == ib.lo {
			eq = false
		}
		if op == ir.Eq {
			return eq, ne
		}
		return ne, eq
	case ir.Set:
		if ia.isConst() && ib.isConst() {
			return ia.lo&ib.lo != 0, ia.lo&ib.lo == 0
		}
		if ia == constant(0) || ib == constant(0) {
			return false, true
		}
		if v := x.masked(a, ib); v != nil {
			return !s.isNull(v), !s.isNonNull(v)
		}
		return true, true
	}
	if !signed && (ia.lo < 0 || ib.lo < 0) {
		return true, true
	}
	lt, ge := ia.lo < ib.hi, ia.hi >= ib.lo
	le, gt := ia.lo <= ib.hi, ia.hi > ib.lo
	switch op {
	case ir.Lt:
		return lt, ge
	case ir.Ge:
		return ge, lt
	case ir.Le:
		return le, gt
	case ir.Gt:
		return gt, le
	}
	return true, true
}

// masked is the value a & c as value numbering knows it.
func (x *exec) masked(a *value, c interval) *value {
	if !c.isConst() || a.sym == 0 {
		return nil
	}
	for _, imm := range []int64{c.lo ^ 64<<40, c.lo ^ -64<<40} {
		if s := x.e.syms.derived("&c", a.sym, 0, imm); s != 0 {
			return &value{iv: anyInt, sym: s}
		}
	}
	return nil
}

// resultOfComparison sees through "if (cond)" where cond is itself the 0/1
// result of a comparison.
func (x *exec) resultOfComparison(op ir.BinOp, a, b *value) (*comparison, ir.BinOp, bool) {
	if a.cmp == nil {
		a, b = b, a
	}
	if a.cmp == nil || op != ir.Eq && op != ir.Ne {
		return nil, 0, false
	}
	r := x.s.rangeOf(b)
	if !r.isConst() || r.lo != 0 && r.lo != 1 {
		return nil, 0, false
	}
	holds := (op == ir.Ne) == (r.lo == 0)
	if holds {
		return a.cmp, a.cmp.op, true
	}
	neg, ok := negated[a.cmp.op]
	return a.cmp, neg, ok
}

func (x *exec) decidePointers(op ir.BinOp, a, b *value) (canTrue, canFalse bool) {
	if op != ir.Eq && op != ir.Ne {
		return true, true
	}
	if !a.isPtr() {
		a, b = b, a
	}
	eq, ne := true, true
	switch {
	case !b.isPtr() && x.s.isNull(b):
		eq, ne = !x.s.isNonNull(a), !x.s.isNull(a)
	case a.obj != nil && b.obj != nil && !a.variable && !b.variable:
		in := slices.ContainsFunc(a.obj.expand(), func(o *object) bool { return slices.Contains(b.obj.expand(), o) })
		switch {
		case (!in || a.off != b.off) && (x.s.isNonNull(a) || x.s.isNonNull(b)):
			eq = false
		case a.obj == b.obj && a.off == b.off && a.obj.tracked():
			ne = false
		}
	}
	if op == ir.Eq {
		return eq, ne
	}
	return ne, eq
}

// refine adds what the outcome of a comparison shows; false when it cannot be.
func (x *exec) refine(op ir.BinOp, a, b *value, n int, signed, taken bool) bool {
	s := x.s
	if !taken {
		if op == ir.Set {
			if m := x.masked(a, s.rangeOf(b)); m != nil {
				return x.learn(m, fact{iv: constant(0)})
			}
			return true
		}
		op = negated[op]
	} else if op == ir.Set {
		if m := x.masked(a, s.rangeOf(b)); m != nil {
			return x.learn(m, fact{iv: anyInt, nonzero: true})
		}
		return true
	}
	if n == 32 {
		a, b = x.ext(a, 32, signed), x.ext(b, 32, signed)
	}
	if c, op2, ok := x.resultOfComparison(op, a, b); ok {
		// Remember the 0/1 value too, for the next branch on it.
		v := a
		if v.cmp == nil {
			v = b
		}
		if !x.refine(op2, c.a, c.b, c.bits, c.signed, true) {
			return false
		}
		if v.sym != 0 {
			one := int64(0)
			if op2 == c.op {
				one = 1
			}
			return x.learn(v, fact{iv: constant(one), nonzero: one == 1})
		}
		return true
	}
	if a.isPtr() || b.isPtr() {
		return x.refinePointer(op, a, b)
	}
	return x.refineOne(op, a, s.rangeOf(b), signed) && x.refineOne(mirrored[op], b, s.rangeOf(a), signed)
}

func (x *exec) refineOne(op ir.BinOp, a *value, b interval, signed bool) bool {
	if a.sym == 0 {
		return true
	}
	ia := x.s.rangeOf(a)
	f := fact{iv: ia}
	switch op {
	case ir.Eq:
		f.iv = ia.meet(b)
		if b.isConst() && b.lo != 0 {
			f.nonzero = true
		}
	case ir.Ne:
		if b.isConst() {
			if b.lo == 0 {
				f.nonzero = true
			} else if ia.lo < b.lo && b.lo < ia.hi {
				f.not = b.lo
			}
			if ia.lo == b.lo && ia.lo < math.MaxInt64 {
				f.iv.lo++
			}
			if ia.hi == b.lo && ia.hi > math.MinInt64 {
				f.iv.hi--
			}
		}
	default:
		if !signed {
			// Below a small bound an unsigned number is not negative.
			if (op == ir.Lt || op == ir.Le) && b.lo >= 0 {
				f.iv = f.iv.meet(interval{0, math.MaxInt64})
			} else if ia.lo < 0 || b.lo < 0 {
				return true
			}
		}
		switch op {
		case ir.Lt:
			if b.hi > math.MinInt64 {
				f.iv.hi = min(f.iv.hi, b.hi-1)
			}
		case ir.Le:
			f.iv.hi = min(f.iv.hi, b.hi)
		case ir.Gt:
			if b.lo < math.MaxInt64 {
				f.iv.lo = max(f.iv.lo, b.lo+1)
			}
		case ir.Ge:
			f.iv.lo = max(f.iv.lo, b.lo)
		}
	}
	return x.learn(a, f)
}

// learn adds a fact about a value; false when it contradicts what is known.
func (x *exec) learn(v *value, f fact) bool {
	if v.sym == 0 {
		return true
	}
	old, ok := x.s.facts[v.sym]
	if !ok {
		old = noFact
	}
	n := fact{old.iv.meet(f.iv), old.nonzero || f.nonzero, old.not}
	if f.not != 0 {
		n.not = f.not
	}
	if !v.isPtr() {
		n.iv = n.iv.meet(v.iv)
	}
	if n.iv.empty() || n.nonzero && n.iv == constant(0) || n.not != 0 && n.iv == constant(n.not) {
		return false
	}
	if n != noFact {
		x.s.facts[v.sym] = n
		if (n.nonzero || n.not != 0 || n.iv.isConst()) && x.e.syms.info[v.sym].config {
			if i, ok := slices.BinarySearch(x.s.configs, v.sym); !ok {
				x.s.configs = slices.Insert(slices.Clone(x.s.configs), i, v.sym)
			}
		}
	}
	return true
}

func (x *exec) refinePointer(op ir.BinOp, a, b *value) bool {
	if !a.isPtr() {
		a, b = b, a
	}
	if op != ir.Eq && op != ir.Ne {
		return true
	}
	if a.obj != nil && b.obj != nil {
		if len(b.obj.members) > 0 {
			a, b = b, a
		}
		x.narrow(op == ir.Eq, a, b)
		return true
	}
	if b.isPtr() || !x.s.isNull(b) {
		return true
	}
	if op == ir.Ne {
		return x.learn(a, fact{iv: anyInt, nonzero: true})
	}
	if !x.learn(a, fact{iv: constant(0)}) {
		return false
	}
	if a.obj != nil {
		for _, o := range a.obj.expand() {
			if o.region == model.RegionMapValue {
				x.s.missed = add(x.s.missed, o)
			}
		}
	}
	return true
}

// narrow uses that the pointer a is, or is not, the pointer b, where a may
// point to any of several objects: "if (p == &init)".
func (x *exec) narrow(equal bool, a, b *value) {
	if a.sym == 0 || len(a.obj.members) == 0 || len(b.obj.members) > 0 || !b.obj.tracked() {
		return
	}
	to := b.obj
	if !equal {
		rest := slices.DeleteFunc(slices.Clone(a.obj.members), func(o *object) bool { return o == b.obj })
		if len(rest) != 1 {
			return
		}
		to = rest[0]
	}
	x.s.rewrite(func(v *value) *value {
		if v.sym != a.sym || v.obj != a.obj {
			return v
		}
		return v.with(func(v *value) {
			v.obj = to
			if equal {
				v.nullable = false
			}
		})
	})
}
