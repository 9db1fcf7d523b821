package flow

import (
	"math"

	"github.com/bpflockcheck/bpflockcheck/analyzer/ir"
	"github.com/bpflockcheck/bpflockcheck/analyzer/model"
)

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
			if o.ownCPUs() && !src.variable && size > 0 {
				from = from.union(s.contentOf(o).originsIn(src.off, size))
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
					cells = append(cells, cell{lo - src.off, hi - lo, x.identify(piece(y, lo, hi-lo), in, lo-src.off)})
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
				fillValue := x.identify(top, in, -1)
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
			if o.ownCPUs() && !dst.variable && size > 0 {
				s.keep(o, dst.off, size, v.origins)
			}
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
