package lower

import (
	"strings"

	"modernc.org/cc/v4"

	"github.com/bpflockcheck/bpflockcheck/analyzer/ir"
)

// changing gives the source form of an expression n that changes lv by
// operand, for fixes; nil where an atomic could not take its place: on
// pointers, whose arithmetic it would not scale, on _Bool and bit-fields.
func (f *fn) changing(lv lval, op ir.BinOp, operand string, used bool, n cc.Node) *ir.Compound {
	u := lv.t.underlying()
	if f.dry > 0 || lv.inReg || lv.bf != nil || u.isBool || u.kind != ir.Int && u.kind != ir.Enum {
		return nil
	}
	p := f.pos(n)
	if operand == "" || strings.Contains(operand, "//") || p == nil || p.Macro != "" {
		return nil
	}
	return &ir.Compound{Op: op, Operand: operand, Span: p.Span, Unused: !used}
}

// spelledOut takes x = x + n, x = n + x and x = x - n apart, and the same with
// &, | and ^.
func (f *fn) spelledOut(x *cc.AssignmentExpression) (op ir.BinOp, operand string) {
	target := f.text(x.UnaryExpression)
	var left, right cc.ExpressionNode
	switch e := strip(x.AssignmentExpression).(type) {
	case *cc.AdditiveExpression:
		switch e.Case {
		case cc.AdditiveExpressionAdd:
			op, left, right = ir.Add, e.AdditiveExpression, e.MultiplicativeExpression
		case cc.AdditiveExpressionSub:
			op, left, right = ir.Sub, e.AdditiveExpression, e.MultiplicativeExpression
		}
	case *cc.AndExpression:
		if e.Case == cc.AndExpressionAnd {
			op, left, right = ir.And, e.AndExpression, e.EqualityExpression
		}
	case *cc.ExclusiveOrExpression:
		if e.Case == cc.ExclusiveOrExpressionXor {
			op, left, right = ir.Xor, e.ExclusiveOrExpression, e.AndExpression
		}
	case *cc.InclusiveOrExpression:
		if e.Case == cc.InclusiveOrExpressionOr {
			op, left, right = ir.Or, e.InclusiveOrExpression, e.ExclusiveOrExpression
		}
	}
	if left == nil || right == nil || target == "" {
		return op, ""
	}
	switch target {
	case f.text(strip(left)):
		return op, f.text(right)
	case f.text(strip(right)):
		if op != ir.Sub {
			return op, f.text(left)
		}
	}
	return op, ""
}
