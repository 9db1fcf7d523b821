package flow

import (
	"cmp"
	"slices"

	"github.com/bpflockcheck/bpflockcheck/analyzer/ir"
	"github.com/bpflockcheck/bpflockcheck/analyzer/model"
	"github.com/bpflockcheck/bpflockcheck/analyzer/position"
)

// pieceGroup tells apart the copies that pieces may belong to.
type pieceGroup struct {
	path int32
	kind model.AccessKind
	obj  *object
	at   position.Span
}

// joinPieces finds the copies of structs and arrays in bytecode, where clang
// has made loads and stores of them: several at one place of the source, line
// and column, that together cover a struct, or a piece of an array that is cut
// otherwise than in elements. A loop that was unrolled goes by elements: there
// it is a copy only where what is loaded is what is stored.
func (e *engine) joinPieces() {
	groups := make(map[pieceGroup][]*access)
	var order []pieceGroup
	for _, a := range e.order {
		m := a.m
		if m.Pos == nil || m.Pos.Insn == 0 || !m.Pos.IsValid() || m.Bulk || m.Place.Off < 0 || m.Kind != model.Load && m.Kind != model.Store || !isShared(a.obj) {
			continue
		}
		g := pieceGroup{path: a.path, kind: m.Kind, obj: a.obj, at: m.Pos.Span}
		if groups[g] == nil {
			order = append(order, g)
		}
		groups[g] = append(groups[g], a)
	}
	for _, g := range order {
		all := groups[g]
		slices.SortStableFunc(all, func(a, b *access) int { return cmp.Compare(a.m.Place.Off, b.m.Place.Off) })
		for len(all) > 1 {
			n := 1
			end := all[0].m.Place.Off + all[0].m.Place.Size
			for n < len(all) && all[n].m.Place.Off <= end {
				end = max(end, all[n].m.Place.Off+all[n].m.Place.Size)
				n++
			}
			e.joined(all[:n], end-all[0].m.Place.Off)
			all = all[n:]
		}
	}
}

// joined puts the copy of size bytes that the pieces make, if they make one,
// into the model.
func (e *engine) joined(pieces []*access, size int64) {
	first := pieces[0]
	largest, moved := int64(0), true
	for _, a := range pieces {
		moved = moved && a.moved
		largest = max(largest, a.m.Place.Size)
		if a.m.Pos.Insn < first.m.Pos.Insn {
			first = a
		}
	}
	if largest == size || !isCopied(pieces[0].obj.layout(), pieces[0].m.Place.Off, size, largest, moved) {
		return
	}
	c := *first.m
	c.Bulk, c.Const, c.Text = true, nil, ""
	c.Place.Off, c.Place.Size = pieces[0].m.Place.Off, size
	describe(&c.Place, first.obj.layout())
	for _, a := range pieces {
		a.m.PartOf = &c
		c.Fresh = c.Fresh && a.m.Fresh
	}
	e.m.Copies = append(e.m.Copies, &c)
}

// moved reports whether the value is that of one load of shared memory as it
// was, and notes that the load is moved from there.
func (v *value) moved(size int64) bool {
	if len(v.origins) != 1 || !v.origins[0].copied || v.origins[0].load.m.Place.Size != size {
		return false
	}
	v.origins[0].load.moved = true
	return true
}

// isCopied reports whether size bytes at off of a value of type t, accessed in
// pieces of at most largest bytes, are what one copies as a whole.
func isCopied(t *ir.Type, off, size, largest int64, moved bool) bool {
	if t == nil {
		return false
	}
	ref, ok := t.FieldAt(off, size)
	if !ok {
		return false
	}
	if u := ref.Type.Underlying(); u != nil && u.Kind == ir.Array {
		elem := u.Elem.Underlying()
		return elem != nil && (elem.Kind != ir.Int || elem.Size != largest || moved)
	}
	types := []*ir.Type{t, ref.Type}
	for _, f := range ref.Fields {
		types = append(types, f.Type)
	}
	return slices.ContainsFunc(types, func(t *ir.Type) bool {
		u := t.Underlying()
		return u != nil && u.Kind == ir.Struct && u.Size == size
	})
}
