package object

import (
	"cmp"
	"reflect"
	"slices"

	"github.com/bpflockcheck/bpflockcheck/analyzer/ir"
	"github.com/bpflockcheck/bpflockcheck/analyzer/position"
)

// Limits on the copies that split makes in one function.
const (
	maxTail   = 16  // operations in a block that is copied
	maxCopies = 256 // blocks
)

// split undoes, for positions' sake, what compilers do to statements that end
// alike: "a++" and "b++" in two branches become two addresses and one common
// tail, which belongs to no line (DWARF gives it line 0; BTF line info says
// nothing, so that the line before it in memory seems to hold). Each way into
// such a tail by a plain jump gets a copy of its own, with the line that the
// jump comes from.
func (lo *lowering) split() {
	if len(lo.dwarf.lines[lo.f.sec.index]) == 0 {
		return
	}
	jumps := make(map[*ir.Block][]*ir.Block) // the blocks that end with a jump to one
	preds := make(map[*ir.Block]int)
	arrive := func(b *ir.Block) {
		for _, s := range b.Succs() {
			preds[s]++
		}
		if j, ok := b.Instrs[len(b.Instrs)-1].(*ir.Jump); ok {
			jumps[j.To] = append(jumps[j.To], b)
		}
	}
	blocks := lo.f.fn.Blocks
	for _, b := range blocks {
		arrive(b)
	}
	copies := 0
	// Tails of tails lie further on, so that one pass does.
	for _, b := range blocks[1:] {
		from := jumps[b]
		if len(from) == 0 || preds[b] < 2 || len(b.Instrs) > maxTail || copies+len(from) > maxCopies ||
			!lo.startsNowhere(b) || slices.Contains(from, b) {
			continue
		}
		original := b.Instrs
		if len(from) == preds[b] { // the first keeps the original
			b.Instrs = lo.relocated(original, from[0])
			from = from[1:]
		}
		for _, p := range from {
			clone := &ir.Block{Instrs: lo.relocated(original, p)}
			last := len(p.Instrs) - 1
			p.Instrs[last] = &ir.Jump{Base: ir.Base{Pos: p.Instrs[last].At()}, To: clone}
			lo.f.fn.Blocks = append(lo.f.fn.Blocks, clone)
			arrive(clone)
			copies++
		}
	}
	for i, b := range lo.f.fn.Blocks {
		b.Index = i
	}
}

// startsNowhere reports whether a block begins with operations that come from
// no line, one of which changes memory or calls: only then their place matters.
func (lo *lowering) startsNowhere(b *ir.Block) bool {
	for _, in := range b.Instrs {
		if !lo.belongsNowhere(in.At()) {
			return false
		}
		switch in.(type) {
		case *ir.Store, *ir.Atomic, *ir.Call:
			return true
		}
	}
	return false
}

// belongsNowhere reports whether DWARF says that an instruction comes from no
// line in particular. It is false where DWARF says nothing.
func (lo *lowering) belongsNowhere(p *position.Pos) bool {
	rows := lo.dwarf.lines[lo.f.sec.index]
	off := lo.f.off + uint64(p.Insn-1)*insnSize
	i, _ := slices.BinarySearchFunc(rows, off+1, func(li lineInfo, off uint64) int { return cmp.Compare(li.off, off) })
	return i > 0 && rows[i-1].line == 0
}

// relocated copies the operations of a block; those at its start that come
// from no line get the line that the block from ends with.
func (lo *lowering) relocated(instrs []ir.Instr, from *ir.Block) []ir.Instr {
	span := from.Instrs[len(from.Instrs)-1].At().Span
	for _, in := range slices.Backward(from.Instrs) {
		if !lo.belongsNowhere(in.At()) {
			span = in.At().Span
			break
		}
	}
	out := make([]ir.Instr, len(instrs))
	nowhere := true
	for i, in := range instrs {
		p := in.At()
		if nowhere = nowhere && lo.belongsNowhere(p); nowhere {
			p = &position.Pos{Span: span, Insn: p.Insn}
		}
		out[i] = at(in, p)
	}
	return out
}

// at copies an operation to another position.
func at(in ir.Instr, pos *position.Pos) ir.Instr {
	v := reflect.New(reflect.TypeOf(in).Elem())
	v.Elem().Set(reflect.ValueOf(in).Elem())
	v.Elem().FieldByName("Base").Set(reflect.ValueOf(ir.Base{Pos: pos}))
	return v.Interface().(ir.Instr)
}
