package flow

import (
	"github.com/bpflockcheck/bpflockcheck/analyzer/ir"
	"github.com/bpflockcheck/bpflockcheck/analyzer/model"
)

// inSection reports whether a lock is held or a section open.
func (s *state) inSection() bool {
	return len(s.holds) > 0 || len(s.rcu) > 0 || len(s.preempt) > 0 || len(s.irq) > 0
}

// loopEvent logs that a loop begins with a lock held or a section open.
func (e *engine) loopEvent(path *callPath, m *memo, b *ir.Block, s *state) {
	if !s.inSection() || len(b.Instrs) == 0 {
		return
	}
	x := &exec{e: e, path: path, s: s}
	if x.seen("loop", b.Instrs[0], "") {
		return
	}
	n, at := e.trips(path, m, b, s)
	if at == nil {
		at = b.Instrs[0]
	}
	e.m.Loops = append(e.m.Loops, &model.Loop{Site: e.site(path, at), Held: s.locks(), Sections: s.sections(), Bound: n, Inner: e.inner(path, m, b)})
}

// inner gives the most rounds that the loops inside a loop make in one of its
// rounds, as far as they are known.
func (e *engine) inner(path *callPath, m *memo, head *ir.Block) int64 {
	fi := e.info(path.fn)
	body := fi.loopBody(path.fn, head)
	most := int64(0)
	for _, b := range fi.order {
		if b == head || !body[b.Index] || !fi.heads[b.Index] {
			continue
		}
		for _, v := range m.in[b.Index] {
			if n, _ := e.trips(path, m, b, v.s); n > 0 {
				most = max(most, min(n*max(e.inner(path, m, b), 1), maxTrips))
			}
		}
	}
	return most
}

// loopCall logs a loop that a helper makes (bpf_loop, bpf_for_each_map_elem).
func (x *exec) loopCall(in *ir.Call, rounds int64) {
	if !x.e.recording || !x.s.inSection() || x.seen("loop", in, "") {
		return
	}
	if rounds >= maxTrips {
		rounds = -1
	}
	x.e.m.Loops = append(x.e.m.Loops, &model.Loop{Site: x.e.site(x.path, in), Held: x.s.locks(), Sections: x.s.sections(), Bound: rounds})
}

// loopBody gives the blocks of the natural loops with this head.
func (fi *funcInfo) loopBody(f *ir.Func, head *ir.Block) []bool {
	in := make([]bool, len(f.Blocks))
	in[head.Index] = true
	var work []int
	preds := fi.preds(f)
	for _, b := range preds[head.Index] {
		if fi.rpo[b.Index] >= fi.rpo[head.Index] {
			work = append(work, b.Index)
		}
	}
	for len(work) > 0 {
		b := work[len(work)-1]
		work = work[:len(work)-1]
		if in[b] {
			continue
		}
		in[b] = true
		for _, p := range preds[b] {
			work = append(work, p.Index)
		}
	}
	return in
}
