package lower

import (
	"fmt"

	"modernc.org/cc/v4"

	"github.com/bpflockcheck/bpflockcheck/analyzer/ir"
	"github.com/bpflockcheck/bpflockcheck/analyzer/position"
)

// expr lowers an expression for its value. Arrays and functions decay.
func (f *fn) expr(n cc.ExpressionNode) value { return f.value(n, true) }

// discard lowers an expression for its effects.
func (f *fn) discard(n cc.ExpressionNode) {
	if !isNil(n) {
		f.value(n, false)
	}
}

// value lowers an expression; used says whether its value matters (an atomic
// operation whose result is not used is a different instruction).
func (f *fn) value(n cc.ExpressionNode, used bool) value {
	n = strip(n)
	if isNil(n) {
		return imm(0, f.void)
	}
	switch x := n.(type) {
	case *cc.ExpressionList:
		for ; x.ExpressionList != nil; x = x.ExpressionList {
			f.discard(x.AssignmentExpression)
		}
		return f.value(x.AssignmentExpression, used)
	case *cc.AssignmentExpression:
		return f.assign(x, used)
	case *cc.ConditionalExpression:
		return f.conditional(x, used)
	case *cc.LogicalOrExpression, *cc.LogicalAndExpression:
		return f.logical(n)
	case *cc.InclusiveOrExpression:
		return f.arith(ir.Or, f.expr(x.InclusiveOrExpression), f.expr(x.ExclusiveOrExpression), x)
	case *cc.ExclusiveOrExpression:
		return f.arith(ir.Xor, f.expr(x.ExclusiveOrExpression), f.expr(x.AndExpression), x)
	case *cc.AndExpression:
		return f.arith(ir.And, f.expr(x.AndExpression), f.expr(x.EqualityExpression), x)
	case *cc.EqualityExpression, *cc.RelationalExpression:
		return f.comparison(n)
	case *cc.ShiftExpression:
		op := ir.Shl
		if x.Case == cc.ShiftExpressionRsh {
			op = ir.Shr
		}
		return f.shift(op, f.expr(x.ShiftExpression), f.expr(x.AdditiveExpression), x)
	case *cc.AdditiveExpression:
		op := ir.Add
		if x.Case == cc.AdditiveExpressionSub {
			op = ir.Sub
		}
		return f.additive(op, f.expr(x.AdditiveExpression), f.expr(x.MultiplicativeExpression), x)
	case *cc.MultiplicativeExpression:
		op := ir.Mul
		switch x.Case {
		case cc.MultiplicativeExpressionDiv:
			op = ir.Div
		case cc.MultiplicativeExpressionMod:
			op = ir.Mod
		}
		return f.arith(op, f.expr(x.MultiplicativeExpression), f.expr(x.CastExpression), x)
	case *cc.CastExpression:
		return f.cast(x, used)
	case *cc.UnaryExpression:
		return f.unary(x, used)
	case *cc.PostfixExpression:
		return f.postfix(x, used)
	case *cc.PrimaryExpression:
		return f.primary(x, used)
	}
	return f.havoc(f.unknown, fmt.Sprintf("unknown expression %T", n), n)
}

// rvalue loads an lvalue for its value.
func (f *fn) rvalue(n cc.ExpressionNode) (value, bool) {
	lv, ok := f.lvalue(n)
	if !ok {
		return value{}, false
	}
	return f.load(lv, f.pos(n)), true
}

