package lower

import (
	"modernc.org/cc/v4"

	"github.com/bpflockcheck/bpflockcheck/analyzer/ir"
)

// kAtomic is the _Atomic qualifier. It exists in C only: ir.Type has no word
// for it, as BTF has none.
const kAtomic ir.Kind = 100

// arenaTag is the name of the type tag that stands for address space 1, where
// clang's bpf target puts arena memory.
const arenaTag = "address_space(1)"

// maxAlign is the alignment that a bare __attribute__((aligned)) asks for on
// the bpf target.
const maxAlign = 8

// ctype is a C type. Typedefs, qualifiers and type tags are kept as modifiers
// around elem, as in ir.Type.
//
// Types are taken from the declarations' syntax and laid out here rather than
// by the C library's checker: that one knows neither packed structs nor
// declaration tags, and drops or merges qualifiers.
type ctype struct {
	kind     ir.Kind
	name     string // of a struct, union, enum, typedef, basic type or type tag
	size     int64  // bytes; -1 when incomplete
	align    int64
	signed   bool
	isBool   bool
	elem     *ctype // of a pointer, array, modifier; the result of a function
	len      int64  // of an array; -1 when not known
	fields   []field
	params   []*ctype // of a function
	variadic bool

	spec *cc.StructOrUnionSpecifier // definition of a struct or union
	pack bool
	laid layoutState

	ptr     *ctype // memo of the pointer to this type
	full    *ir.Type
	shallow *ir.Type
}

// layoutState says how far a struct's members have been read.
type layoutState int

const (
	notLaidOut layoutState = iota
	inLayout
	laidOut
)

// field is a member of a struct or union.
type field struct {
	name string // empty for an anonymous struct or union
	t    *ctype
	off  int64 // bytes; for a bit-field that of the byte its first bit is in
	tags []string
	decl cc.Node // where the member is declared
	bf   *bitfield
}

// bitfield says where a bit-field's bits are and which bytes an access of it
// loads and stores.
type bitfield struct {
	bit   int64 // offset from the start of the struct in bits
	width int64
	unit  int64 // offset of the storage unit in bytes
	size  int64 // bytes of the storage unit
}

// underlying strips typedefs, qualifiers and tags.
func (t *ctype) underlying() *ctype {
	for t != nil && t.isModifier() {
		t = t.elem
	}
	return t
}

func (t *ctype) isModifier() bool {
	switch t.kind {
	case ir.Typedef, ir.Const, ir.Volatile, ir.TypeTag, kAtomic:
		return true
	}
	return false
}

// has reports whether a modifier of the given kind is around t, through
// typedefs and array elements.
func (t *ctype) has(k ir.Kind) bool {
	for t != nil {
		if t.kind == k {
			return true
		}
		if !t.isModifier() && t.kind != ir.Array {
			return false
		}
		t = t.elem
	}
	return false
}

// inArena reports whether t is qualified as arena memory.
func (t *ctype) inArena() bool {
	for t != nil && (t.isModifier() || t.kind == ir.Array) {
		if t.kind == ir.TypeTag && t.name == arenaTag {
			return true
		}
		t = t.elem
	}
	return false
}

func (t *ctype) is(k ir.Kind) bool {
	u := t.underlying()
	return u != nil && u.kind == k
}

func (t *ctype) isInteger() bool { return t.is(ir.Int) || t.is(ir.Enum) }
func (t *ctype) isPointer() bool { return t.is(ir.Pointer) }
func (t *ctype) isFloat() bool   { return t.is(ir.Float) }
func (t *ctype) isVoid() bool    { return t.is(ir.Void) }
func (t *ctype) isRecord() bool  { return t.is(ir.Struct) || t.is(ir.Union) }
func (t *ctype) isScalar() bool  { return t.isInteger() || t.isPointer() || t.isFloat() }

// isAggregate reports whether values of t live in memory only.
func (t *ctype) isAggregate() bool { return t.isRecord() || t.is(ir.Array) }

// isSigned reports whether t is a signed integer type.
func (t *ctype) isSigned() bool {
	u := t.underlying()
	return u != nil && u.signed
}

// types has the basic types of one unit. They are not shared between units,
// because types carry memos that are filled in without a lock.
type types struct {
	void, bool_                     *ctype
	char, schar, uchar              *ctype
	short, ushort, int_, uint       *ctype
	long, ulong, llong, ullong      *ctype
	int128, uint128                 *ctype
	float16, float, double, ldouble *ctype
	unknown                         *ctype // of an expression that could not be typed
}

func newTypes() *types {
	integer := func(name string, size int64, signed bool) *ctype {
		return &ctype{kind: ir.Int, name: name, size: size, align: size, signed: signed}
	}
	float := func(name string, size int64) *ctype {
		return &ctype{kind: ir.Float, name: name, size: size, align: size, signed: true}
	}
	t := &types{
		void:  &ctype{kind: ir.Void, name: "void", size: 1, align: 1},
		bool_: integer("_Bool", 1, false),
		char:  integer("char", 1, true), schar: integer("signed char", 1, true), uchar: integer("unsigned char", 1, false),
		short: integer("short", 2, true), ushort: integer("unsigned short", 2, false),
		int_: integer("int", 4, true), uint: integer("unsigned int", 4, false),
		long: integer("long", 8, true), ulong: integer("unsigned long", 8, false),
		llong: integer("long long", 8, true), ullong: integer("unsigned long long", 8, false),
		int128: integer("__int128", 16, true), uint128: integer("unsigned __int128", 16, false),
		float16: float("_Float16", 2), float: float("float", 4), double: float("double", 8), ldouble: float("long double", 16),
	}
	t.bool_.isBool = true
	t.unknown = &ctype{kind: ir.Int, name: "long", size: 8, align: 8, signed: true}
	return t
}

