package lower

import "github.com/bpflockcheck/bpflockcheck/analyzer/ir"

// irType converts a type with all its members. What a member only points to
// is left shallow, or the whole kernel would come along.
func (l *lowerer) irType(t *ctype) *ir.Type {
	if t == nil {
		return nil
	}
	if t.full != nil {
		return t.full
	}
	r := &ir.Type{Kind: t.kind, Name: t.name, Signed: t.signed, Len: max(t.len, 0)}
	t.full = r
	switch t.kind {
	case kAtomic:
		*r = *l.irType(t.elem)
		return r
	case ir.Pointer:
		r.Elem = l.irType(t.elem)
	case ir.Struct, ir.Union:
		l.layout(t)
		r.Fields = make([]ir.Field, 0, len(t.fields))
		for i := range t.fields {
			r.Fields = append(r.Fields, l.irField(&t.fields[i]))
		}
	case ir.FuncProto:
		r.Elem = l.irShallow(t.elem)
	default:
		if t.elem != nil {
			r.Elem = l.irType(t.elem)
		}
	}
	r.Size = max(l.sizeOf(t), 0)
	if t.kind == ir.Void {
		r.Size = 0
	}
	return r
}

func (l *lowerer) irField(f *field) ir.Field {
	out := ir.Field{Name: f.name, Type: l.irMember(f.t), Off: f.off, Tags: f.tags}
	if f.bf != nil {
		out.Off = f.bf.unit
		out.BitOff = int(f.bf.bit - f.bf.unit*8)
		out.BitSize = int(f.bf.width)
	}
	if f.decl != nil && l.memberPos {
		if p := l.pos(f.decl); p != nil {
			out.File, out.Line, out.Col = p.File, p.Line, p.Col
		}
	}
	return out
}

// irMember converts the type of a member: as irType, but shallow behind
// pointers.
func (l *lowerer) irMember(t *ctype) *ir.Type {
	u := t.underlying()
	base := u
	for base != nil && base.kind == ir.Array {
		base = base.elem.underlying()
	}
	if base == nil || base.kind != ir.Pointer {
		return l.irType(t)
	}
	return l.irShallow(t)
}

// irShallow converts a type without the members of structs.
func (l *lowerer) irShallow(t *ctype) *ir.Type {
	if t == nil {
		return nil
	}
	if t.full != nil {
		return t.full
	}
	if t.shallow != nil {
		return t.shallow
	}
	r := &ir.Type{Kind: t.kind, Name: t.name, Signed: t.signed, Len: max(t.len, 0)}
	t.shallow = r
	switch {
	case t.kind == kAtomic:
		*r = *l.irShallow(t.elem)
	case t.kind == ir.Struct || t.kind == ir.Union:
		if t.laid == laidOut {
			r.Size = t.size
		}
	default:
		if t.elem != nil {
			r.Elem = l.irShallow(t.elem)
		}
		if t.kind == ir.Pointer {
			r.Size = 8
		} else if t.kind == ir.Array && t.elem.isRecord() && t.elem.underlying().laid != laidOut {
			r.Size = 0
		} else if t.kind != ir.Void && t.kind != ir.FuncProto && !t.isRecord() {
			r.Size = max(l.sizeOf(t), 0)
		}
	}
	return r
}
