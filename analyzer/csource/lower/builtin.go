package lower

import (
	"strings"

	"modernc.org/cc/v4"

	"github.com/bpflockcheck/bpflockcheck/analyzer/ir"
	"github.com/bpflockcheck/bpflockcheck/analyzer/position"
)

// builtin lowers a call of a compiler builtin, or of a library function that
// clang treats as one (memcpy ...) and that the unit does not define.
func (f *fn) builtin(name string, e *entity, x *cc.PostfixExpression, used bool) (value, bool) {
	if e != nil && isKsym(e) {
		return value{}, false
	}
	if op, ok := parseAtomic(name); ok {
		return f.atomicBuiltin(op, x, used), true
	}
	if lower, ok := memoryBuiltins[strings.TrimPrefix(name, "__builtin_")]; ok {
		return lower(f, x), true
	}
	if !strings.HasPrefix(name, "__builtin_") && !strings.HasPrefix(name, "__ccgo_") {
		return value{}, false
	}
	return f.compilerBuiltin(strings.TrimPrefix(name, "__builtin_"), x, used), true
}

// memoryBuiltins are the functions on memory that clang expands itself.
var memoryBuiltins map[string]func(*fn, *cc.PostfixExpression) value

func init() {
	memoryBuiltins = map[string]func(*fn, *cc.PostfixExpression) value{
		"memcpy": (*fn).memcpy, "memmove": (*fn).memcpy, "memcpy_inline": (*fn).memcpy,
		"memset": (*fn).memset, "memset_inline": (*fn).memset, "bzero": (*fn).bzero,
		"memcmp": (*fn).memcmp, "bcmp": (*fn).memcmp,
		"strlen": (*fn).strlen, "strcmp": (*fn).strcmp, "strncmp": (*fn).strcmp, "strcpy": (*fn).strcpy,
	}
}

func (f *fn) compilerBuiltin(name string, x *cc.PostfixExpression, used bool) value {
	a := args(x)
	p := f.pos(x)
	arg := func(i int) cc.ExpressionNode {
		if i < len(a) {
			return a[i]
		}
		return nil
	}
	switch name {
	case "expect", "expect_with_probability":
		v := f.expr(arg(0))
		return f.convert(v, f.long, p)
	case "constant_p":
		return imm(b2i(f.isConstant(arg(0))), f.int_)
	case "choose_expr":
		pick := arg(2)
		if c, ok := f.constant(arg(0)); ok && c != 0 {
			pick = arg(1)
		}
		return f.value(pick, used)
	case "types_compatible_p", "__ccgo__types_compatible_p":
		return imm(b2i(f.sameArgTypes(arg(0), arg(1))), f.int_)
	case "preserve_access_index":
		if isNil(arg(0)) {
			return imm(0, f.void)
		}
		return f.value(arg(0), used)
	case "preserve_field_info":
		return f.fieldInfo(arg(0), arg(1), x)
	case "preserve_enum_value":
		if kind, _ := f.constant(arg(1)); kind == 1 {
			if v, ok := f.enumValueArg(arg(0)); ok {
				return imm(v, f.ulong)
			}
		}
		return f.opaque(f.ulong, p)
	case "preserve_type_info", "btf_type_id", "bpf_asm": // bpf_asm: what inline assembly computed
		return f.opaque(f.ulong, p)
	case "bpf_load_byte", "bpf_load_half", "bpf_load_word":
		return f.packetLoad(a, x)
	case "object_size", "dynamic_object_size":
		return imm(-1, f.ulong)
	case "unreachable", "trap", "abort", "debugtrap", "verbose_trap":
		f.terminate(&ir.Unreachable{Base: ir.Base{Pos: p}})
		return imm(0, f.void)
	case "assume", "prefetch", "__clear_cache", "va_start", "va_end", "va_copy", "assume_separate_storage":
		return imm(0, f.void)
	case "assume_aligned", "launder", "addressof":
		return f.expr(arg(0))
	case "frame_address", "return_address":
		return f.opaque(pointerTo(f.void), p)
	case "offsetof":
		return f.havoc(f.ulong, "__builtin_offsetof in function form", x)
	case "add_overflow", "sub_overflow", "mul_overflow", "uadd_overflow", "usub_overflow", "umul_overflow",
		"saddl_overflow", "uaddl_overflow", "usubl_overflow", "umull_overflow", "uaddll_overflow", "usubll_overflow", "umulll_overflow":
		return f.overflow(name, a, x)
	case "alloca", "alloca_with_align":
		f.skip(x, "alloca")
	}
	vals := f.arguments(x, nil)
	ops := make([]ir.Operand, len(vals))
	for i, v := range vals {
		ops[i] = v.op
	}
	if t, ok := f.scalarBuiltin(name, vals); ok {
		if v, done := foldBuiltin(name, vals, t); done {
			return v
		}
		return f.opaque(t, p, ops...)
	}
	return f.havoc(f.unknown, "unknown builtin __builtin_"+name, x)
}

