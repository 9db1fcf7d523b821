package lower

import (
	"modernc.org/cc/v4"

	"github.com/bpflockcheck/bpflockcheck/analyzer/ir"
)

// comparisonParts takes a comparison apart.
func comparisonParts(n cc.ExpressionNode) (op ir.BinOp, a, b cc.ExpressionNode, ok bool) {
	switch x := n.(type) {
	case *cc.EqualityExpression:
		op = ir.Eq
		if x.Case == cc.EqualityExpressionNeq {
			op = ir.Ne
		}
		return op, x.EqualityExpression, x.RelationalExpression, true
	case *cc.RelationalExpression:
		switch x.Case {
		case cc.RelationalExpressionLt:
			op = ir.Lt
		case cc.RelationalExpressionGt:
			op = ir.Gt
		case cc.RelationalExpressionLeq:
			op = ir.Le
		default:
			op = ir.Ge
		}
		return op, x.RelationalExpression, x.ShiftExpression, true
	}
	return 0, nil, nil, false
}

// operands evaluates and converts both sides of a comparison.
func (f *fn) operands(a, b cc.ExpressionNode, n cc.Node) (x, y value, bits int, signed, float bool) {
	p := f.pos(n)
	x, y = f.expr(a), f.expr(b)
	if x.t.isPointer() || y.t.isPointer() {
		return x, y, 64, false, false
	}
	t := f.usual(x.t, y.t)
	if t.isFloat() {
		return x, y, 64, false, true
	}
	x, y = f.convert(x, t, p), f.convert(y, t, p)
	return x, y, width(t), t.isSigned(), false
}

func (f *fn) comparison(n cc.ExpressionNode) value {
	op, a, b, _ := comparisonParts(n)
	x, y, bits, signed, float := f.operands(a, b, n)
	p := f.pos(n)
	if float {
		return f.opaque(f.int_, p, x.op, y.op)
	}
	return value{op: f.bin(op, x.op, y.op, bits, signed, p), t: f.int_, isBool: true}
}

// cond lowers an expression as a condition: control goes to yes when it is not
// zero, else to no. The current block is ended.
func (f *fn) cond(n cc.ExpressionNode, yes, no *ir.Block) {
	n = strip(n)
	p := f.pos(n)
	switch x := n.(type) {
	case *cc.ExpressionList:
		for ; x.ExpressionList != nil; x = x.ExpressionList {
			f.discard(x.AssignmentExpression)
		}
		f.cond(x.AssignmentExpression, yes, no)
		return
	case *cc.LogicalAndExpression:
		mid := f.newBlock()
		f.cond(x.LogicalAndExpression, mid, no)
		f.place(mid)
		f.cond(x.InclusiveOrExpression, yes, no)
		return
	case *cc.LogicalOrExpression:
		mid := f.newBlock()
		f.cond(x.LogicalOrExpression, yes, mid)
		f.place(mid)
		f.cond(x.LogicalAndExpression, yes, no)
		return
	case *cc.UnaryExpression:
		if x.Case == cc.UnaryExpressionNot {
			f.cond(x.CastExpression, no, yes)
			return
		}
	case *cc.EqualityExpression, *cc.RelationalExpression:
		f.compareBranch(n, yes, no)
		return
	case *cc.CastExpression:
		// A cast to bool, or of a truth value, changes nothing.
		if x.Case == cc.CastExpressionCast && (f.typeName(x.TypeName).underlying() == f.bool_ || isTruth(x.CastExpression)) {
			f.cond(x.CastExpression, yes, no)
			return
		}
	case *cc.PostfixExpression:
		if e, ok := f.expectation(x); ok {
			f.cond(e, yes, no)
			return
		}
		if f.constantAfterInlining(x) {
			v := f.opaque(f.int_, p)
			f.branch(ir.Ne, v.op, ir.Imm(0), 32, true, yes, no, x)
			return
		}
	case *cc.PrimaryExpression:
		if x.Case == cc.PrimaryExpressionStmt && f.statementCond(x.CompoundStatement, yes, no) {
			return
		}
	}
	v := f.expr(n)
	if v.t.isFloat() {
		v = f.opaque(f.int_, p, v.op)
	}
	if v.op.IsImm {
		to := no
		if v.op.Imm != 0 {
			to = yes
		}
		f.terminate(&ir.Jump{Base: ir.Base{Pos: p}, To: to})
		return
	}
	if c := f.popComparison(v.op.Reg); c != nil {
		f.branch(c.Op, c.A, c.B, c.Bits, c.Signed, yes, no, n)
		return
	}
	f.branch(ir.Ne, v.op, ir.Imm(0), width(v.t), v.t.isSigned(), yes, no, n)
}

// popComparison takes the comparison that the current block ends with back,
// when r is its result and nothing else can use that.
func (f *fn) popComparison(r ir.Reg) *ir.Bin {
	if len(f.cur.Instrs) == 0 || f.out.RegNames[r] != "" {
		return nil
	}
	c, ok := f.cur.Instrs[len(f.cur.Instrs)-1].(*ir.Bin)
	if !ok || c.Dst != r || c.Op < ir.Eq {
		return nil
	}
	f.cur.Instrs = f.cur.Instrs[:len(f.cur.Instrs)-1]
	return c
}

