package btfheader

import (
	"fmt"
	"strconv"
	"strings"
)

// maxDepth bounds the nesting of types, which a hostile file may make a cycle.
const maxDepth = 64

// maxSteps bounds the work for one declaration, and maxDecl the length of one
// declarator: a hostile file can describe a type that doubles at each level.
const (
	maxSteps = 200_000
	maxDecl  = 64 << 10
)

// declaration writes the external declaration of type id.
func (h *Header) declaration(id int) string {
	h.budget = maxSteps
	t, ok := h.at(id)
	if !ok {
		return ";"
	}
	var b strings.Builder
	switch t.kind {
	case kTypedef:
		b.WriteString("typedef " + h.declare(int(t.arg), t.name, 0))
	case kFunc:
		b.WriteString("extern " + h.declare(int(t.arg), t.name, 0) + ` __attribute__((section(".ksyms"), weak))`)
	default:
		b.WriteString(h.body(id, t, 0))
	}
	b.WriteByte(';')
	return b.String()
}

func keyword(kind int) string {
	switch kind {
	case kStruct:
		return "struct"
	case kUnion:
		return "union"
	}
	return "enum"
}

// declare writes a declaration of inner (a name with what binds closer) as type id.
func (h *Header) declare(id int, inner string, depth int) string {
	if h.budget--; depth > maxDepth || h.budget < 0 || len(inner) > maxDecl {
		return "void *x"
	}
	join := func(base string) string {
		if inner == "" {
			return base
		}
		return base + " " + inner
	}
	t, ok := h.at(id)
	if !ok {
		return join("void")
	}
	switch t.kind {
	case kInt, kTypedef:
		return join(t.name)
	case kFloat:
		switch t.arg {
		case 4:
			return join("float")
		case 8:
			return join("double")
		}
		return join("long double")
	case kPtr:
		inner = "*" + inner
		if p, ok := h.at(h.strip(int(t.arg))); ok && (p.kind == kArray || p.kind == kFuncProto) {
			inner = "(" + inner + ")"
		}
		return h.declare(int(t.arg), inner, depth+1)
	case kArray:
		return h.declare(int(le.Uint32(t.rest)), fmt.Sprintf("%s[%d]", inner, le.Uint32(t.rest[8:])), depth+1)
	case kVolatile, kConst, kRestrict, kTypeTag:
		return h.declare(int(t.arg), inner, depth+1)
	case kStruct, kUnion, kEnum, kEnum64:
		if t.name != "" {
			return join(keyword(t.kind) + " " + t.name)
		}
		return join(h.body(id, t, depth+1))
	case kFwd:
		if t.flag {
			return join("union " + t.name)
		}
		return join("struct " + t.name)
	case kFuncProto:
		var p []string
		for i := range t.vlen {
			e := t.rest[8*i:]
			if arg := le.Uint32(e[4:]); arg != 0 {
				p = append(p, h.declare(int(arg), "", depth+1))
			} else {
				p = append(p, "...")
			}
		}
		if len(p) == 0 {
			p = append(p, "void")
		}
		return h.declare(int(t.arg), inner+"("+strings.Join(p, ", ")+")", depth+1)
	case kFunc, kVar:
		return h.declare(int(t.arg), inner, depth+1)
	}
	return join("int")
}

// strip passes over qualifiers and tags.
func (h *Header) strip(id int) int {
	for range maxDepth {
		t, ok := h.at(id)
		if !ok {
			return id
		}
		switch t.kind {
		case kVolatile, kConst, kRestrict, kTypeTag:
			id = int(t.arg)
		default:
			return id
		}
	}
	return 0
}

// body writes a struct, union or enum with its members.
func (h *Header) body(id int, t typ, depth int) string {
	var b strings.Builder
	b.WriteString(keyword(t.kind))
	if t.name != "" {
		b.WriteString(" " + t.name)
	}
	b.WriteString(" {")
	switch t.kind {
	case kEnum, kEnum64:
		h.enumerators(&b, id, t)
	case kStruct, kUnion:
		if h.members(&b, t, depth) {
			b.WriteString("} __attribute__((packed))")
			return b.String()
		}
	}
	b.WriteString("}")
	return b.String()
}

func (h *Header) enumerators(b *strings.Builder, id int, t typ) {
	wrote := false
	for i := range t.vlen {
		var name string
		var value string
		if t.kind == kEnum {
			e := t.rest[8*i:]
			name = h.str(le.Uint32(e))
			if v := le.Uint32(e[4:]); t.flag {
				value = strconv.FormatInt(int64(int32(v)), 10)
			} else {
				value = strconv.FormatUint(uint64(v), 10)
			}
		} else {
			e := t.rest[12*i:]
			name = h.str(le.Uint32(e))
			v := uint64(le.Uint32(e[4:])) | uint64(le.Uint32(e[8:]))<<32
			if t.flag {
				value = strconv.FormatInt(int64(v), 10) + "LL"
			} else {
				value = strconv.FormatUint(v, 10) + "ULL"
			}
		}
		// The same name in another enum belongs to the first.
		if name == "" || h.names[name] != int32(id) {
			continue
		}
		b.WriteString(" " + name + " = " + value + ",")
		wrote = true
	}
	if !wrote {
		fmt.Fprintf(b, " __btf_enum_%d", id)
	}
}