// scalarBuiltin gives the result type of builtins that compute on integers.
func (f *fn) scalarBuiltin(name string, vals []value) (*ctype, bool) {
	switch name {
	case "bswap16":
		return f.ushort, true
	case "bswap32":
		return f.uint, true
	case "bswap64":
		return f.ulong, true
	case "abs":
		return f.int_, true
	case "labs", "llabs":
		return f.long, true
	case "bitreverse8", "bitreverse16", "bitreverse32", "bitreverse64", "rotateleft32", "rotateleft64", "rotateright32", "rotateright64":
		if len(vals) > 0 {
			return f.promote(vals[0].t), true
		}
	}
	for _, prefix := range []string{"ctz", "clz", "ffs", "popcount", "parity", "clrsb"} {
		if strings.HasPrefix(name, prefix) {
			return f.int_, true
		}
	}
	return nil, false
}

// foldBuiltin computes byte swaps of constants, as used in comparisons with
// protocol numbers.
func foldBuiltin(name string, vals []value, t *ctype) (value, bool) {
	if len(vals) != 1 || !vals[0].op.IsImm || !strings.HasPrefix(name, "bswap") {
		return value{}, false
	}
	v, out := uint64(vals[0].op.Imm), uint64(0)
	for i := int64(0); i < t.size; i++ {
		out = out<<8 | v&0xff
		v >>= 8
	}
	return imm(int64(out), t), true
}

// isConstant answers __builtin_constant_p.
func (f *fn) isConstant(n cc.ExpressionNode) bool {
	if _, ok := stringLiteral(n); ok {
		return true
	}
	_, ok := f.constant(n)
	return ok
}

// sameArgTypes compares the types of two compound literals: type names cannot
// be arguments of a call in the C library's grammar, so the preprocessor turns
// them into (T){}.
func (f *fn) sameArgTypes(a, b cc.ExpressionNode) bool {
	return compatible(f.literalType(a), f.literalType(b))
}

func (f *fn) literalType(n cc.ExpressionNode) *ctype {
	if p, ok := strip(n).(*cc.PostfixExpression); ok && p.Case == cc.PostfixExpressionComplit {
		return f.typeName(p.TypeName)
	}
	return f.typeOf(n)
}

// Kinds of __builtin_preserve_field_info (enum bpf_field_info_kind,
// tools/lib/bpf/bpf_core_read.h).
const (
	fieldByteOffset = iota
	fieldByteSize
	fieldExists
	fieldSigned
	fieldLShift
	fieldRShift
)

// fieldInfo answers CO-RE questions about a member with the layout at hand;
// whether it exists in the running kernel is not known.
func (f *fn) fieldInfo(n, kind cc.ExpressionNode, x cc.Node) value {
	k, _ := f.constant(kind)
	var lv lval
	var ok bool
	f.dryRun(func() { lv, ok = f.lvalue(n) })
	if !ok || k == fieldExists {
		return f.opaque(f.uint, f.pos(x))
	}
	off, size, shift, w := lv.off, f.sizeOf(lv.t), int64(0), f.sizeOf(lv.t)*8
	if lv.bf != nil {
		off, size, shift = lv.unitAt()
		w = lv.bf.width
	}
	switch k {
	case fieldByteOffset:
		return imm(off, f.uint)
	case fieldByteSize:
		return imm(size, f.uint)
	case fieldSigned:
		return imm(b2i(lv.t.isSigned()), f.uint)
	case fieldLShift:
		return imm(64-shift-w, f.uint)
	case fieldRShift:
		return imm(64-w, f.uint)
	}
	return f.opaque(f.uint, f.pos(x))
}

// enumValueArg finds the constant in *(typeof(T) *)CONSTANT.
func (f *fn) enumValueArg(n cc.ExpressionNode) (int64, bool) {
	u, ok := strip(n).(*cc.UnaryExpression)
	if !ok || u.Case != cc.UnaryExpressionDeref {
		return 0, false
	}
	return f.constant(u.CastExpression)
}

// overflow lowers __builtin_add_overflow(a, b, &r) and its relatives.
func (f *fn) overflow(name string, a []cc.ExpressionNode, x *cc.PostfixExpression) value {
	if len(a) != 3 {
		return f.havoc(f.bool_, "wrong number of arguments", x)
	}
	p := f.pos(x)
	u, v, r := f.expr(a[0]), f.expr(a[1]), f.expr(a[2])
	op := ir.Add
	switch {
	case strings.Contains(name, "sub"):
		op = ir.Sub
	case strings.Contains(name, "mul"):
		op = ir.Mul
	}
	lv := f.at(r, a[2])
	sum := f.bin(op, u.op, v.op, 64, lv.t.isSigned(), p)
	f.store(lv, value{op: sum, t: lv.t}, p)
	res := f.opaque(f.bool_, p, u.op, v.op)
	res.isBool = true
	return res
}