// constantAfterInlining matches `if (__builtin_constant_p(e))` where e is no
// constant here but may be one where the function is inlined, as in libbpf's
// bpf_tail_call_static.
func (f *fn) constantAfterInlining(x *cc.PostfixExpression) bool {
	if x.Case != cc.PostfixExpressionCall || f.out.Linkage != ir.Inline {
		return false
	}
	if name, ok := identifier(x.PostfixExpression); !ok || name != "__builtin_constant_p" {
		return false
	}
	a := args(x)
	return len(a) == 1 && !f.isConstant(a[0])
}

// statementCond lowers ({ ...; e; }) as a condition, so that e's comparison is
// the branch's. It does not when cleanups run after e.
func (f *fn) statementCond(n *cc.CompoundStatement, yes, no *ir.Block) bool {
	if n == nil || hasCleanup(n) {
		return false
	}
	var last cc.ExpressionNode
	for l := n.BlockItemList; l != nil; l = l.BlockItemList {
		if l.BlockItemList == nil {
			last, _ = lastExpr(l.BlockItem)
		}
	}
	if last == nil {
		return false
	}
	f.openScope(n)
	for l := n.BlockItemList; l.BlockItemList != nil; l = l.BlockItemList {
		f.blockItem(l.BlockItem)
	}
	f.cond(last, yes, no)
	f.closeScope(n)
	return true
}

// isTruth reports whether an expression can only be 0 or 1 by its form.
func isTruth(n cc.ExpressionNode) bool {
	switch x := strip(n).(type) {
	case *cc.EqualityExpression, *cc.RelationalExpression, *cc.LogicalAndExpression, *cc.LogicalOrExpression:
		return true
	case *cc.UnaryExpression:
		return x.Case == cc.UnaryExpressionNot
	}
	return false
}

func (f *fn) branch(op ir.BinOp, a, b ir.Operand, bits int, signed bool, yes, no *ir.Block, n cc.Node) {
	f.terminate(&ir.Branch{Base: ir.Base{Pos: f.pos(n)}, Op: op, A: a, B: b, Bits: bits, Signed: signed, True: yes, False: no})
}

func (f *fn) compareBranch(n cc.ExpressionNode, yes, no *ir.Block) {
	op, a, b, _ := comparisonParts(n)
	// (a && b) != 0, !!x == 1 and the like are the condition itself.
	if (op == ir.Eq || op == ir.Ne) && isTruth(a) {
		if c, ok := f.constant(b); ok && (c == 0 || c == 1) {
			if (op == ir.Eq) != (c == 1) {
				yes, no = no, yes
			}
			f.cond(a, yes, no)
			return
		}
	}
	x, y, bits, signed, float := f.operands(a, b, n)
	p := f.pos(n)
	switch {
	case float:
		v := f.opaque(f.int_, p, x.op, y.op)
		f.branch(ir.Ne, v.op, ir.Imm(0), 32, false, yes, no, n)
		return
	case x.op.IsImm && y.op.IsImm:
		to := no
		if v, _ := fold(op, x.op.Imm, y.op.Imm, bits, signed); v != 0 {
			to = yes
		}
		f.terminate(&ir.Jump{Base: ir.Base{Pos: p}, To: to})
		return
	case x.op.IsImm:
		x, y = y, x
		op = mirror(op)
	}
	f.branch(op, x.op, y.op, bits, signed, yes, no, n)
}

// mirror gives the comparison with its sides exchanged.
func mirror(op ir.BinOp) ir.BinOp {
	switch op {
	case ir.Lt:
		return ir.Gt
	case ir.Le:
		return ir.Ge
	case ir.Gt:
		return ir.Lt
	case ir.Ge:
		return ir.Le
	}
	return op
}

// logical lowers && and || for their value.
func (f *fn) logical(n cc.ExpressionNode) value {
	if v, ok := f.constantCond(n); ok {
		return value{op: ir.Imm(b2i(v)), t: f.int_, isBool: true}
	}
	yes, no, join := f.newBlock(), f.newBlock(), f.newBlock()
	p := f.pos(n)
	r := f.newReg("")
	f.cond(n, yes, no)
	f.place(yes)
	f.copyTo(r, ir.Imm(1), p)
	f.terminate(&ir.Jump{Base: ir.Base{Pos: p}, To: join})
	f.place(no)
	f.copyTo(r, ir.Imm(0), p)
	f.jumpTo(join, p)
	return value{op: ir.R(r), t: f.int_, isBool: true}
}

