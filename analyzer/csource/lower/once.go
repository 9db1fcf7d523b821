package lower

import (
	"modernc.org/cc/v4"

	"github.com/bpflockcheck/bpflockcheck/analyzer/ir"
)

// onceCopy describes a function of the kind behind READ_ONCE and WRITE_ONCE:
//
//	static inline void f(const volatile void *p, void *res, int size)
//	{
//		switch (size) {
//		case 1: *(__u8 *)res = *(volatile __u8 *)p; break;
//		...
//		default: ... memcpy(res, p, size);
//		}
//	}
//
// A call of it is one load and one store at the place of the call.
type onceCopy struct {
	src, dst, size       int // which parameter
	srcVolatile, dstVola bool
}

// onceShape recognises such a function by its body, whatever its name.
func (f *fn) onceShape(e *entity) *onceCopy {
	if e.onceOK {
		return e.once
	}
	e.onceOK = true
	names := paramNames(e.def.Declarator)
	if len(names) != 3 {
		return nil
	}
	it := onlyItem(e.def.CompoundStatement)
	if it == nil || it.Case != cc.BlockItemStmt || it.Statement == nil || it.Statement.Case != cc.StatementSelection {
		return nil
	}
	sw := it.Statement.SelectionStatement
	if sw.Case != cc.SelectionStatementSwitch {
		return nil
	}
	index := func(n cc.ExpressionNode) int {
		name, ok := identifier(n)
		if !ok {
			return -1
		}
		for i, p := range names {
			if p == name {
				return i
			}
		}
		return -1
	}
	o := &onceCopy{size: index(sw.ExpressionList)}
	if o.size < 0 {
		return nil
	}
	cases := 0
	for _, ls := range sw.LabeledStatements() {
		if ls.Case != cc.LabeledStatementCaseLabel {
			continue
		}
		if ls.Statement == nil || ls.Statement.Case != cc.StatementExpr || ls.Statement.ExpressionStatement == nil {
			return nil
		}
		as, ok := strip(ls.Statement.ExpressionStatement.ExpressionList).(*cc.AssignmentExpression)
		if !ok || as.Case != cc.AssignmentExpressionAssign {
			return nil
		}
		dst, dv := f.castDeref(as.UnaryExpression, index)
		src, sv := f.castDeref(as.AssignmentExpression, index)
		if dst < 0 || src < 0 || dst == src || cases > 0 && (dst != o.dst || src != o.src) {
			return nil
		}
		o.dst, o.src, o.dstVola, o.srcVolatile = dst, src, dv, sv
		cases++
	}
	if cases < 2 {
		return nil
	}
	e.once = o
	return o
}

// onlyItem gives the one item of a function's body, besides the declaration of
// __func__ that the C library puts first.
func onlyItem(body *cc.CompoundStatement) *cc.BlockItem {
	if body == nil {
		return nil
	}
	l := body.BlockItemList
	if l != nil && l.BlockItem != nil && l.BlockItem.Case == cc.BlockItemDecl && l.BlockItem.Declaration != nil {
		if il := l.BlockItem.Declaration.InitDeclaratorList; il != nil && il.InitDeclarator != nil &&
			il.InitDeclarator.Declarator.Name() == "__func__" {
			l = l.BlockItemList
		}
	}
	if l == nil || l.BlockItemList != nil {
		return nil
	}
	return l.BlockItem
}

// castDeref matches *(T *)param and gives the parameter.
func (f *fn) castDeref(n cc.ExpressionNode, index func(cc.ExpressionNode) int) (param int, volatile bool) {
	u, ok := strip(n).(*cc.UnaryExpression)
	if !ok || u.Case != cc.UnaryExpressionDeref {
		return -1, false
	}
	c, ok := strip(u.CastExpression).(*cc.CastExpression)
	if !ok || c.Case != cc.CastExpressionCast {
		return -1, false
	}
	t := elemOf(f.typeName(c.TypeName))
	return index(c.CastExpression), t != nil && t.has(ir.Volatile)
}

func paramNames(d *cc.Declarator) []string {
	var out []string
	n := functionParams(d)
	if n == nil {
		return nil
	}
	for pl := n.ParameterList; pl != nil; pl = pl.ParameterList {
		if pl.ParameterDeclaration == nil || pl.ParameterDeclaration.Declarator == nil {
			return nil
		}
		out = append(out, pl.ParameterDeclaration.Declarator.Name())
	}
	return out
}

// onceCall lowers a call of a sized copy with a constant size as a load and a
// store.
func (f *fn) onceCall(e *entity, x *cc.PostfixExpression, used bool) (value, bool) {
	if e.def == nil || e.attrs.section != "" {
		return value{}, false
	}
	a := args(x)
	if len(a) != 3 {
		return value{}, false
	}
	o := f.onceShape(e)
	if o == nil {
		return value{}, false
	}
	size, ok := f.constant(a[o.size])
	if !ok {
		return value{}, false
	}
	p := f.pos(x)
	scalar := map[int64]*ctype{1: f.uchar, 2: f.ushort, 4: f.uint, 8: f.ulong}[size]
	src, dst := f.pointee(a[o.src]), f.pointee(a[o.dst])
	if scalar == nil {
		f.emit(&ir.MemCopy{Base: ir.Base{Pos: p}, Dst: f.address(dst, p), Src: f.address(src, p), Len: ir.Imm(size)})
		return imm(0, f.void), true
	}
	src.t, dst.t = scalar, scalar
	src.bf, dst.bf = nil, nil
	src.volatile, dst.volatile = o.srcVolatile, o.dstVola
	f.store(dst, f.load(src, p), p)
	return imm(0, f.void), true
}
