package ir

import "strings"

// Kind is the kind of a type.
type Kind int

// Kinds. Typedef, Const, Volatile and TypeTag are modifiers around Elem: they
// are kept because the kernel looks for "struct bpf_spin_lock" literally and
// does not see a lock through any of them (kernel/bpf/btf.c
// btf_find_struct_field).
const (
	Void Kind = iota
	Int
	Enum
	Float
	Pointer
	Array
	Struct
	Union
	FuncProto
	Typedef
	Const
	Volatile
	TypeTag
)

// Type is the layout of a C type, from the C source or from BTF.
type Type struct {
	Kind   Kind
	Name   string // of a struct, union, enum, typedef, int or type tag
	Size   int64  // bytes
	Signed bool
	Elem   *Type // of a pointer, array or modifier
	Len    int64 // of an array
	Fields []Field
}

// Field is a member of a struct or union.
type Field struct {
	Name    string // empty for an anonymous struct or union
	Type    *Type
	Off     int64 // bytes; of the storage unit for a bit-field
	BitOff  int   // from Off
	BitSize int   // 0: no bit-field
	Tags    []string
	// File and Line say where the member is declared; Line 0 when not known.
	File      string
	Line, Col int
}

// Underlying strips typedefs and qualifiers.
func (t *Type) Underlying() *Type {
	for t != nil && (t.Kind == Typedef || t.Kind == Const || t.Kind == Volatile || t.Kind == TypeTag) {
		t = t.Elem
	}
	return t
}

// String is a short C-like spelling.
func (t *Type) String() string {
	if t == nil {
		return "?"
	}
	switch t.Kind {
	case Void:
		return "void"
	case Struct:
		return "struct " + t.Name
	case Union:
		return "union " + t.Name
	case Enum:
		return "enum " + t.Name
	case Pointer:
		return t.Elem.String() + " *"
	case Array:
		return t.Elem.String() + "[]"
	case FuncProto:
		return "function"
	case Const:
		return "const " + t.Elem.String()
	case Volatile:
		return "volatile " + t.Elem.String()
	case TypeTag:
		return t.Elem.String()
	}
	return t.Name
}

// FieldRef is a leaf member found by offset.
type FieldRef struct {
	Path   string // "stats.packets", "slots[]"
	Off    int64  // offset of the leaf from the start of the outer type
	Type   *Type
	Fields []*Field // the members passed through, outermost first
}

// Tags gives the decl tags of the member and of those around it.
func (r FieldRef) Tags() []string {
	var tags []string
	for _, f := range r.Fields {
		tags = append(tags, f.Tags...)
	}
	return tags
}

// FieldAt finds the innermost member of t that holds the bytes [off,
// off+size). Array elements are not told apart in the path ("slots[]"). With
// size 0 the innermost member at off. It gives ok = false when t has no such
// member; the path is empty when the whole of t is meant.
func (t *Type) FieldAt(off, size int64) (ref FieldRef, ok bool) {
	var path strings.Builder
	base := int64(0)
	for depth := 0; depth < 64; depth++ {
		u := t.Underlying()
		if u == nil || off < 0 || u.Size > 0 && off+size > u.Size {
			return ref, false
		}
		ref.Path, ref.Off, ref.Type = path.String(), base, t
		switch u.Kind {
		case Struct, Union:
			next := u.member(off, size)
			if next == nil {
				return ref, u.Kind == Union || off == 0
			}
			ref.Fields = append(ref.Fields, next)
			if next.Name != "" {
				if path.Len() > 0 {
					path.WriteByte('.')
				}
				path.WriteString(next.Name)
			}
			t, off, base = next.Type, off-next.Off, base+next.Off
		case Array:
			e := u.Elem.Underlying()
			if e == nil || e.Size <= 0 || off%e.Size+size > e.Size {
				return ref, true
			}
			path.WriteString("[]")
			base += off - off%e.Size
			t, off = u.Elem, off%e.Size
		default:
			return ref, true
		}
	}
	return ref, false
}

// member finds the member that holds [off, off+size): the last one that fits,
// preferring one that is not a bit-field sharing the unit when several do.
func (t *Type) member(off, size int64) *Field {
	for i := range t.Fields {
		f := &t.Fields[i]
		if f.Type == nil {
			continue
		}
		fs := f.Type.Size
		if u := f.Type.Underlying(); u != nil {
			fs = u.Size
		}
		if off >= f.Off && off+max(size, 1) <= f.Off+fs {
			return f
		}
	}
	return nil
}