func (f *fn) primary(x *cc.PrimaryExpression, used bool) value {
	switch x.Case {
	case cc.PrimaryExpressionIdent:
		name := x.Token.SrcStr()
		e := f.lookup(name)
		switch {
		case e == nil && (name == "__func__" || name == "__FUNCTION__" || name == "__PRETTY_FUNCTION__"):
			return f.functionName(x)
		case e == nil:
			return f.havoc(f.unknown, "undeclared name "+name, x)
		case e.kind == entEnum:
			return imm(e.value, e.t)
		case e.kind == entTypedef:
			return f.havoc(f.unknown, "type used as a value", x)
		case e.kind == entVar:
			lv := lval{t: e.t, ent: e, volatile: e.t.has(ir.Volatile)}
			if c, ok := f.constGlobal(lv); ok {
				return imm(c, unqualified(e.t))
			}
		}
		v, _ := f.rvalue(x)
		return v
	case cc.PrimaryExpressionInt:
		v, t, ok := f.intLiteral(x.Token.SrcStr())
		if !ok {
			return f.havoc(f.int_, "integer constant out of range", x)
		}
		return imm(v, t)
	case cc.PrimaryExpressionChar, cc.PrimaryExpressionLChar:
		return imm(charLiteral(x.Token.SrcStr()), f.int_)
	case cc.PrimaryExpressionFloat:
		return f.opaque(f.double, f.pos(x))
	case cc.PrimaryExpressionString, cc.PrimaryExpressionLString:
		v, _ := f.rvalue(x)
		return v
	case cc.PrimaryExpressionStmt:
		return f.statementExpr(x.CompoundStatement, used)
	case cc.PrimaryExpressionGeneric:
		if e := f.genericChoice(x.GenericSelection); e != nil {
			return f.value(e, used)
		}
		return f.havoc(f.unknown, "no matching _Generic association", x)
	}
	return f.havoc(f.unknown, fmt.Sprintf("unknown primary expression %v", x.Case), x)
}

// functionName is __func__.
func (f *fn) functionName(x *cc.PrimaryExpression) value {
	t := &ctype{kind: ir.Array, elem: f.char, len: int64(len(f.out.Name)) + 1, size: -1}
	r := f.newReg("")
	if f.dry == 0 {
		f.emit(&ir.GlobalAddr{Base: ir.Base{Pos: f.pos(x)}, Dst: r, Global: f.literal(f.out.Name, t, x)})
	}
	return value{op: ir.R(r), t: pointerTo(f.char)}
}

// genericChoice picks the expression that _Generic selects.
func (f *fn) genericChoice(g *cc.GenericSelection) cc.ExpressionNode {
	if g == nil {
		return nil
	}
	var ctrl *ctype
	f.dryRun(func() { ctrl = unqualified(f.expr(g.AssignmentExpression).t) })
	var def cc.ExpressionNode
	for al := g.GenericAssociationList; al != nil; al = al.GenericAssociationList {
		a := al.GenericAssociation
		switch {
		case a == nil:
		case a.Case == cc.GenericAssociationDefault:
			def = a.AssignmentExpression
		case compatible(ctrl, f.typeName(a.TypeName)):
			return a.AssignmentExpression
		}
	}
	return def
}

func (f *fn) postfix(x *cc.PostfixExpression, used bool) value {
	switch x.Case {
	case cc.PostfixExpressionCall:
		return f.call(x, used)
	case cc.PostfixExpressionInc:
		return f.increment(x.PostfixExpression, ir.Add, true, used, x)
	case cc.PostfixExpressionDec:
		return f.increment(x.PostfixExpression, ir.Sub, true, used, x)
	}
	if v, ok := f.rvalue(x); ok {
		return v
	}
	return f.havoc(f.unknown, fmt.Sprintf("unknown postfix expression %v", x.Case), x)
}

