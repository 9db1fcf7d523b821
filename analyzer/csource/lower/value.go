package lower

import (
	"math/bits"
	"strings"

	"modernc.org/cc/v4"

	"github.com/bpflockcheck/bpflockcheck/analyzer/ir"
	"github.com/bpflockcheck/bpflockcheck/analyzer/position"
)

// value is the value of an expression. Integers are kept in 64 bits, extended
// as their type is signed; the operand of an aggregate is its address.
type value struct {
	op ir.Operand
	t  *ctype
	// isBool: known to be 0 or 1.
	isBool bool
}

func imm(v int64, t *ctype) value { return value{op: ir.Imm(v), t: t} }

// lval is a place that can be loaded and stored: a register, or memory at
// addr+off.
type lval struct {
	t     *ctype
	inReg bool
	reg   ir.Reg
	addr  ir.Operand
	off   int64
	bf    *bitfield
	// volatile and atomic come from the type or that of the struct around.
	volatile, atomic bool
	packed           bool   // a member of a packed struct
	field            string // path of the member as spelled
	ent              *entity
	node             cc.Node      // the lvalue's text
	change           *ir.Compound // what is about to be stored changes what is there
}

// normalize reduces a constant to what a type can hold.
func normalize(v int64, size int64, signed bool) int64 {
	switch {
	case size == 1 && signed:
		return int64(int8(v))
	case size == 1:
		return int64(uint8(v))
	case size == 2 && signed:
		return int64(int16(v))
	case size == 2:
		return int64(uint16(v))
	case size == 4 && signed:
		return int64(int32(v))
	case size == 4:
		return int64(uint32(v))
	}
	return v
}

// width gives the size of the arithmetic on a scalar type in bits.
func width(t *ctype) int {
	if u := t.underlying(); u != nil && (u.kind == ir.Int || u.kind == ir.Enum) && u.size <= 4 {
		return 32
	}
	return 64
}

// convert converts a scalar to a type.
func (f *fn) convert(v value, to *ctype, p *position.Pos) value {
	tu, fu := to.underlying(), v.t.underlying()
	if tu == nil || fu == nil || tu == fu {
		v.t = to
		return v
	}
	switch {
	case tu.kind == ir.Void:
		return imm(0, to)
	case tu.isAggregate() || fu.isAggregate() || tu.kind == ir.FuncProto:
		v.t = to
		return v
	case tu.kind == ir.Float || fu.kind == ir.Float:
		if tu.kind == ir.Float && fu.kind == ir.Float {
			v.t = to
			return v
		}
		return f.opaque(to, p, v.op)
	case tu.isBool:
		return f.toBool(v, to, p)
	}
	size, signed := tu.size, tu.signed
	if v.op.IsImm {
		return imm(normalize(v.op.Imm, size, signed), to)
	}
	if fu.kind == ir.Void || size >= 8 {
		return value{op: v.op, t: to, isBool: v.isBool}
	}
	from := fu.size
	fits := from < size && (!fu.signed || signed) || from == size && fu.signed == signed || v.isBool
	if fits {
		return value{op: v.op, t: to, isBool: v.isBool}
	}
	r := f.newReg("")
	f.emit(&ir.Ext{Base: ir.Base{Pos: p}, Dst: r, Src: v.op, Bits: int(size * 8), Signed: signed})
	return value{op: ir.R(r), t: to}
}

// toBool compares a scalar with 0.
func (f *fn) toBool(v value, to *ctype, p *position.Pos) value {
	switch {
	case v.op.IsImm:
		return value{op: ir.Imm(b2i(v.op.Imm != 0)), t: to, isBool: true}
	case v.isBool:
		v.t = to
		return v
	}
	r := f.newReg("")
	f.emit(&ir.Bin{Base: ir.Base{Pos: p}, Dst: r, Op: ir.Ne, A: v.op, B: ir.Imm(0), Bits: width(v.t), Signed: v.t.isSigned()})
	return value{op: ir.R(r), t: to, isBool: true}
}

