package lower

import (
	"fmt"

	"modernc.org/cc/v4"

	"github.com/bpflockcheck/bpflockcheck/analyzer/ir"
)

// lvalue lowers an expression that designates an object or function; ok is
// false, and nothing is emitted, for one that is only a value.
func (f *fn) lvalue(n cc.ExpressionNode) (lv lval, ok bool) {
	n = strip(n)
	switch x := n.(type) {
	case *cc.PrimaryExpression:
		switch x.Case {
		case cc.PrimaryExpressionIdent:
			return f.identLvalue(x)
		case cc.PrimaryExpressionString, cc.PrimaryExpressionLString:
			return f.stringLvalue(x)
		case cc.PrimaryExpressionGeneric:
			if e := f.genericChoice(x.GenericSelection); e != nil {
				return f.lvalue(e)
			}
		case cc.PrimaryExpressionExpr:
			// A comma expression; its last operand may be an array.
			if l, isList := x.ExpressionList.(*cc.ExpressionList); isList && l.ExpressionList != nil {
				return lval{}, false
			}
		}
	case *cc.PostfixExpression:
		return f.postfixLvalue(x)
	case *cc.UnaryExpression:
		if x.Case == cc.UnaryExpressionDeref {
			return f.deref(x), true
		}
	}
	return lval{}, false
}

// deref is *p. The member's name is kept through *&v->count and
// *(volatile u64 *)&v->count, as macros write it.
func (f *fn) deref(x *cc.UnaryExpression) lval {
	if u, ok := strip(x.CastExpression).(*cc.UnaryExpression); ok && u.Case == cc.UnaryExpressionAddrof {
		if lv, ok := f.lvalue(u.CastExpression); ok {
			return lv
		}
	}
	v := f.expr(x.CastExpression)
	if !v.t.isPointer() {
		return f.unknownPlace(x, "dereference of something that is no pointer")
	}
	lv := f.at(v, x)
	lv.field = f.fieldBehind(x.CastExpression)
	return lv
}

// spelledPlace finds the place that *(T *)&v->count names, for messages.
func spelledPlace(n cc.ExpressionNode) cc.ExpressionNode {
	d, ok := strip(n).(*cc.UnaryExpression)
	if !ok || d.Case != cc.UnaryExpressionDeref {
		return n
	}
	in := d.CastExpression
	for {
		switch x := strip(in).(type) {
		case *cc.CastExpression:
			in = x.CastExpression
			continue
		case *cc.UnaryExpression:
			if x.Case == cc.UnaryExpressionAddrof {
				return strip(x.CastExpression)
			}
		}
		return n
	}
}

// unknownPlace stands for an lvalue that could not be lowered.
func (f *fn) unknownPlace(n cc.Node, reason string) lval {
	v := f.havoc(pointerTo(f.unknown), reason, n)
	return lval{t: f.unknown, addr: v.op, node: n}
}

func (f *fn) identLvalue(x *cc.PrimaryExpression) (lval, bool) {
	name := x.Token.SrcStr()
	e := f.lookup(name)
	if e == nil {
		return lval{}, false
	}
	switch e.kind {
	case entLocal:
		return f.localPlace(e, x), true
	case entVar:
		return f.varPlace(e, x), true
	case entFunc:
		return f.funcPlace(e, x), true
	}
	return lval{}, false
}

func (f *fn) localPlace(e *entity, n cc.Node) lval {
	lv := lval{t: e.t, ent: e, node: n, volatile: e.t.has(ir.Volatile)}
	switch e.home {
	case homeReg:
		lv.inReg, lv.reg = true, e.reg
	case homePointer:
		lv.addr = ir.R(e.reg)
	default:
		lv.addr = f.stackAddr(e.slot, n)
		lv.atomic = e.t.has(kAtomic) && !e.t.isAggregate()
	}
	return lv
}

func (f *fn) stackAddr(slot int, n cc.Node) ir.Operand {
	r := f.newReg("")
	f.emit(&ir.StackAddr{Base: ir.Base{Pos: f.pos(n)}, Dst: r, Slot: slot})
	return ir.R(r)
}

// varPlace is a variable with static storage, or a map.
func (f *fn) varPlace(e *entity, n cc.Node) lval {
	lv := lval{t: e.t, ent: e, node: n, volatile: e.t.has(ir.Volatile), atomic: e.t.has(kAtomic) && !e.t.isAggregate()}
	if f.dry > 0 {
		lv.addr = ir.R(f.newReg(""))
		return lv
	}
	r := f.newReg("")
	if m := f.mapOf(e); m != nil {
		f.emit(&ir.MapAddr{Base: ir.Base{Pos: f.pos(n)}, Dst: r, Map: m})
	} else {
		f.emit(&ir.GlobalAddr{Base: ir.Base{Pos: f.pos(n)}, Dst: r, Global: f.globalOf(e)})
	}
	lv.addr = ir.R(r)
	return lv
}