func (f *fn) unary(x *cc.UnaryExpression, used bool) value {
	p := f.pos(x)
	switch x.Case {
	case cc.UnaryExpressionInc:
		return f.increment(x.UnaryExpression, ir.Add, false, used, x)
	case cc.UnaryExpressionDec:
		return f.increment(x.UnaryExpression, ir.Sub, false, used, x)
	case cc.UnaryExpressionAddrof:
		return f.addressOf(x)
	case cc.UnaryExpressionDeref:
		v, _ := f.rvalue(x)
		return v
	case cc.UnaryExpressionPlus:
		v := f.expr(x.CastExpression)
		return f.convert(v, f.promote(v.t), p)
	case cc.UnaryExpressionMinus:
		v := f.expr(x.CastExpression)
		if v.t.isFloat() {
			return f.opaque(v.t, p, v.op)
		}
		t := f.promote(v.t)
		v = f.convert(v, t, p)
		return value{op: f.bin(ir.Sub, ir.Imm(0), v.op, width(t), t.isSigned(), p), t: t}
	case cc.UnaryExpressionCpl:
		v := f.expr(x.CastExpression)
		t := f.promote(v.t)
		v = f.convert(v, t, p)
		return value{op: f.bin(ir.Xor, v.op, ir.Imm(-1), width(t), t.isSigned(), p), t: t}
	case cc.UnaryExpressionNot:
		return f.not(x)
	case cc.UnaryExpressionSizeofExpr:
		return f.sizeofValue(f.typeOf(x.UnaryExpression), x)
	case cc.UnaryExpressionSizeofType:
		return f.sizeofValue(f.typeName(x.TypeName), x)
	case cc.UnaryExpressionAlignofExpr:
		return imm(f.alignOf(f.typeOf(x.UnaryExpression)), f.ulong)
	case cc.UnaryExpressionAlignofType:
		return imm(f.alignOf(f.typeName(x.TypeName)), f.ulong)
	case cc.UnaryExpressionLabelAddr:
		f.skip(x, "computed goto")
	case cc.UnaryExpressionReal:
		return f.expr(x.UnaryExpression)
	}
	return f.havoc(f.unknown, fmt.Sprintf("unknown unary expression %v", x.Case), x)
}

func (f *fn) sizeofValue(t *ctype, n cc.Node) value {
	size := f.sizeOf(t)
	if size < 0 {
		return f.havoc(f.ulong, "size of incomplete "+typeName(t), n)
	}
	return imm(size, f.ulong)
}

func (f *fn) not(x *cc.UnaryExpression) value {
	v := f.expr(x.CastExpression)
	p := f.pos(x)
	if v.t.isFloat() {
		return f.opaque(f.int_, p, v.op)
	}
	op := f.bin(ir.Eq, v.op, ir.Imm(0), width(v.t), v.t.isSigned(), p)
	return value{op: op, t: f.int_, isBool: true}
}

func (f *fn) addressOf(x *cc.UnaryExpression) value {
	lv, ok := f.lvalue(x.CastExpression)
	p := f.pos(x)
	switch {
	case !ok:
		v := f.expr(x.CastExpression)
		if v.t.isRecord() || v.t.is(ir.Array) {
			return value{op: v.op, t: pointerTo(v.t)}
		}
		return f.havoc(pointerTo(v.t), "address of a value", x)
	case lv.inReg:
		if f.dry > 0 {
			return value{op: ir.R(f.newReg("")), t: pointerTo(lv.t)}
		}
		return f.havoc(pointerTo(lv.t), "address of a register variable", x)
	}
	t := lv.t
	if lv.volatile && !t.has(ir.Volatile) {
		t = modify(ir.Volatile, "", t)
	}
	return value{op: f.address(lv, p), t: pointerTo(t)}
}

func (f *fn) cast(x *cc.CastExpression, used bool) value {
	to := f.typeName(x.TypeName)
	if to.isVoid() {
		f.discard(x.CastExpression)
		return imm(0, f.void)
	}
	v := f.value(x.CastExpression, used)
	f.tellResultType(v, to)
	if to.isRecord() && v.t.isRecord() {
		return value{op: v.op, t: to}
	}
	if to.isRecord() {
		return f.unionCast(v, to, x)
	}
	return f.convert(v, to, f.pos(x))
}

// tellResultType notes the struct that the result of a call is cast to where
// the callee says void *: ((struct foo *)bpf_obj_new_impl(...)).
func (f *fn) tellResultType(v value, to *ctype) {
	e := elemOf(to)
	if e == nil || !e.isRecord() || v.op.IsImm || len(f.cur.Instrs) == 0 || elemOf(v.t) == nil || !elemOf(v.t).isVoid() {
		return
	}
	if c, ok := f.cur.Instrs[len(f.cur.Instrs)-1].(*ir.Call); ok && c.Dst == v.op.Reg && c.Kind == ir.CallKfunc {
		c.RetType = f.irType(to)
	}
}