func b2i(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// bin computes a op b, folding constants.
func (f *fn) bin(op ir.BinOp, a, b ir.Operand, bitsN int, signed bool, p *position.Pos) ir.Operand {
	if a.IsImm && b.IsImm {
		if v, ok := fold(op, a.Imm, b.Imm, bitsN, signed); ok {
			return ir.Imm(v)
		}
	}
	if b.IsImm && b.Imm == 0 {
		switch op {
		case ir.Add, ir.Sub, ir.Or, ir.Xor, ir.Shl, ir.Shr, ir.Sar:
			return a
		}
	}
	if a.IsImm && a.Imm == 0 && (op == ir.Add || op == ir.Or) {
		return b
	}
	if b.IsImm && b.Imm == 1 && (op == ir.Mul || op == ir.Div) {
		return a
	}
	r := f.newReg("")
	f.emit(&ir.Bin{Base: ir.Base{Pos: p}, Dst: r, Op: op, A: a, B: b, Bits: bitsN, Signed: signed})
	return ir.R(r)
}

// fold computes a constant; ok is false where the result is not defined.
func fold(op ir.BinOp, a, b int64, n int, signed bool) (v int64, ok bool) {
	size := int64(n / 8)
	a, b = normalize(a, size, signed), normalize(b, size, signed)
	ua, ub := uint64(a), uint64(b)
	switch op {
	case ir.Add:
		v = a + b
	case ir.Sub:
		v = a - b
	case ir.Mul:
		v = a * b
	case ir.Div, ir.Mod:
		if b == 0 || signed && b == -1 && a == -a && a != 0 {
			return 0, false
		}
		switch {
		case signed && op == ir.Div:
			v = a / b
		case signed:
			v = a % b
		case op == ir.Div:
			v = int64(ua / ub)
		default:
			v = int64(ua % ub)
		}
	case ir.And:
		v = a & b
	case ir.Or:
		v = a | b
	case ir.Xor:
		v = a ^ b
	case ir.Shl, ir.Shr, ir.Sar:
		if ub >= uint64(n) {
			return 0, false
		}
		switch op {
		case ir.Shl:
			v = a << ub
		case ir.Shr:
			v = int64(uint64(normalize(a, size, false)) >> ub)
		default:
			v = normalize(a, size, true) >> ub
		}
	default:
		return b2i(compare(op, a, b, signed)), true
	}
	return normalize(v, size, signed), true
}

// compare evaluates a comparison of two extended constants.
func compare(op ir.BinOp, a, b int64, signed bool) bool {
	less := uint64(a) < uint64(b)
	if signed {
		less = a < b
	}
	switch op {
	case ir.Eq:
		return a == b
	case ir.Ne:
		return a != b
	case ir.Lt:
		return less
	case ir.Le:
		return less || a == b
	case ir.Gt:
		return !less && a != b
	case ir.Ge:
		return !less
	case ir.Set:
		return a&b != 0
	}
	return false
}

// address gives the address of an lvalue in memory.
func (f *fn) address(lv lval, p *position.Pos) ir.Operand {
	return f.bin(ir.Add, lv.addr, ir.Imm(lv.off), 64, false, p)
}

// load reads an lvalue.
func (f *fn) load(lv lval, p *position.Pos) value {
	u := lv.t.underlying()
	if u == nil {
		return value{op: ir.Imm(0), t: lv.t}
	}
	t := unqualified(lv.t)
	switch {
	case lv.inReg:
		return value{op: ir.R(lv.reg), t: t}
	case u.kind == ir.Array:
		return value{op: f.address(lv, p), t: pointerTo(u.elem)}
	case u.kind == ir.FuncProto:
		return value{op: f.address(lv, p), t: pointerTo(u)}
	case u.kind == ir.Struct || u.kind == ir.Union:
		return value{op: f.address(lv, p), t: lv.t}
	case u.kind == ir.Void:
		return imm(0, f.void)
	case lv.bf != nil:
		return f.loadBits(lv, t, p)
	}
	size := u.size
	if size > 8 {
		size = 8
	}
	r := f.newReg("")
	if lv.atomic {
		f.emit(&ir.Atomic{Base: ir.Base{Pos: p}, Op: ir.AtomicLoad, Addr: lv.addr, Off: lv.off, Size: size, Src: ir.Imm(0), Cmp: ir.Imm(0), Dst: r, Fetch: true,
			Spelling: "_Atomic", Field: lv.field})
		return f.convertRaw(value{op: ir.R(r), t: t}, p)
	}
	f.emit(&ir.Load{Base: ir.Base{Pos: p}, Dst: r, Addr: lv.addr, Off: lv.off, Size: size, Signed: u.signed,
		Volatile: lv.volatile, Field: lv.field})
	v := value{op: ir.R(r), t: t, isBool: u.isBool}
	if u.size > 8 || u.kind == ir.Float {
		return f.opaque(t, p, v.op)
	}
	return v
}

// convertRaw extends a value that came zero-extended from memory.
func (f *fn) convertRaw(v value, p *position.Pos) value {
	u := v.t.underlying()
	if !u.signed || u.size >= 8 || u.size <= 0 {
		return v
	}
	r := f.newReg("")
	f.emit(&ir.Ext{Base: ir.Base{Pos: p}, Dst: r, Src: v.op, Bits: int(u.size * 8), Signed: true})
	return value{op: ir.R(r), t: v.t}
}

// unitAt gives the place of the storage unit of a bit-field and the position
// of the field's bits in it.
func (lv lval) unitAt() (off, size, shift int64) {
	b := lv.bf
	base := lv.off - b.bit/8
	return base + b.unit, b.size, b.bit - b.unit*8
}

func (f *fn) loadUnit(lv lval, p *position.Pos) ir.Operand {
	off, size, _ := lv.unitAt()
	r := f.newReg("")
	f.emit(&ir.Load{Base: ir.Base{Pos: p}, Dst: r, Addr: lv.addr, Off: off, Size: size, Volatile: lv.volatile, Field: lv.field})
	return ir.R(r)
}

// loadBits reads a bit-field out of its unit.
func (f *fn) loadBits(lv lval, t *ctype, p *position.Pos) value {
	_, _, shift := lv.unitAt()
	w := lv.bf.width
	raw := f.loadUnit(lv, p)
	if t.isSigned() && !t.underlying().isBool {
		up := f.bin(ir.Shl, raw, ir.Imm(64-shift-w), 64, true, p)
		return value{op: f.bin(ir.Sar, up, ir.Imm(64-w), 64, true, p), t: f.bitFieldType(t, w)}
	}
	down := f.bin(ir.Shr, raw, ir.Imm(shift), 64, false, p)
	return value{op: f.bin(ir.And, down, ir.Imm(mask(w)), 64, false, p), t: f.bitFieldType(t, w), isBool: w == 1}
}

// bitFieldType is the type that a bit-field's value has in expressions: one
// narrower than int is promoted to int (C11 6.3.1.1).
func (f *fn) bitFieldType(t *ctype, w int64) *ctype {
	if w < 32 || w == 32 && t.isSigned() {
		return f.int_
	}
	return t
}

func mask(w int64) int64 {
	if w >= 64 {
		return -1
	}
	return int64(uint64(1)<<uint(w) - 1)
}

// store writes a value into an lvalue. raw is the value before narrowing: a
// store to memory takes its low bytes by itself.
func (f *fn) store(lv lval, v value, p *position.Pos) {
	u := lv.t.underlying()
	if u == nil || u.kind == ir.Void {
		return
	}
	switch {
	case lv.inReg:
		v = f.convert(v, unqualified(lv.t), p)
		f.copyTo(lv.reg, v.op, p)
		return
	case u.isAggregate():
		f.copyAggregate(lv, v, p)
		return
	case u.isBool || u.kind == ir.Float || v.t.isFloat():
		v = f.convert(v, unqualified(lv.t), p)
	}
	if lv.bf != nil {
		f.storeBits(lv, v, p)
		return
	}
	if v.op.IsImm {
		v.op.Imm = normalize(v.op.Imm, u.size, u.signed)
	}
	size := u.size
	if size > 8 {
		size = 8
		defer f.storeHigh(lv, v, p)
	}
	if lv.atomic {
		f.emit(&ir.Atomic{Base: ir.Base{Pos: p}, Op: ir.AtomicStore, Addr: lv.addr, Off: lv.off, Size: size, Src: v.op, Dst: ir.NoReg,
			Spelling: "_Atomic", Field: lv.field})
		return
	}
	f.emit(&ir.Store{Base: ir.Base{Pos: p}, Addr: lv.addr, Off: lv.off, Size: size, Src: v.op, Volatile: lv.volatile,
		Field: lv.field, Name: f.nameOf(lv), Compound: lv.change})
}

// storeHigh writes the upper half of a 16-byte scalar.
func (f *fn) storeHigh(lv lval, v value, p *position.Pos) {
	hi := f.opaque(f.ulong, p, v.op)
	f.emit(&ir.Store{Base: ir.Base{Pos: p}, Addr: lv.addr, Off: lv.off + 8, Size: 8, Src: hi.op, Volatile: lv.volatile,
		Field: lv.field, Name: f.nameOf(lv)})
}

func (f *fn) storeBits(lv lval, v value, p *position.Pos) {
	off, size, shift := lv.unitAt()
	w := lv.bf.width
	m := mask(w)
	bitsSet := f.bin(ir.And, v.op, ir.Imm(m), 64, false, p)
	bitsSet = f.bin(ir.Shl, bitsSet, ir.Imm(shift), 64, false, p)
	result := bitsSet
	if w < size*8 {
		old := f.loadUnit(lv, p)
		keep := f.bin(ir.And, old, ir.Imm(normalize(^(m<<uint(shift)), size, false)), 64, false, p)
		result = f.bin(ir.Or, keep, bitsSet, 64, false, p)
	}
	f.emit(&ir.Store{Base: ir.Base{Pos: p}, Addr: lv.addr, Off: off, Size: size, Src: result, Volatile: lv.volatile,
		Bitfield: true, Field: lv.field, Name: f.nameOf(lv), Compound: lv.change})
}

// copyAggregate assigns a struct, union or array.
func (f *fn) copyAggregate(lv lval, v value, p *position.Pos) {
	size := f.sizeOf(lv.t)
	if size < 0 {
		size = f.sizeOf(v.t)
	}
	if size <= 0 {
		return
	}
	f.emit(&ir.MemCopy{Base: ir.Base{Pos: p}, Dst: f.address(lv, p), Src: v.op, Len: ir.Imm(size), Assign: true})
}

// nameOf gives the text of an lvalue as the source spells it.
func (f *fn) nameOf(lv lval) string {
	if lv.node == nil || f.dry > 0 {
		return ""
	}
	text := f.text(lv.node)
	// An argument that a macro expands is spelled like the macro's use; the
	// expanded text says more.
	if p := f.pos(lv.node); p.Macro != "" && strings.HasPrefix(text, p.Macro) {
		if src := strings.Join(strings.Fields(cc.NodeSource(lv.node)), " "); src != "" && len(src) <= maxName {
			return src
		}
	}
	return text
}

// maxName bounds the length of a name that stems from a macro's expansion.
const maxName = 60

// select makes the lvalue of a member.
func (f *fn) selectMember(base lval, name string, n cc.Node) (lval, bool) {
	m, ok := f.findMember(base.t, name)
	if !ok {
		return lval{}, false
	}
	lv := base
	lv.inReg, lv.ent, lv.node = false, nil, n
	lv.t, lv.off, lv.bf = m.t, base.off+m.off, nil
	if m.bf != nil {
		lv.bf = m.bf
	}
	lv.packed = base.packed || f.unaligned(base.t, m)
	lv.volatile = base.volatile || m.t.has(ir.Volatile)
	lv.atomic = m.t.kind == kAtomic || m.t.has(kAtomic)
	lv.field = joinPath(base.field, name)
	return lv, true
}

// unaligned reports whether clang warns of the member's address: the struct is
// packed and not aligned as the member's type asks for.
func (f *fn) unaligned(record *ctype, m member) bool {
	size := f.sizeOf(m.t)
	u := record.underlying()
	if !m.t.isScalar() || size < 1 {
		return u.pack && m.t.isRecord() && u.align < f.alignOf(m.t)
	}
	return u.pack && u.align < size || m.bf == nil && m.off%size != 0
}

func joinPath(base, name string) string {
	if base == "" {
		return name
	}
	return base + "." + name
}

// at makes the lvalue of what a pointer value points to.
func (f *fn) at(v value, n cc.Node) lval {
	t := elemOf(v.t)
	if t == nil {
		t = f.unknown
	}
	lv := lval{t: t, addr: v.op, volatile: t.has(ir.Volatile), atomic: t.has(kAtomic) && !t.isAggregate(), node: n}
	if t.inArena() && !v.op.IsImm {
		lv.addr = f.arenaAddress(v.op, t, n)
	}
	return lv
}

// arenaAddress is the address behind a pointer to address space 1.
func (f *fn) arenaAddress(ptr ir.Operand, t *ctype, n cc.Node) ir.Operand {
	r := f.newReg("")
	cast := &ir.AddrSpaceCast{Dst: r, Src: ptr}
	if f.dry == 0 {
		if n != nil {
			cast.Pos = f.pos(n)
		}
		if !t.isVoid() {
			cast.Type = f.irType(t)
		}
	}
	f.emit(cast)
	return ir.R(r)
}

// element makes the lvalue of element i of an array, or of what a pointer
// points to.
func (f *fn) element(base lval, elem *ctype, i value, array bool, n cc.Node, p *position.Pos) lval {
	size := f.sizeOf(elem)
	if size < 0 || elem.isVoid() {
		size = 1
	}
	lv := base
	lv.ent, lv.node, lv.bf = nil, n, nil
	lv.t = elem
	lv.volatile = base.volatile || elem.has(ir.Volatile)
	lv.atomic = elem.has(kAtomic) && !elem.isAggregate()
	if i.op.IsImm {
		lv.off += i.op.Imm * size
	} else {
		lv.addr = f.bin(ir.Add, base.addr, f.scale(i, size, p), 64, false, p)
	}
	if array {
		lv.field += "[]"
	}
	return lv
}

// scale multiplies an index by the size of an element.
func (f *fn) scale(i value, size int64, p *position.Pos) ir.Operand {
	if size > 1 && size&(size-1) == 0 && !i.op.IsImm {
		return f.bin(ir.Shl, i.op, ir.Imm(int64(bits.TrailingZeros64(uint64(size)))), 64, i.t.isSigned(), p)
	}
	return f.bin(ir.Mul, i.op, ir.Imm(size), 64, i.t.isSigned(), p)
}