// constantCond evaluates a condition that is constant; in && and || one side
// may be enough. Only forms that need no dry run are tried.
func (f *fn) constantCond(n cc.ExpressionNode) (v, ok bool) {
	switch x := strip(n).(type) {
	case *cc.LogicalAndExpression:
		a, aok := f.constantCond(x.LogicalAndExpression)
		if aok && !a {
			return false, true
		}
		b, bok := f.constantCond(x.InclusiveOrExpression)
		return a && b, aok && bok
	case *cc.LogicalOrExpression:
		a, aok := f.constantCond(x.LogicalOrExpression)
		if aok && a {
			return true, true
		}
		b, bok := f.constantCond(x.LogicalAndExpression)
		return a || b, aok && bok
	}
	c, ok := f.constantMemo(n)
	return c != 0, ok
}

// constantMemo is constant for conditions, which are looked at more than once
// when they are nested.
func (f *fn) constantMemo(n cc.ExpressionNode) (int64, bool) {
	if m, ok := f.condMemo[n]; ok {
		return m.v, m.ok
	}
	v, ok := f.constant(n)
	if f.condMemo == nil {
		f.condMemo = map[cc.ExpressionNode]constResult{}
	}
	f.condMemo[n] = constResult{v, ok}
	return v, ok
}

// constResult is what is known of a condition's value.
type constResult struct {
	v  int64
	ok bool
}

// conditional lowers a ? b : c.
func (f *fn) conditional(x *cc.ConditionalExpression, used bool) value {
	p := f.pos(x)
	if isNil(x.ExpressionList) {
		return f.elvis(x)
	}
	t := f.conditionalType(x)
	if c, ok := f.constantMemo(x.LogicalOrExpression); ok {
		pick := x.ConditionalExpression
		if c != 0 {
			pick = x.ExpressionList
		}
		v := f.value(pick, used)
		if t.isScalar() && v.t.isScalar() {
			v = f.convert(v, t, p)
		}
		return v
	}
	yes, no, join := f.newBlock(), f.newBlock(), f.newBlock()
	f.cond(x.LogicalOrExpression, yes, no)
	keep := used && !t.isVoid()
	r := ir.NoReg
	if keep {
		r = f.newReg("")
	}
	side := func(n cc.ExpressionNode) {
		v := f.value(n, keep)
		if keep {
			if t.isScalar() {
				v = f.convert(v, t, f.pos(n))
			}
			f.copyTo(r, v.op, f.pos(n))
		}
	}
	f.place(yes)
	side(x.ExpressionList)
	f.terminate(&ir.Jump{Base: ir.Base{Pos: p}, To: join})
	f.place(no)
	side(x.ConditionalExpression)
	f.jumpTo(join, p)
	if !keep {
		return imm(0, t)
	}
	return value{op: ir.R(r), t: t}
}

// conditionalType finds the type of a ? b : c.
func (f *fn) conditionalType(x *cc.ConditionalExpression) *ctype {
	if t := f.condTypes[x]; t != nil {
		return t
	}
	t := f.findConditionalType(x)
	if f.condTypes == nil {
		f.condTypes = map[*cc.ConditionalExpression]*ctype{}
	}
	f.condTypes[x] = t
	return t
}

func (f *fn) findConditionalType(x *cc.ConditionalExpression) *ctype {
	var b, c value
	f.dryRun(func() { b = f.expr(x.ExpressionList) })
	f.dryRun(func() { c = f.expr(x.ConditionalExpression) })
	null := func(v value) bool { return v.op.IsImm && v.op.Imm == 0 }
	switch {
	case b.t.isVoid() || c.t.isVoid():
		return f.void
	case b.t.isPointer() && c.t.isPointer():
		// A null pointer constant takes the other side's type; a void
		// pointer that is none wins.
		if null(b) && elemOf(b.t).isVoid() {
			return c.t
		}
		if null(c) && elemOf(c.t).isVoid() {
			return b.t
		}
		if elemOf(c.t).isVoid() {
			return c.t
		}
		return b.t
	case b.t.isPointer():
		return b.t
	case c.t.isPointer():
		return c.t
	case b.t.isRecord():
		return b.t
	case c.t.isRecord():
		return c.t
	}
	return f.usual(b.t, c.t)
}

// elvis lowers a ?: c.
func (f *fn) elvis(x *cc.ConditionalExpression) value {
	p := f.pos(x)
	v := f.expr(x.LogicalOrExpression)
	var c value
	f.dryRun(func() { c = f.expr(x.ConditionalExpression) })
	t := v.t
	if t.isInteger() && c.t.isInteger() {
		t = f.usual(v.t, c.t)
	}
	if v.op.IsImm {
		if v.op.Imm != 0 {
			return f.convert(v, t, p)
		}
		return f.convert(f.expr(x.ConditionalExpression), t, p)
	}
	r := f.newReg("")
	no, yes, join := f.newBlock(), f.newBlock(), f.newBlock()
	f.branch(ir.Ne, v.op, ir.Imm(0), width(v.t), v.t.isSigned(), yes, no, x.LogicalOrExpression)
	f.place(yes)
	f.copyTo(r, f.convert(v, t, p).op, p)
	f.terminate(&ir.Jump{Base: ir.Base{Pos: p}, To: join})
	f.place(no)
	f.copyTo(r, f.convert(f.expr(x.ConditionalExpression), t, p).op, p)
	f.jumpTo(join, p)
	return value{op: ir.R(r), t: t}
}
