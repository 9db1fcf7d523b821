package lower

import (
	"modernc.org/cc/v4"

	"github.com/bpflockcheck/bpflockcheck/analyzer/ir"
)

// sizeOf gives the size of a type in bytes, -1 when it is incomplete.
func (l *lowerer) sizeOf(t *ctype) int64 {
	t = t.underlying()
	if t == nil {
		return -1
	}
	switch t.kind {
	case ir.Array:
		if e := l.sizeOf(t.elem); e >= 0 && t.len >= 0 {
			return e * t.len
		}
		return -1
	case ir.Struct, ir.Union:
		l.layout(t)
	}
	return t.size
}

// alignOf gives the alignment of a type in bytes.
func (l *lowerer) alignOf(t *ctype) int64 {
	for t != nil && t.isModifier() {
		if t.align > 0 {
			return t.align
		}
		t = t.elem
	}
	if t == nil {
		return 1
	}
	switch t.kind {
	case ir.Array:
		return l.alignOf(t.elem)
	case ir.Struct, ir.Union:
		l.layout(t)
	}
	return max(t.align, 1)
}

// layout reads the members of a struct or union and places them as clang does
// for the bpf target (the System V layout with 8-byte longs and pointers).
func (l *lowerer) layout(t *ctype) {
	if t.laid != notLaidOut {
		return
	}
	if t.spec == nil {
		// Declared only; a definition may still follow in an inner scope.
		if def := l.recordDefs[t.name]; def != nil && t.name != "" && l.records[def] == nil {
			t.spec = def
			l.records[def] = t
		} else {
			return
		}
	}
	t.laid = inLayout
	if !l.inFunction() || l.recordDefs[t.name] == t.spec && t.name != "" {
		saved := l.scope
		l.scope = &l.file
		defer func() { l.scope = saved }()
	}
	a := l.attributes(t.spec.AttributeSpecifierList)
	a.merge(l.attributes(t.spec.AttributeSpecifierList2))
	t.pack = a.packed
	p := placer{l: l, t: t, align: 1}
	for sl := t.spec.StructDeclarationList; sl != nil; sl = sl.StructDeclarationList {
		if sd := sl.StructDeclaration; sd != nil && sd.Case == cc.StructDeclarationDecl {
			p.declaration(sd)
		}
	}
	align := max(p.align, a.aligned)
	t.align = align
	t.size = roundUp((p.end+7)/8, align)
	t.laid = laidOut
	l.accessUnits(t)
}

func roundUp(n, to int64) int64 {
	if to <= 1 {
		return n
	}
	return (n + to - 1) / to * to
}

// placer places the members of one struct or union.
type placer struct {
	l     *lowerer
	t     *ctype
	bit   int64 // next free bit
	end   int64 // end of the furthest member in bits
	align int64
}

func (p *placer) declaration(sd *cc.StructDeclaration) {
	base, a := p.l.specifierQualifiers(sd.SpecifierQualifierList)
	trailing := p.l.attributes(sd.AttributeSpecifierList)
	if sd.StructDeclaratorList == nil {
		if !base.isRecord() {
			return // a tag or enum declared inside the struct
		}
		a.merge(trailing)
		p.member(field{t: base, decl: sd}, a)
		return
	}
	for dl := sd.StructDeclaratorList; dl != nil; dl = dl.StructDeclaratorList {
		d := dl.StructDeclarator
		if d == nil {
			continue
		}
		fa := a
		if dl.StructDeclaratorList == nil {
			fa.merge(trailing)
		}
		t := p.l.declarator(base, d.Declarator)
		// A type tag after the declarator belongs to the pointer's target
		// in clang only when it stands before the star; kept as it is.
		f := field{name: d.Declarator.Name(), t: t, tags: fa.declTags, decl: d}
		if d.Declarator != nil {
			f.decl = d.Declarator
		}
		if d.Case == cc.StructDeclaratorBitField {
			width, _ := p.l.constant(d.ConstantExpression)
			p.bitField(f, fa, width)
			continue
		}
		p.member(f, fa)
	}
}

func (p *placer) member(f field, a attrs) {
	align := p.l.alignOf(f.t)
	if p.t.pack || a.packed {
		align = 1
	}
	align = max(align, a.aligned)
	size := max(p.l.sizeOf(f.t), 0)
	p.align = max(p.align, align)
	if p.t.kind == ir.Struct {
		f.off = roundUp((p.bit+7)/8, align)
		p.bit = (f.off + size) * 8
	}
	p.end = max(p.end, (f.off+size)*8)
	p.t.fields = append(p.t.fields, f)
}