// pointerTo gives the type of a pointer to t.
func pointerTo(t *ctype) *ctype {
	if t.ptr == nil {
		t.ptr = &ctype{kind: ir.Pointer, size: 8, align: 8, elem: t}
	}
	return t.ptr
}

// modify wraps t in a modifier.
func modify(k ir.Kind, name string, t *ctype) *ctype {
	return &ctype{kind: k, name: name, elem: t}
}

// qualify adds qualifiers to t.
func qualify(t *ctype, isConst, isVolatile, isAtomic bool) *ctype {
	if isConst {
		t = modify(ir.Const, "", t)
	}
	if isVolatile {
		t = modify(ir.Volatile, "", t)
	}
	if isAtomic {
		t = modify(kAtomic, "", t)
	}
	return t
}

// unqualified strips the top-level qualifiers of t, as the conversion of an
// lvalue to its value does; typedefs are kept.
func unqualified(t *ctype) *ctype {
	for t.kind == ir.Const || t.kind == ir.Volatile || t.kind == kAtomic || t.kind == ir.TypeTag {
		t = t.elem
	}
	if t.kind == ir.Typedef && (t.has(ir.Const) || t.has(ir.Volatile) || t.has(kAtomic)) {
		return unqualified(t.elem)
	}
	return t
}

// elemOf gives what a pointer or array type points to, nil for others.
func elemOf(t *ctype) *ctype {
	u := t.underlying()
	if u == nil || u.kind != ir.Pointer && u.kind != ir.Array {
		return nil
	}
	return u.elem
}

// promote applies the integer promotions (C11 6.3.1.1).
func (ts *types) promote(t *ctype) *ctype {
	u := t.underlying()
	switch {
	case u == nil:
		return ts.unknown
	case u.kind == ir.Enum:
		if u.size == 8 {
			if u.signed {
				return ts.long
			}
			return ts.ulong
		}
		if u.signed || u.size < 4 {
			return ts.int_
		}
		return ts.uint
	case u.kind == ir.Int && u.size < 4:
		return ts.int_
	}
	return u
}

// rank orders integer types for the usual arithmetic conversions.
func (ts *types) rank(t *ctype) int {
	switch t {
	case ts.int128, ts.uint128:
		return 5
	case ts.llong, ts.ullong:
		return 4
	case ts.long, ts.ulong, ts.unknown:
		return 3
	}
	return 1
}

// usual applies the usual arithmetic conversions (C11 6.3.1.8).
func (ts *types) usual(a, b *ctype) *ctype {
	if a.isFloat() || b.isFloat() {
		if a.isFloat() && (!b.isFloat() || a.underlying().size >= b.underlying().size) {
			return a.underlying()
		}
		return b.underlying()
	}
	a, b = ts.promote(a), ts.promote(b)
	switch {
	case a == b:
		return a
	case a.kind != ir.Int:
		return a
	case b.kind != ir.Int:
		return b
	}
	ra, rb := ts.rank(a), ts.rank(b)
	if a.signed == b.signed {
		if ra >= rb {
			return a
		}
		return b
	}
	s, u, rs, ru := a, b, ra, rb
	if !a.signed {
		s, u, rs, ru = b, a, rb, ra
	}
	switch {
	case ru >= rs:
		return u
	case s.size > u.size:
		return s
	case s == ts.llong:
		return ts.ullong
	case s == ts.int128:
		return ts.uint128
	}
	return ts.ulong
}

// compatible reports whether two types are the same but for qualifiers at the
// top, as __builtin_types_compatible_p and _Generic compare them.
func compatible(a, b *ctype) bool {
	a, b = a.underlying(), b.underlying()
	switch {
	case a == b:
		return true
	case a == nil || b == nil || a.kind != b.kind:
		return false
	}
	switch a.kind {
	case ir.Pointer:
		return sameQualifiers(a.elem, b.elem) && compatible(a.elem, b.elem)
	case ir.Array:
		return (a.len == b.len || a.len < 0 || b.len < 0) && compatible(a.elem, b.elem)
	case ir.FuncProto:
		if len(a.params) != len(b.params) || a.variadic != b.variadic || !compatible(a.elem, b.elem) {
			return false
		}
		for i := range a.params {
			if !compatible(a.params[i], b.params[i]) {
				return false
			}
		}
		return true
	case ir.Struct, ir.Union, ir.Enum:
		return false
	}
	return a.name == b.name
}

func sameQualifiers(a, b *ctype) bool {
	return a.has(ir.Const) == b.has(ir.Const) && a.has(ir.Volatile) == b.has(ir.Volatile)
}
