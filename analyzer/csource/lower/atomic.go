package lower

import (
	"strings"

	"modernc.org/cc/v4"

	"github.com/bpflockcheck/bpflockcheck/analyzer/ir"
	"github.com/bpflockcheck/bpflockcheck/analyzer/position"
)

// atomicForm is how a builtin passes its operands.
type atomicForm int

const (
	formUpdate    atomicForm = iota // (ptr, value[, order])
	formExchange                    // (ptr, value[, order])
	formCASValue                    // __sync_val_compare_and_swap(ptr, old, new)
	formCASBool                     // __sync_bool_compare_and_swap(ptr, old, new)
	formCASExpect                   // __atomic_compare_exchange*(ptr, &expected, new, ...)
	formLoad                        // (ptr, order)
	formStore                       // (ptr, value, order)
	formRelease                     // __sync_lock_release(ptr): stores 0
	formTestSet                     // __atomic_test_and_set(ptr, order)
	formFence
)

// atomicOp is an atomic builtin taken apart.
type atomicOp struct {
	name string
	form atomicForm
	op   ir.AtomicOp
	sub  bool // fetch_and_sub: adds the negative
	// after: the result is the new value.
	after bool
	// generic: operands are passed through pointers (__atomic_load, not
	// __atomic_load_n).
	generic bool
	// ordered: the last argument is a memory order.
	ordered bool
}

var atomicOps = map[string]atomicOp{
	"add": {op: ir.AtomicAdd}, "sub": {op: ir.AtomicAdd, sub: true}, "and": {op: ir.AtomicAnd},
	"or": {op: ir.AtomicOr}, "xor": {op: ir.AtomicXor}, "nand": {op: ir.AtomicOther},
	"min": {op: ir.AtomicOther}, "max": {op: ir.AtomicOther}, "umin": {op: ir.AtomicOther}, "umax": {op: ir.AtomicOther},
}

// parseAtomic recognises the __sync_*, __atomic_* and __c11_atomic_* builtins,
// which are documented with gcc ("Legacy __sync Built-in Functions",
// "__atomic Builtins") and clang ("C11 atomic builtins").
func parseAtomic(name string) (atomicOp, bool) {
	switch {
	case strings.HasPrefix(name, "__sync_"):
		return parseSync(name, strings.TrimPrefix(name, "__sync_"))
	case strings.HasPrefix(name, "__c11_atomic_"):
		return parseOrdered(name, strings.TrimPrefix(name, "__c11_atomic_"), false)
	case strings.HasPrefix(name, "__scoped_atomic_"):
		return parseOrdered(name, strings.TrimPrefix(name, "__scoped_atomic_"), true)
	case strings.HasPrefix(name, "__atomic_"):
		return parseOrdered(name, strings.TrimPrefix(name, "__atomic_"), true)
	}
	return atomicOp{}, false
}

func parseSync(name, rest string) (atomicOp, bool) {
	// __sync_fetch_and_add_8 and the like name the size.
	for _, suffix := range []string{"_1", "_2", "_4", "_8", "_16"} {
		rest = strings.TrimSuffix(rest, suffix)
	}
	switch rest {
	case "synchronize":
		return atomicOp{name: name, form: formFence}, true
	case "lock_test_and_set", "swap":
		return atomicOp{name: name, form: formExchange, op: ir.AtomicXchg}, true
	case "lock_release":
		return atomicOp{name: name, form: formRelease}, true
	case "val_compare_and_swap":
		return atomicOp{name: name, form: formCASValue, op: ir.AtomicCmpXchg}, true
	case "bool_compare_and_swap":
		return atomicOp{name: name, form: formCASBool, op: ir.AtomicCmpXchg}, true
	}
	if op, ok := strings.CutPrefix(rest, "fetch_and_"); ok {
		a, known := atomicOps[op]
		a.name = name
		return a, known
	}
	if op, ok := strings.CutSuffix(rest, "_and_fetch"); ok {
		a, known := atomicOps[op]
		a.name, a.after = name, true
		return a, known
	}
	return atomicOp{}, false
}

// parseOrdered parses the spellings that take a memory order. hasGeneric: a
// name without _n passes its operands through pointers.
func parseOrdered(name, rest string, hasGeneric bool) (atomicOp, bool) {
	base, n := strings.CutSuffix(rest, "_n")
	a := atomicOp{name: name, generic: hasGeneric && !n, ordered: true}
	switch base {
	case "thread_fence", "signal_fence":
		a.form = formFence
	case "load":
		a.form, a.op = formLoad, ir.AtomicLoad
	case "store", "init":
		a.form, a.op = formStore, ir.AtomicStore
	case "exchange":
		a.form, a.op = formExchange, ir.AtomicXchg
	case "compare_exchange", "compare_exchange_strong", "compare_exchange_weak":
		a.form, a.op = formCASExpect, ir.AtomicCmpXchg
	case "test_and_set":
		a.form, a.op, a.generic = formTestSet, ir.AtomicXchg, false
	case "clear":
		a.form, a.generic = formRelease, false
	default:
		if op, ok := strings.CutPrefix(base, "fetch_"); ok {
			o, known := atomicOps[op]
			o.name, o.ordered = name, true
			return o, known
		}
		if op, ok := strings.CutSuffix(base, "_fetch"); ok {
			o, known := atomicOps[op]
			o.name, o.ordered, o.after = name, true, true
			return o, known
		}
		return atomicOp{}, false
	}
	return a, true
}

