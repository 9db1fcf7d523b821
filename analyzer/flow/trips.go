package flow

import (
	"math"
	"slices"

	"github.com/bpflockcheck/bpflockcheck/analyzer/ir"
)

// maxTrips is the number of rounds from which a bound tells no more than that
// there is none: the range of a counter of 32 bits.
const maxTrips = 1<<31 - 1

// trips gives the most rounds of the loop with the head b, which s reaches, -1
// when that is not known, and the branch that ends it, nil when there is none.
func (e *engine) trips(path *callPath, m *memo, head *ir.Block, s *state) (int64, ir.Instr) {
	fi := e.info(path.fn)
	l := e.walk(path, m, head, s)
	best := int64(-1)
	var at ir.Instr
	for _, b := range fi.order {
		if !l.body[b.Index] {
			continue
		}
		br, ok := b.Instrs[len(b.Instrs)-1].(*ir.Branch)
		if !ok || l.body[br.True.Index] && l.body[br.False.Index] {
			continue
		}
		n := int64(-1)
		if !br.MayGoto {
			n = l.rounds(b, br)
		}
		if at == nil || n >= 0 && (best < 0 || n < best) {
			at = br
		}
		if n >= 0 && (best < 0 || n < best) {
			best = n
		}
	}
	if best >= maxTrips {
		best = -1
	}
	return best, at
}

// walk prepares to follow values through the loop with this head.
func (e *engine) walk(path *callPath, m *memo, head *ir.Block, s *state) *loopWalk {
	fi := e.info(path.fn)
	l := &loopWalk{e: e, path: path, memo: m, head: head, s: s, body: fi.loopBody(path.fn, head)}
	for _, b := range fi.order {
		if l.body[b.Index] && slices.Contains(b.Succs(), head) && fi.rpo[b.Index] >= fi.rpo[head.Index] {
			l.latches = append(l.latches, b)
		}
	}
	return l
}

// loopWalk follows values through one loop.
type loopWalk struct {
	e       *engine
	path    *callPath
	memo    *memo
	head    *ir.Block
	s       *state // at the head
	body    []bool
	latches []*ir.Block
}

// rounds gives how often the loop goes on past the branch at the end of b at
// most; -1 when the branch does not count.
func (l *loopWalk) rounds(b *ir.Block, br *ir.Branch) int64 {
	if n, ok := l.iterated(b, br); ok {
		return n
	}
	for _, o := range [2][2]ir.Operand{{br.A, br.B}, {br.B, br.A}} {
		counter, limit := o[0], l.rangeOf(b, o[1])
		if counter.IsImm || limit == anyInt {
			continue
		}
		root, ahead, ok := l.back(b, len(b.Instrs)-1, counter.Reg)
		if !ok {
			if l.inMemory(b, counter.Reg) && limit.lo > 0 {
				return limit.hi // taken to begin at 0 and to go on by 1
			}
			continue
		}
		step, ok := l.step(root)
		if !ok || step == 0 {
			continue
		}
		n := count(l.start(root), limit, step, ahead)
		if n < 0 {
			continue
		}
		if b != l.head || ahead != 0 || slices.Contains(l.latches, b) {
			n++ // tested after the work of a round
		}
		return n
	}
	return -1
}

// start gives the range of a register when the loop begins.
func (l *loopWalk) start(r ir.Reg) interval {
	iv := interval{math.MaxInt64, math.MinInt64}
	for _, p := range l.e.info(l.path.fn).preds(l.path.fn)[l.head.Index] {
		if l.body[p.Index] {
			continue
		}
		switch c := resolve(p, ir.R(r)); {
		case c.IsImm:
			iv = iv.join(constant(c.Imm))
		case defines(p, r):
			return l.s.rangeOf(l.s.reg(r))
		default:
			for _, v := range l.memo.in[p.Index] {
				iv = iv.join(v.s.rangeOf(v.s.reg(r)))
			}
		}
	}
	if iv.empty() {
		return l.s.rangeOf(l.s.reg(r))
	}
	return iv
}

// defines reports whether the block sets the register.
func defines(b *ir.Block, r ir.Reg) bool {
	for _, in := range b.Instrs {
		if d, _ := effects(in); d == r {
			return true
		}
	}
	return false
}