// packetLoad lowers the llvm.bpf.load.* intrinsics: (skb, offset).
func (f *fn) packetLoad(a []cc.ExpressionNode, x *cc.PostfixExpression) value {
	if len(a) < 2 {
		return f.havoc(f.ullong, "wrong number of arguments", x)
	}
	f.expr(a[0])
	off := f.expr(a[1])
	r := f.newReg("")
	f.emit(&ir.LegacyPacketLoad{Base: ir.Base{Pos: f.pos(x)}, Dst: r, Off: off.op})
	return value{op: ir.R(r), t: f.ullong}
}

// memArgs evaluates the arguments of a function on memory.
func (f *fn) memArgs(x *cc.PostfixExpression, want int) ([]value, bool) {
	a := args(x)
	if len(a) < want {
		return nil, false
	}
	var out []value
	for _, n := range a {
		v := f.expr(n)
		if v.t.isInteger() {
			v.op = f.convert(v, f.ulong, f.pos(n)).op
		}
		out = append(out, v)
	}
	return out, true
}

func (f *fn) memcpy(x *cc.PostfixExpression) value {
	v, ok := f.memArgs(x, 3)
	if !ok {
		return f.havoc(pointerTo(f.void), "wrong number of arguments", x)
	}
	if !v[2].op.IsImm || v[2].op.Imm != 0 {
		f.emit(&ir.MemCopy{Base: ir.Base{Pos: f.pos(x)}, Dst: v[0].op, Src: v[1].op, Len: v[2].op})
	}
	return value{op: v[0].op, t: pointerTo(f.void)}
}

func (f *fn) memset(x *cc.PostfixExpression) value {
	v, ok := f.memArgs(x, 3)
	if !ok {
		return f.havoc(pointerTo(f.void), "wrong number of arguments", x)
	}
	f.emit(&ir.MemSet{Base: ir.Base{Pos: f.pos(x)}, Dst: v[0].op, Val: v[1].op, Len: v[2].op})
	return value{op: v[0].op, t: pointerTo(f.void)}
}

func (f *fn) bzero(x *cc.PostfixExpression) value {
	if v, ok := f.memArgs(x, 2); ok {
		f.emit(&ir.MemSet{Base: ir.Base{Pos: f.pos(x)}, Dst: v[0].op, Val: ir.Imm(0), Len: v[1].op})
	}
	return imm(0, f.void)
}

// compareLimit bounds how much of a memcmp of known length is spelled out.
const compareLimit = 64

// memcmp reads both sides; its result derives from what it read.
func (f *fn) memcmp(x *cc.PostfixExpression) value {
	v, ok := f.memArgs(x, 3)
	if !ok {
		return f.havoc(f.int_, "wrong number of arguments", x)
	}
	p := f.pos(x)
	length := int64(1)
	if v[2].op.IsImm {
		length = min(v[2].op.Imm, compareLimit)
	}
	var read []ir.Operand
	for off := int64(0); off < length; {
		size := int64(8)
		for size > length-off {
			size /= 2
		}
		read = append(read, f.loadAt(v[0].op, off, size, p), f.loadAt(v[1].op, off, size, p))
		off += size
	}
	return f.opaque(f.int_, p, read...)
}

func (f *fn) loadAt(addr ir.Operand, off, size int64, p *position.Pos) ir.Operand {
	r := f.newReg("")
	f.emit(&ir.Load{Base: ir.Base{Pos: p}, Dst: r, Addr: addr, Off: off, Size: size})
	return ir.R(r)
}

// strlen and strcmp read their strings a byte at a time.
func (f *fn) strlen(x *cc.PostfixExpression) value {
	if a := args(x); len(a) == 1 {
		if s, ok := stringLiteral(a[0]); ok {
			return imm(int64(len(s)), f.ulong)
		}
	}
	v, ok := f.memArgs(x, 1)
	if !ok {
		return f.havoc(f.ulong, "wrong number of arguments", x)
	}
	p := f.pos(x)
	return f.opaque(f.ulong, p, f.loadAt(v[0].op, 0, 1, p))
}

func (f *fn) strcmp(x *cc.PostfixExpression) value {
	v, ok := f.memArgs(x, 2)
	if !ok {
		return f.havoc(f.int_, "wrong number of arguments", x)
	}
	p := f.pos(x)
	return f.opaque(f.int_, p, f.loadAt(v[0].op, 0, 1, p), f.loadAt(v[1].op, 0, 1, p))
}

func (f *fn) strcpy(x *cc.PostfixExpression) value {
	v, ok := f.memArgs(x, 2)
	if !ok {
		return f.havoc(pointerTo(f.char), "wrong number of arguments", x)
	}
	n := f.opaque(f.ulong, f.pos(x))
	f.emit(&ir.MemCopy{Base: ir.Base{Pos: f.pos(x)}, Dst: v[0].op, Src: v[1].op, Len: n.op})
	return v[0]
}