// unionCast is GNU C's cast of a value to a union that has a member of its
// type.
func (f *fn) unionCast(v value, to *ctype, x cc.Node) value {
	slot := f.newSlot("(cast)", to)
	addr := f.stackAddr(slot, x)
	if v.t.isScalar() {
		f.store(lval{t: v.t, addr: addr}, v, f.pos(x))
	}
	return value{op: addr, t: to}
}

// arith lowers a binary operator on numbers.
func (f *fn) arith(op ir.BinOp, a, b value, n cc.Node) value {
	p := f.pos(n)
	if a.t.isPointer() || b.t.isPointer() { // (ptr & mask) is an extension of some headers only
		return value{op: f.bin(op, a.op, b.op, 64, false, p), t: f.ulong}
	}
	t := f.usual(a.t, b.t)
	if t.isFloat() || t.underlying().size > 8 {
		return f.opaque(t, p, a.op, b.op)
	}
	a, b = f.convert(a, t, p), f.convert(b, t, p)
	return value{op: f.bin(op, a.op, b.op, width(t), t.isSigned(), p), t: t}
}

func (f *fn) shift(op ir.BinOp, a, b value, n cc.Node) value {
	p := f.pos(n)
	t := f.promote(a.t)
	if t.isFloat() || t.size > 8 {
		return f.opaque(t, p, a.op, b.op)
	}
	if op == ir.Shr && t.signed {
		op = ir.Sar
	}
	a = f.convert(a, t, p)
	return value{op: f.bin(op, a.op, b.op, width(t), t.isSigned(), p), t: t}
}

// additive lowers + and -, also on pointers.
func (f *fn) additive(op ir.BinOp, a, b value, n cc.Node) value {
	if !a.t.isPointer() && !b.t.isPointer() {
		return f.arith(op, a, b, n)
	}
	p := f.pos(n)
	if a.t.isPointer() && b.t.isPointer() {
		diff := f.bin(ir.Sub, a.op, b.op, 64, true, p)
		size := f.sizeOf(elemOf(a.t))
		if size > 1 {
			diff = f.bin(ir.Div, diff, ir.Imm(size), 64, true, p)
		}
		return value{op: diff, t: f.long}
	}
	if b.t.isPointer() {
		a, b = b, a
	}
	elem := elemOf(a.t)
	size := f.sizeOf(elem)
	if size < 1 || elem.isVoid() {
		size = 1
	}
	return value{op: f.bin(op, a.op, f.scale(b, size, p), 64, false, p), t: a.t}
}

// increment lowers ++ and --.
func (f *fn) increment(target cc.ExpressionNode, op ir.BinOp, post, used bool, n cc.Node) value {
	p := f.pos(n)
	lv, ok := f.lvalue(target)
	if !ok {
		return f.havoc(f.unknown, "increment of something that is no lvalue", n)
	}
	lv.node = spelledPlace(target)
	if lv.atomic {
		return f.atomicUpdate(lv, op, imm(1, f.int_), post, used, n)
	}
	old := f.load(lv, p)
	if post && used && lv.inReg {
		r := f.newReg("")
		f.copyTo(r, old.op, p)
		old.op = ir.R(r)
	}
	sum := f.additive(op, old, imm(1, f.int_), n)
	if lv.t.isPointer() {
		sum.t = old.t
	}
	if u := lv.t.underlying(); u.isBool {
		sum = f.toBool(sum, lv.t, p)
	}
	lv.change = f.changing(lv, change{op: op, target: target, post: post, used: used}, n)
	f.store(lv, sum, p)
	if post {
		return old
	}
	return f.stored(lv, sum, p)
}

// stored is the value of an assignment: that of the left side after it.
func (f *fn) stored(lv lval, v value, p *position.Pos) value {
	t := unqualified(lv.t)
	switch {
	case lv.inReg:
		return value{op: ir.R(lv.reg), t: t}
	case lv.t.isAggregate():
		return value{op: v.op, t: lv.t}
	}
	return f.convert(v, t, p)
}