// count gives how many steps lead from a counter's first value past a limit;
// -1 when no number does.
func count(start, limit interval, step, ahead int64) int64 {
	first, last := start.lo, limit.hi
	if step < 0 {
		step, first, last, ahead = -step, -start.hi, -limit.lo, -ahead
		if start.hi == math.MaxInt64 || limit.lo == math.MinInt64 {
			return -1
		}
	}
	if first < math.MinInt32 || last == math.MaxInt64 || last > 1<<40 || first > last {
		return -1
	}
	n := (last - first - ahead + step - 1) / step
	return max(n, 0)
}

// step gives by how much the register grows in each round of the loop.
func (l *loopWalk) step(r ir.Reg) (int64, bool) {
	var step int64
	for i, b := range l.latches {
		root, n, ok := l.back(b, len(b.Instrs), r)
		if !ok || root != r || i > 0 && n != step {
			return 0, false
		}
		step = n
	}
	return step, len(l.latches) > 0
}

// rangeOf gives the range of an operand that is the same in each round.
func (l *loopWalk) rangeOf(b *ir.Block, o ir.Operand) interval {
	if o.IsImm {
		return constant(o.Imm)
	}
	if c := resolve(b, o); c.IsImm {
		return constant(c.Imm)
	}
	root, n, ok := l.back(b, len(b.Instrs)-1, o.Reg)
	if !ok || n != 0 {
		return anyInt
	}
	if step, ok := l.step(root); !ok || step != 0 {
		return anyInt
	}
	iv := l.s.rangeOf(l.s.reg(root))
	if iv.lo < 0 || iv.hi > maxTrips {
		return l.outerCounter(root)
	}
	return iv
}

// outerCounter gives the range of a register that counts the rounds of a loop
// around this one: its own widening may have lost it.
func (l *loopWalk) outerCounter(r ir.Reg) interval {
	fi := l.e.info(l.path.fn)
	for _, h := range fi.order {
		if !fi.heads[h.Index] || fi.rpo[h.Index] >= fi.rpo[l.head.Index] || len(l.memo.in[h.Index]) == 0 {
			continue
		}
		s := l.memo.in[h.Index][0].s
		outer := l.e.walk(l.path, l.memo, h, s)
		if !outer.body[l.head.Index] {
			continue
		}
		step, ok := outer.step(r)
		start := outer.start(r)
		if !ok || step == 0 || start.lo < math.MinInt32 || start.hi > maxTrips {
			continue
		}
		if n, _ := l.e.trips(l.path, l.memo, h, s); n >= 0 {
			return start.join(interval{start.lo + min(step*n, 0), start.hi + max(step*n, 0)})
		}
	}
	return anyInt
}

// back follows a register's value from before instruction i of b back to the
// head of the loop, where it is that of a register plus a constant.
func (l *loopWalk) back(b *ir.Block, i int, r ir.Reg) (root ir.Reg, ahead int64, ok bool) {
	fi := l.e.info(l.path.fn)
	preds := fi.preds(l.path.fn)
	for {
		for i--; i >= 0; i-- {
			d, _ := effects(b.Instrs[i])
			if d != r {
				continue
			}
			var src ir.Operand
			switch in := b.Instrs[i].(type) {
			case *ir.Copy:
				src = in.Src
			case *ir.Ext:
				src = in.Src
			case *ir.Bin:
				switch {
				case in.Op == ir.Add && in.B.IsImm:
					src, ahead = in.A, ahead+signedImm(in.B.Imm, in.Bits)
				case in.Op == ir.Add && in.A.IsImm:
					src, ahead = in.B, ahead+signedImm(in.A.Imm, in.Bits)
				case in.Op == ir.Sub && in.B.IsImm:
					src, ahead = in.A, ahead-signedImm(in.B.Imm, in.Bits)
				default:
					return 0, 0, false
				}
			default:
				return 0, 0, false
			}
			if src.IsImm {
				return 0, 0, false
			}
			r = src.Reg
		}
		if b == l.head {
			return r, ahead, true
		}
		// One way back stands for all, those through loops inside aside: a
		// counter that goes on by other steps on another way is rare.
		var from *ir.Block
		for _, p := range preds[b.Index] {
			if l.body[p.Index] && fi.rpo[p.Index] < fi.rpo[b.Index] {
				from = p
				break
			}
		}
		if from == nil {
			return 0, 0, false
		}
		b, i = from, len(from.Instrs)
	}
}