// members writes the members with the padding that their offsets ask for, and
// reports whether the type must be packed.
func (h *Header) members(b *strings.Builder, t typ, depth int) (packed bool) {
	size := int64(t.arg)
	type member struct {
		decl     string
		bits     int64 // offset
		width    int64 // of a bit-field, else 0
		sz, algn int64
	}
	ms := make([]member, t.vlen)
	maxAlign := int64(1)
	for i := range t.vlen {
		e := t.rest[12*i:]
		m := member{bits: int64(le.Uint32(e[8:]))}
		if t.flag {
			m.width = m.bits >> 24
			m.bits &= 0xffffff
		}
		ty := int(le.Uint32(e[4:]))
		m.sz, m.algn = h.size(ty, depth)
		maxAlign = max(maxAlign, m.algn)
		m.decl = h.declare(ty, h.str(le.Uint32(e)), depth+1)
		if m.width == 0 && m.bits%8 == 0 && m.algn > 0 && m.bits/8%m.algn != 0 {
			packed = true
		}
		ms[i] = m
	}
	if size%maxAlign != 0 {
		packed = true
	}
	pos := int64(0) // bits written, for structs
	pad := 0
	for _, m := range ms {
		if t.kind == kStruct {
			natural := pos
			if m.width == 0 {
				natural = (pos + 7) / 8 * 8
				if !packed && m.algn > 0 {
					natural = (natural/8 + m.algn - 1) / m.algn * m.algn * 8
				}
			} else if m.sz > 0 && pos%(m.sz*8)+m.width > m.sz*8 {
				natural = (pos + m.sz*8 - 1) / (m.sz * 8) * m.sz * 8
			}
			if gap := m.bits - natural; gap >= 8 && m.bits > pos {
				start := (pos + 7) / 8
				fmt.Fprintf(b, " unsigned char __pad%d[%d];", pad, m.bits/8-start)
				pad++
			} else if gap > 0 {
				fmt.Fprintf(b, " unsigned int : %d;", m.bits-pos)
			}
			pos = m.bits + m.sz*8
			if m.width > 0 {
				pos = m.bits + m.width
			}
		}
		b.WriteString(" " + m.decl)
		if m.width > 0 {
			fmt.Fprintf(b, " : %d", m.width)
		}
		b.WriteByte(';')
	}
	if t.kind == kStruct && len(ms) > 0 {
		end := (pos + 7) / 8
		if !packed {
			end = (end + maxAlign - 1) / maxAlign * maxAlign
		}
		if end < size {
			fmt.Fprintf(b, " unsigned char __pad%d[%d];", pad, size-(pos+7)/8)
		}
	} else if len(ms) == 0 && size > 0 {
		fmt.Fprintf(b, " unsigned char __pad[%d];", size)
	}
	return packed
}

// size gives the size and alignment of a type in bytes.
func (h *Header) size(id, depth int) (size, align int64) {
	if s, ok := h.sizes[id]; ok {
		return s[0], s[1]
	}
	if depth > maxDepth {
		return 8, 8
	}
	t, ok := h.at(id)
	if !ok {
		return 0, 1
	}
	switch t.kind {
	case kInt, kFloat, kEnum, kEnum64:
		size, align = int64(t.arg), min(int64(t.arg), 16)
	case kPtr:
		size, align = 8, 8
	case kArray:
		s, a := h.size(int(le.Uint32(t.rest)), depth+1)
		size, align = s*int64(le.Uint32(t.rest[8:])), a
	case kTypedef, kVolatile, kConst, kRestrict, kTypeTag:
		size, align = h.size(int(t.arg), depth+1)
	case kStruct, kUnion:
		size, align = int64(t.arg), 1
		for i := range t.vlen {
			e := t.rest[12*i:]
			off := int64(le.Uint32(e[8:]))
			if t.flag {
				off &= 0xffffff
			}
			if _, a := h.size(int(le.Uint32(e[4:])), depth+1); a > align && (off/8%a == 0 || off%8 != 0) {
				align = a
			}
		}
		for align > 1 && size%align != 0 {
			align /= 2 // packed
		}
	}
	if align == 0 {
		align = 1
	}
	h.sizes[id] = [2]int64{size, align}
	return size, align
}