func (p *placer) bitField(f field, a attrs, width int64) {
	size := max(p.l.sizeOf(f.t), 1) * 8
	align := p.l.alignOf(f.t) * 8
	pack := p.t.pack || a.packed
	bit := p.bit
	if p.t.kind == ir.Union {
		bit = 0
	}
	switch {
	case width == 0:
		p.bit = roundUp(p.bit, align)
		return
	case pack:
		if a.aligned > 0 {
			bit = roundUp(bit, a.aligned*8)
		}
	case a.aligned > 0:
		bit = roundUp(bit, a.aligned*8)
	case bit/size != (bit+width-1)/size:
		bit = roundUp(bit, align)
	}
	f.off = bit / 8
	f.bf = &bitfield{bit: bit, width: width}
	if f.name != "" && !pack {
		p.align = max(p.align, align/8)
	}
	p.align = max(p.align, a.aligned)
	if p.t.kind == ir.Struct {
		p.bit = bit + width
	}
	p.end = max(p.end, bit+width)
	p.t.fields = append(p.t.fields, f)
}

// accessUnits finds the bytes that clang loads and stores to access each
// bit-field: neighbouring bit-fields are merged into units that are naturally
// aligned, at most 8 bytes, and do not reach into a member that is none
// (clang/lib/CodeGen/CGRecordLayoutBuilder.cpp, accumulateBitFields).
func (l *lowerer) accessUnits(t *ctype) {
	if t.kind == ir.Union {
		for i := range t.fields {
			if b := t.fields[i].bf; b != nil {
				b.size = unitSize((b.width + 7) / 8)
				if b.size > t.size && t.size > 0 {
					b.size = 1
				}
			}
		}
		return
	}
	for i := 0; i < len(t.fields); {
		if t.fields[i].bf == nil {
			i++
			continue
		}
		j := i
		for j < len(t.fields) && t.fields[j].bf != nil {
			j++
		}
		limit := t.size
		if j < len(t.fields) {
			limit = t.fields[j].off
		}
		l.runUnits(t, t.fields[i:j], limit)
		i = j
	}
}

// runUnits places the units of one run of bit-fields; limit is the first byte
// after it that belongs to something else.
func (l *lowerer) runUnits(t *ctype, run []field, limit int64) {
	for i := 0; i < len(run); {
		start := run[i].bf.bit / 8
		end := (run[i].bf.bit + run[i].bf.width + 7) / 8
		j := i + 1
		size := l.fit(t, start, end, limit)
		for ; j < len(run); j++ {
			e := (run[j].bf.bit + run[j].bf.width + 7) / 8
			shared := run[j].bf.bit/8 < end // it begins within a byte of the unit
			s := l.fit(t, start, e, limit)
			if !shared && (s == 0 || s < e-start) {
				break
			}
			end = max(end, e)
			size = max(size, s)
		}
		if size < end-start {
			size = unitSize(end - start)
		}
		for k := i; k < j; k++ {
			run[k].bf.unit, run[k].bf.size = start, size
		}
		i = j
	}
}

// fit gives the size of the smallest naturally aligned unit over [start, end)
// that stays below limit, 0 when there is none.
func (l *lowerer) fit(t *ctype, start, end, limit int64) int64 {
	for size := int64(1); size <= 8; size *= 2 {
		if end-start <= size && start+size <= limit && start%size == 0 && t.align >= size {
			return size
		}
	}
	return 0
}

// unitSize rounds a number of bytes up to a size that can be loaded.
func unitSize(n int64) int64 {
	size := int64(1)
	for size < n && size < 8 {
		size *= 2
	}
	return size
}

// member is a member found by name, through anonymous structs and unions.
type member struct {
	field
	path []*field // from the outermost anonymous member to the member itself
}

// findMember looks a member of a struct or union up.
func (l *lowerer) findMember(t *ctype, name string) (member, bool) {
	t = t.underlying()
	if t == nil || t.kind != ir.Struct && t.kind != ir.Union {
		return member{}, false
	}
	l.layout(t)
	for i := range t.fields {
		if f := &t.fields[i]; f.name == name && name != "" {
			return member{field: *f, path: []*field{f}}, true
		}
	}
	for i := range t.fields {
		f := &t.fields[i]
		if f.name != "" || !f.t.isRecord() {
			continue
		}
		m, ok := l.findMember(f.t, name)
		if !ok {
			continue
		}
		m.off += f.off
		if m.bf != nil {
			b := *m.bf
			b.bit += f.off * 8
			b.unit += f.off
			m.bf = &b
		}
		if f.t.has(ir.Volatile) {
			m.t = modify(ir.Volatile, "", m.t)
		}
		m.path = append([]*field{f}, m.path...)
		return m, true
	}
	return member{}, false
}