func (f *fn) funcPlace(e *entity, n cc.Node) lval {
	r := f.newReg("")
	if f.dry == 0 {
		f.emit(&ir.FuncAddr{Base: ir.Base{Pos: f.pos(n)}, Dst: r, Func: f.funcOf(e)})
	}
	return lval{t: e.t, addr: ir.R(r), ent: e, node: n}
}

// stringLvalue is a string literal, a constant global of its own.
func (f *fn) stringLvalue(x *cc.PrimaryExpression) (lval, bool) {
	s := unquote(x.Token.SrcStr())
	t := &ctype{kind: ir.Array, elem: f.char, len: int64(len(s)) + 1, size: -1}
	if x.Case == cc.PrimaryExpressionLString {
		t.elem = f.int_
	}
	r := f.newReg("")
	if f.dry == 0 {
		f.emit(&ir.GlobalAddr{Base: ir.Base{Pos: f.pos(x)}, Dst: r, Global: f.literal(s, t, x)})
	}
	return lval{t: t, addr: ir.R(r), node: x}, true
}

func (f *fn) postfixLvalue(x *cc.PostfixExpression) (lval, bool) {
	switch x.Case {
	case cc.PostfixExpressionIndex:
		return f.index(x), true
	case cc.PostfixExpressionSelect:
		base, ok := f.lvalue(x.PostfixExpression)
		if !ok {
			v := f.expr(x.PostfixExpression)
			if !v.t.isRecord() {
				return f.unknownPlace(x, "member of something that is no struct"), true
			}
			base = lval{t: v.t, addr: v.op}
		}
		return f.selected(base, x), true
	case cc.PostfixExpressionPSelect:
		v := f.expr(x.PostfixExpression)
		if !v.t.isPointer() {
			return f.unknownPlace(x, "member of something that is no struct"), true
		}
		return f.selected(f.at(v, nil), x), true
	case cc.PostfixExpressionComplit:
		return f.compoundLiteral(x), true
	}
	return lval{}, false
}

func (f *fn) selected(base lval, x *cc.PostfixExpression) lval {
	name := x.Token2.SrcStr()
	if base.inReg {
		return f.unknownPlace(x, "member of something that is no struct")
	}
	lv, ok := f.selectMember(base, name, x)
	if !ok {
		return f.unknownPlace(x, fmt.Sprintf("%s has no member %s", typeName(base.t), name))
	}
	return lv
}

func typeName(t *ctype) string {
	u := t.underlying()
	switch {
	case u == nil:
		return "unknown type"
	case u.kind == ir.Struct && u.name != "":
		return "struct " + u.name
	case u.kind == ir.Union && u.name != "":
		return "union " + u.name
	case u.kind == ir.Struct || u.kind == ir.Union:
		return "anonymous struct"
	}
	return "type " + u.name
}

func (f *fn) index(x *cc.PostfixExpression) lval {
	p := f.pos(x)
	if base, ok := f.lvalue(x.PostfixExpression); ok && base.t.is(ir.Array) && !base.inReg {
		i := f.expr(x.ExpressionList)
		return f.element(base, elemOf(base.t), i, true, x, p)
	} else if ok {
		return f.indexValue(f.load(base, f.pos(x.PostfixExpression)), x)
	}
	return f.indexValue(f.expr(x.PostfixExpression), x)
}

func (f *fn) indexValue(v value, x *cc.PostfixExpression) lval {
	i := f.expr(x.ExpressionList)
	if !v.t.isPointer() && i.t.isPointer() {
		v, i = i, v
	}
	if !v.t.isPointer() {
		return f.unknownPlace(x, "index of something that is no array")
	}
	base := f.at(v, x)
	return f.element(base, elemOf(v.t), i, false, x, f.pos(x))
}

// compoundLiteral makes a slot for (T){...}.
func (f *fn) compoundLiteral(x *cc.PostfixExpression) lval {
	t := f.typeName(x.TypeName)
	if u := t.underlying(); u != nil && u.kind == ir.Array && u.len < 0 {
		t = f.completeArrayList(t, x.InitializerList)
	}
	slot := f.newSlot("(literal)", t)
	p := f.pos(x)
	lv := lval{t: t, addr: f.stackAddr(slot, x), node: x}
	if t.isAggregate() {
		f.initAggregate(lv, x.InitializerList, p)
	} else if il := x.InitializerList; il != nil && il.Initializer != nil {
		f.store(lv, f.scalarInit(il.Initializer), p)
	} else {
		f.store(lv, imm(0, t), p)
	}
	return lv
}
