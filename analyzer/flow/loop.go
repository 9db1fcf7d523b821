package flow

import (
	"github.com/bpflockcheck/bpflockcheck/analyzer/ir"
	"github.com/bpflockcheck/bpflockcheck/analyzer/model"
)

// loopEvent logs that a loop begins with a lock held or a section open.
func (e *engine) loopEvent(path *callPath, b *ir.Block, s *state) {
	if len(s.holds) == 0 && len(s.rcu) == 0 && len(s.preempt) == 0 && len(s.irq) == 0 || len(b.Instrs) == 0 {
		return
	}
	x := &exec{e: e, path: path, s: s}
	if x.seen("loop", b.Instrs[0], "") {
		return
	}
	e.m.Loops = append(e.m.Loops, &model.Loop{Site: e.site(path, b.Instrs[0]), Held: s.locks(), Sections: s.sections(), Bound: e.bound(path, b)})
}

// bound gives the most iterations of the loop with the head b as far as a
// comparison with a constant on its way out tells; -1 when none does.
func (e *engine) bound(path *callPath, head *ir.Block) int64 {
	fi := e.info(path.fn)
	body := fi.loopBody(path.fn, head)
	best := int64(-1)
	for _, b := range fi.order {
		if !body[b.Index] {
			continue
		}
		br, ok := b.Instrs[len(b.Instrs)-1].(*ir.Branch)
		if !ok || br.MayGoto || body[br.True.Index] && body[br.False.Index] {
			continue
		}
		c := br.B
		if br.A.IsImm {
			c = br.A
		}
		if !c.IsImm {
			c = resolve(b, c)
		}
		switch br.Op {
		case ir.Lt, ir.Le, ir.Gt, ir.Ge, ir.Eq, ir.Ne:
			// "n != 0" on the way out of a countdown tells nothing.
			if c.IsImm && c.Imm > 0 && (best < 0 || c.Imm < best) {
				best = c.Imm
			}
		}
	}
	return best
}

// loopBody gives the blocks of the natural loops with this head.
func (fi *funcInfo) loopBody(f *ir.Func, head *ir.Block) []bool {
	in := make([]bool, len(f.Blocks))
	in[head.Index] = true
	preds := make([][]int, len(f.Blocks))
	var work []int
	for _, b := range fi.order {
		for _, s := range b.Succs() {
			preds[s.Index] = append(preds[s.Index], b.Index)
			if s == head && fi.rpo[b.Index] >= fi.rpo[head.Index] {
				work = append(work, b.Index)
			}
		}
	}
	for len(work) > 0 {
		b := work[len(work)-1]
		work = work[:len(work)-1]
		if in[b] {
			continue
		}
		in[b] = true
		work = append(work, preds[b]...)
	}
	return in
}
