package flow

import (
	"slices"

	"github.com/bpflockcheck/bpflockcheck/analyzer/model"
)

// cell is a value stored in [off, off+size) of an object.
type cell struct {
	off, size int64
	v         *value
}

// content is what is stored in a stack slot: cells in the order of their
// offsets, without overlaps. It is never changed after it was made.
type content struct {
	zero  bool // bytes outside the cells are zero; else unknown
	cells []cell
}

var unknownContent = &content{}

func (c *content) rewrite(f func(*value) *value) *content {
	var out *content
	for i, x := range c.cells {
		if n := f(x.v); n != x.v {
			if out == nil {
				out = &content{zero: c.zero, cells: slices.Clone(c.cells)}
			}
			out.cells[i].v = n
		}
	}
	if out == nil {
		return c
	}
	return out
}

func (c *content) equal(o *content) bool {
	return c == o || c.zero == o.zero && slices.EqualFunc(c.cells, o.cells, func(a, b cell) bool {
		return a.off == b.off && a.size == b.size && a.v.equal(b.v)
	})
}

// store replaces [off, off+size) by v. What overlaps only in part is cut: the
// rest keeps the origins but is otherwise unknown.
func (c *content) store(off, size int64, v *value) *content {
	out := &content{zero: c.zero, cells: make([]cell, 0, len(c.cells)+1)}
	placed := false
	for _, x := range c.cells {
		if x.off+x.size <= off {
			out.cells = append(out.cells, x)
			continue
		}
		if x.off < off {
			out.cells = append(out.cells, cell{x.off, off - x.off, piece(x, x.off, off-x.off)})
		}
		if !placed {
			out.cells = append(out.cells, cell{off, size, v})
			placed = true
		}
		switch end := off + size; {
		case x.off >= end:
			out.cells = append(out.cells, x)
		case x.off+x.size > end:
			out.cells = append(out.cells, cell{end, x.off + x.size - end, piece(x, end, x.off+x.size-end)})
		}
	}
	if !placed {
		out.cells = append(out.cells, cell{off, size, v})
	}
	return out
}

// piece is the value of [off, off+size) inside a cell that is larger.
func piece(x cell, off, size int64) *value {
	if off == x.off && size == x.size {
		return x.v
	}
	if x.v.isPtr() {
		return top
	}
	v := &value{iv: anyInt, origins: x.v.origins.narrow(off-x.off, size)}
	if size < 8 {
		v.iv = width(int(size)*8, false)
	}
	switch {
	case x.v.iv == constant(0):
		v.iv = constant(0)
	case x.v.tag == tagPidTgid && size == 4 && off == x.off: // little-endian
		v.tag = tagTid
	case x.v.tag == tagPidTgid && size == 4 && off == x.off+4:
		v.tag = tagTgid
	case off == x.off && size == 4 && x.v.iv.lo >= 0 && x.v.iv.hi <= 1<<32-1:
		v.iv, v.tag, v.sym = x.v.iv, x.v.tag, x.v.sym
	}
	return v
}

// load gives what [off, off+size) holds; nil when nothing is known of any of
// it.
func (c *content) load(off, size int64) *value {
	var from origins
	covered := int64(0)
	allZero := true
	tags := tagNone
	for _, x := range c.cells {
		if x.off+x.size <= off || x.off >= off+size {
			continue
		}
		lo, hi := max(x.off, off), min(x.off+x.size, off+size)
		p := piece(x, lo, hi-lo)
		if lo == off && hi == off+size {
			return p
		}
		covered += hi - lo
		from = from.union(p.origins.changed())
		if p.iv != constant(0) || p.isPtr() {
			allZero = false
		}
		// A key is as confined as its most confining part.
		switch p.tag {
		case tagTid, tagPidTgid, tagTask:
			tags = tagTid
		case tagCPU:
			if tags == tagNone {
				tags = tagCPU
			}
		}
	}
	if covered == 0 {
		if c.zero {
			return constValue(0)
		}
		return nil
	}
	if allZero && (c.zero || covered == size) {
		return constValue(0)
	}
	return &value{iv: anyInt, origins: from, tag: tags}
}

// originsIn collects the loads that anything in [off, off+size) derives from,
// each narrowed to what is there.
func (c *content) originsIn(off, size int64) origins {
	var from origins
	for _, x := range c.cells {
		if x.off+x.size <= off || x.off >= off+size {
			continue
		}
		lo, hi := max(x.off, off), min(x.off+x.size, off+size)
		from = from.union(piece(x, lo, hi-lo).origins)
	}
	return from
}

// allConst reports whether every byte of [off, off+size) is known.
func (c *content) allConst(off, size int64) bool {
	covered := int64(0)
	for _, x := range c.cells {
		if x.off+x.size <= off || x.off >= off+size {
			continue
		}
		if x.v.isPtr() || !x.v.iv.isConst() {
			return false
		}
		covered += min(x.off+x.size, off+size) - max(x.off, off)
	}
	return c.zero || covered == size
}

// copies reports whether all of [off, off+size) is an unchanged copy of shared
// memory.
func (c *content) copies(off, size int64) bool {
	covered := int64(0)
	for _, x := range c.cells {
		if x.off+x.size <= off || x.off >= off+size {
			continue
		}
		if hasForeign([]cell{x}) {
			return false
		}
		covered += min(x.off+x.size, off+size) - max(x.off, off)
	}
	return covered == size
}

// contentOf gives what a tracked object holds.
func (s *state) contentOf(o *object) *content {
	if c, ok := s.mem[o]; ok {
		return c
	}
	return unknownContent
}

// clobber makes a pointed-to slot unknown from the offset on, for size bytes;
// size 0 means all of it. It keeps no origins.
func (s *state) clobber(v *value, size int64) {
	for _, o := range v.targets() {
		if !o.tracked() {
			continue
		}
		switch {
		case v.variable || size <= 0:
			s.mem[o] = unknownContent
		default:
			s.mem[o] = s.contentOf(o).store(v.off, size, top)
		}
	}
}

// targets lists the objects a pointer may point into.
func (v *value) targets() []*object {
	switch {
	case v.obj == nil:
		return nil
	case len(v.obj.alts) > 0:
		return v.obj.alts
	}
	return []*object{v.obj}
}

// isShared reports whether programs can share what the object holds, per-CPU
// values included.
func isShared(o *object) bool {
	return o.region == model.RegionMapValue || o.region == model.RegionGlobal || o.region == model.RegionArena
}