// assignOps has the operator of each compound assignment.
var assignOps = map[cc.AssignmentExpressionCase]ir.BinOp{
	cc.AssignmentExpressionMul: ir.Mul, cc.AssignmentExpressionDiv: ir.Div, cc.AssignmentExpressionMod: ir.Mod,
	cc.AssignmentExpressionAdd: ir.Add, cc.AssignmentExpressionSub: ir.Sub, cc.AssignmentExpressionLsh: ir.Shl,
	cc.AssignmentExpressionRsh: ir.Shr, cc.AssignmentExpressionAnd: ir.And, cc.AssignmentExpressionXor: ir.Xor,
	cc.AssignmentExpressionOr: ir.Or,
}

func (f *fn) assign(x *cc.AssignmentExpression, used bool) value {
	p := f.pos(x)
	if x.Case == cc.AssignmentExpressionAssign {
		// The right side first: clang evaluates it first too for scalars,
		// and a store through `*lookup() = x` reads better so.
		v := f.expr(x.AssignmentExpression)
		lv, ok := f.lvalue(x.UnaryExpression)
		if !ok {
			return f.assignToValue(x, v)
		}
		lv.node = spelledPlace(x.UnaryExpression)
		if op, operand := f.spelledOut(x); operand != nil {
			lv.change = f.changing(lv, change{op: op, target: x.UnaryExpression, operand: operand, t: f.typeOf(operand), used: used}, x)
		}
		f.store(lv, v, p)
		if !used {
			return v
		}
		return f.stored(lv, v, p)
	}
	op, known := assignOps[x.Case]
	if !known {
		return f.havoc(f.unknown, fmt.Sprintf("unknown assignment %v", x.Case), x)
	}
	b := f.expr(x.AssignmentExpression)
	lv, ok := f.lvalue(x.UnaryExpression)
	if !ok {
		return f.havoc(f.unknown, "assignment to something that is no lvalue", x)
	}
	lv.node = spelledPlace(x.UnaryExpression)
	if lv.atomic && (op == ir.Add || op == ir.Sub || op == ir.And || op == ir.Or || op == ir.Xor) {
		return f.atomicUpdate(lv, op, b, false, used, x)
	}
	old := f.load(lv, p)
	var v value
	switch op {
	case ir.Add, ir.Sub:
		v = f.additive(op, old, b, x)
	case ir.Shl, ir.Shr:
		v = f.shift(op, old, b, x)
	default:
		v = f.arith(op, old, b, x)
	}
	lv.change = f.changing(lv, change{op: op, target: x.UnaryExpression, operand: x.AssignmentExpression, t: b.t, used: used}, x)
	f.store(lv, v, p)
	if !used {
		return v
	}
	return f.stored(lv, v, p)
}

// assignToValue handles an assignment whose left side is a value: a struct
// returned by a statement expression, or nonsense.
func (f *fn) assignToValue(x *cc.AssignmentExpression, v value) value {
	dst := f.expr(x.UnaryExpression)
	if dst.t.isRecord() {
		lv := lval{t: dst.t, addr: dst.op, node: x.UnaryExpression}
		f.store(lv, v, f.pos(x))
		return dst
	}
	return f.havoc(v.t, "assignment to something that is no lvalue", x)
}

// statementExpr lowers ({ ... }): its value is that of the last statement.
func (f *fn) statementExpr(n *cc.CompoundStatement, used bool) value {
	result := imm(0, f.void)
	if n == nil {
		return result
	}
	f.openScope(n)
	for l := n.BlockItemList; l != nil; l = l.BlockItemList {
		if l.BlockItemList == nil {
			if e, ok := lastExpr(l.BlockItem); ok {
				result = f.value(e, used)
				break
			}
		}
		f.blockItem(l.BlockItem)
	}
	f.closeScope(n)
	return result
}

// lastExpr gives the expression that is a statement expression's value.
func lastExpr(it *cc.BlockItem) (cc.ExpressionNode, bool) {
	if it == nil || it.Case != cc.BlockItemStmt {
		return nil, false
	}
	s := it.Statement
	if s == nil || s.Case != cc.StatementExpr || s.ExpressionStatement == nil || isNil(s.ExpressionStatement.ExpressionList) {
		return nil, false
	}
	return s.ExpressionStatement.ExpressionList, true
}