// orderRelaxed is __ATOMIC_RELAXED.
const orderRelaxed = 0

// atomicBuiltin lowers a call of an atomic builtin.
func (f *fn) atomicBuiltin(op atomicOp, x *cc.PostfixExpression, used bool) value {
	a := args(x)
	if op.form == formFence {
		return imm(0, f.void)
	}
	need := map[atomicForm]int{formUpdate: 2, formExchange: 2, formCASValue: 3, formCASBool: 3, formCASExpect: 3, formStore: 2}
	if len(a) < max(need[op.form], 1) {
		return f.havoc(f.unknown, "wrong number of arguments", x)
	}
	lv := f.pointee(a[0])
	p := f.pos(x)
	t := unqualified(lv.t)
	switch op.form {
	case formLoad:
		return f.atomicLoad(op, lv, a, p)
	case formStore:
		return f.atomicStore(op, lv, a, p)
	case formRelease:
		f.plainAtomicStore(op, lv, ir.Imm(0), true, p)
		return imm(0, f.void)
	case formTestSet:
		lv.t = f.uchar
		v := f.emitAtomic(op, lv, ir.Imm(1), ir.Imm(0), true, p)
		return f.toBool(value{op: v, t: f.uchar}, f.bool_, p)
	case formUpdate:
		v := f.atomicOperand(a[1], t, p)
		if op.sub {
			v = f.bin(ir.Sub, ir.Imm(0), v, width(t), t.isSigned(), p)
		}
		return f.atomicResult(op, lv, v, used, t, p)
	case formExchange:
		if op.generic {
			src := f.load(f.pointee(a[1]), p)
			old := f.emitAtomic(op, lv, src.op, ir.Imm(0), true, p)
			if len(a) > 2 {
				f.store(f.pointee(a[2]), value{op: old, t: t}, p)
			}
			return imm(0, f.void)
		}
		return f.atomicResult(op, lv, f.atomicOperand(a[1], t, p), true, t, p)
	case formCASValue, formCASBool:
		cmp, val := f.atomicOperand(a[1], t, p), f.atomicOperand(a[2], t, p)
		old := f.emitAtomic(op, lv, val, cmp, true, p)
		if op.form == formCASValue {
			return f.convertRaw(value{op: old, t: t}, p)
		}
		return value{op: f.bin(ir.Eq, old, cmp, width(t), t.isSigned(), p), t: f.bool_, isBool: true}
	}
	return f.atomicCAS(op, lv, a, t, x)
}

// pointee is the place that a pointer argument points to; &v->count keeps the
// member's name.
func (f *fn) pointee(n cc.ExpressionNode) lval {
	if u, ok := strip(n).(*cc.UnaryExpression); ok && u.Case == cc.UnaryExpressionAddrof {
		if lv, ok := f.lvalue(u.CastExpression); ok && !lv.inReg {
			lv.ent = nil
			return lv
		}
	}
	// Casts keep the place but change the type; look through them for the
	// member's name.
	v := f.expr(n)
	lv := f.at(v, n)
	if lv.t.isVoid() || lv.t.isAggregate() {
		switch size := f.sizeOf(lv.t); {
		case lv.t.isAggregate() && size > 0 && size <= 4:
			lv.t = f.uint
		default:
			lv.t = f.ulong
		}
	}
	if field := f.fieldBehind(n); field != "" {
		lv.field = field
	}
	return lv
}

// fieldBehind finds the member in (T *)&v->count.
func (f *fn) fieldBehind(n cc.ExpressionNode) string {
	for {
		switch x := strip(n).(type) {
		case *cc.CastExpression:
			n = x.CastExpression
			continue
		case *cc.UnaryExpression:
			if x.Case == cc.UnaryExpressionAddrof {
				field := ""
				f.dryRun(func() {
					if lv, ok := f.lvalue(x.CastExpression); ok {
						field = lv.field
					}
				})
				return field
			}
		}
		return ""
	}
}

func (f *fn) atomicOperand(n cc.ExpressionNode, t *ctype, p *position.Pos) ir.Operand {
	v := f.expr(n)
	if v.t.isAggregate() {
		return f.opaque(t, p, v.op).op
	}
	return f.convert(v, t, p).op
}