// inMemory reports whether the register was read from the stack in the block: a
// counter whose address is taken.
func (l *loopWalk) inMemory(b *ir.Block, r ir.Reg) bool {
	for _, in := range slices.Backward(b.Instrs) {
		if d, _ := effects(in); d != r {
			continue
		}
		switch in := in.(type) {
		case *ir.Load:
			return !in.Addr.IsImm && l.e.addressesStack(l.path.fn, in.Addr.Reg)
		case *ir.Copy:
			r = in.Src.Reg
			if in.Src.IsImm {
				return false
			}
		case *ir.Ext:
			r = in.Src.Reg
		case *ir.Bin:
			if in.Op != ir.Add && in.Op != ir.Sub || in.A.IsImm || !in.B.IsImm {
				return false
			}
			r = in.A.Reg
		default:
			return false
		}
	}
	return false
}

// signedImm gives a constant of 32-bit arithmetic as what it does to a counter.
func signedImm(c int64, bits int) int64 {
	if bits == 32 {
		return int64(int32(c))
	}
	return c
}

// iterated gives the rounds of a loop that ends when a numeric iterator
// (bpf_for, bpf_repeat) has no more.
func (l *loopWalk) iterated(b *ir.Block, br *ir.Branch) (int64, bool) {
	if br.A.IsImm || !br.B.IsImm || br.B.Imm != 0 {
		return 0, false
	}
	r := br.A.Reg
	for i := len(b.Instrs) - 2; i >= 0; i-- {
		if d, _ := effects(b.Instrs[i]); d != r {
			continue
		}
		switch in := b.Instrs[i].(type) {
		case *ir.Copy:
			if in.Src.IsImm {
				return 0, false
			}
			r = in.Src.Reg
		case *ir.Call:
			n, ok := l.e.iterCounts[iterKey{l.path.id, in}]
			return n, ok
		default:
			return 0, false
		}
	}
	return 0, false
}

// preds lists the predecessors of each block, by its index.
func (fi *funcInfo) preds(f *ir.Func) [][]*ir.Block {
	if fi.predList == nil {
		fi.predList = make([][]*ir.Block, len(f.Blocks))
		for _, b := range fi.order {
			for _, s := range b.Succs() {
				fi.predList[s.Index] = append(fi.predList[s.Index], b)
			}
		}
	}
	return fi.predList
}

// iterKey is a call that asks a numeric iterator for its next number.
type iterKey struct {
	path int32
	in   ir.Instr
}

// iterNew notes in the iterator itself how many numbers it gives.
func (x *exec) iterNew(it, start, end *value) {
	if it.obj == nil || !it.obj.tracked() || it.variable {
		return
	}
	n := interval{0, math.MaxInt64}
	if lo, hi := x.s.rangeOf(start).lo, x.s.rangeOf(end).hi; lo > math.MinInt64 && hi < math.MaxInt64 {
		n.hi = max(hi-lo, 0)
	}
	x.s.mem[it.obj] = x.s.contentOf(it.obj).store(it.off, 8, &value{iv: n})
}

// iterCount gives what iterNew noted; nil when the iterator is not followed.
func (x *exec) iterCount(it *value) *value {
	if it.obj == nil || !it.obj.tracked() || it.variable {
		return nil
	}
	return x.s.contentOf(it.obj).load(it.off, 8)
}

// iterNext notes how many numbers the iterator gives in which loop, and that
// taking one does not change it.
func (x *exec) iterNext(in *ir.Call, it, count *value) {
	if count == nil || count.isPtr() || count.iv.lo != 0 {
		return
	}
	k := iterKey{x.path.id, in}
	x.e.iterCounts[k] = max(x.e.iterCounts[k], count.iv.hi)
	x.s.mem[it.obj] = x.s.contentOf(it.obj).store(it.off, 8, count)
}