// emitAtomic emits the operation and gives the register of its result.
func (f *fn) emitAtomic(op atomicOp, lv lval, src, cmp ir.Operand, fetch bool, p *position.Pos) ir.Operand {
	size := min(max(f.sizeOf(lv.t), 1), 8)
	in := &ir.Atomic{Base: ir.Base{Pos: p}, Op: op.op, Addr: lv.addr, Off: lv.off, Size: size, Src: src, Cmp: cmp, Dst: ir.NoReg,
		Spelling: op.name, Field: lv.field}
	var r ir.Reg = ir.NoReg
	if fetch {
		r = f.newReg("")
		in.Dst, in.Fetch, in.After = r, true, op.after
	}
	f.emit(in)
	return ir.R(r)
}

// atomicResult emits an update whose result may be unused: clang then uses the
// instruction that does not return the old value.
func (f *fn) atomicResult(op atomicOp, lv lval, src ir.Operand, fetch bool, t *ctype, p *position.Pos) value {
	r := f.emitAtomic(op, lv, src, ir.Imm(0), fetch, p)
	if !fetch {
		return imm(0, t)
	}
	return f.convertRaw(value{op: r, t: t}, p)
}

// relaxed reports whether the operation's order is __ATOMIC_RELAXED, which
// makes loads and stores plain ones.
func (f *fn) relaxed(a []cc.ExpressionNode, at int) bool {
	if at >= len(a) {
		return false
	}
	v, ok := f.constant(a[at])
	return ok && v == orderRelaxed
}

func (f *fn) atomicLoad(op atomicOp, lv lval, a []cc.ExpressionNode, p *position.Pos) value {
	order := 1
	if op.generic {
		order = 2
	}
	var v value
	t := unqualified(lv.t)
	if f.relaxed(a, order) {
		lv.volatile, lv.atomic = true, false
		v = f.load(lv, p)
	} else {
		v = f.convertRaw(value{op: f.emitAtomic(op, lv, ir.Imm(0), ir.Imm(0), true, p), t: t}, p)
	}
	if op.generic && len(a) > 1 {
		f.store(f.pointee(a[1]), v, p)
		return imm(0, f.void)
	}
	return v
}

func (f *fn) atomicStore(op atomicOp, lv lval, a []cc.ExpressionNode, p *position.Pos) value {
	var v ir.Operand
	if op.generic {
		v = f.load(f.pointee(a[1]), p).op
	} else {
		v = f.atomicOperand(a[1], unqualified(lv.t), p)
	}
	f.plainAtomicStore(op, lv, v, !f.relaxed(a, 2) && len(a) > 2, p)
	return imm(0, f.void)
}

func (f *fn) plainAtomicStore(op atomicOp, lv lval, v ir.Operand, release bool, p *position.Pos) {
	if release {
		op.op = ir.AtomicStore
		f.emitAtomic(op, lv, v, ir.Imm(0), false, p)
		return
	}
	lv.volatile, lv.atomic = true, false
	f.store(lv, value{op: v, t: unqualified(lv.t)}, p)
}

// atomicCAS lowers __atomic_compare_exchange*: on failure the value found is
// written to *expected.
func (f *fn) atomicCAS(op atomicOp, lv lval, a []cc.ExpressionNode, t *ctype, x *cc.PostfixExpression) value {
	p := f.pos(x)
	expected := f.pointee(a[1])
	cmp := f.load(expected, p)
	var val ir.Operand
	if op.generic {
		val = f.load(f.pointee(a[2]), p).op
	} else {
		val = f.atomicOperand(a[2], t, p)
	}
	old := f.emitAtomic(op, lv, val, cmp.op, true, p)
	ok := f.newReg("")
	yes, no, join := f.newBlock(), f.newBlock(), f.newBlock()
	f.branch(ir.Eq, old, cmp.op, width(t), t.isSigned(), yes, no, x)
	f.place(yes)
	f.copyTo(ok, ir.Imm(1), p)
	f.terminate(&ir.Jump{Base: ir.Base{Pos: p}, To: join})
	f.place(no)
	f.store(expected, value{op: old, t: t}, p)
	f.copyTo(ok, ir.Imm(0), p)
	f.jumpTo(join, p)
	return value{op: ir.R(ok), t: f.bool_, isBool: true}
}

// atomicUpdate lowers ++, += and the like on an _Atomic object.
func (f *fn) atomicUpdate(lv lval, op ir.BinOp, operand value, post, used bool, n cc.Node) value {
	p := f.pos(n)
	t := unqualified(lv.t)
	v := f.convert(operand, t, p).op
	a := atomicOp{name: "_Atomic", after: !post}
	switch op {
	case ir.Sub:
		v = f.bin(ir.Sub, ir.Imm(0), v, width(t), t.isSigned(), p)
	case ir.And:
		a.op = ir.AtomicAnd
	case ir.Or:
		a.op = ir.AtomicOr
	case ir.Xor:
		a.op = ir.AtomicXor
	}
	return f.atomicResult(a, lv, v, used, t, p)
}
