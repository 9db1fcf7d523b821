package lower

import (
	"math"
	"strings"

	"modernc.org/cc/v4"

	"github.com/bpflockcheck/bpflockcheck/analyzer/csource/unit"
	"github.com/bpflockcheck/bpflockcheck/analyzer/ir"
)

// change is an expression that changes what it finds: x op= operand.
type change struct {
	op              ir.BinOp
	target, operand cc.ExpressionNode // operand is nil for x++ and x--
	t               *ctype            // of the operand; nil when that is 1
	post, used      bool
}

// changing gives the source form of an expression n that changes lv, for
// fixes.
func (f *fn) changing(lv lval, c change, n cc.Node) *ir.Compound {
	if f.dry > 0 || lv.inReg {
		return nil
	}
	out := &ir.Compound{Op: c.op, Operand: "1", Unused: !c.used, Post: c.post, Target: expanded(c.target)}
	if c.operand != nil {
		out.Operand = expanded(c.operand)
	}
	u := lv.t.underlying()
	switch {
	case u.isBool:
		out.Obstacle = "atomics do not work on _Bool"
	case lv.bf != nil:
		out.Obstacle = "atomics do not work on bit-fields"
	case u.kind == ir.Pointer:
		out.Obstacle = "atomics do not scale what is added to a pointer"
	case u.kind != ir.Int && u.kind != ir.Enum:
		out.Obstacle = "atomics work on integers only"
	case c.t != nil && !c.t.isInteger():
		out.Obstacle = "atomics add integers only"
	case c.operand != nil && mentions(c.operand, out.Target):
		out.Obstacle = "what it adds is computed from the place itself"
	case lv.packed:
		out.Obstacle = "the address of a member of a packed struct may not be aligned, as atomics need it"
	default:
		out.Obstacle = f.spelling(out, c, n)
		out.Cast = f.narrowing(u, c)
	}
	return out
}

// narrowing gives the type that the operand must be cast to where an atomic on
// a target of type t takes it as an argument: t's own where the operand is a
// wider constant whose value, negated for a subtraction, t cannot hold. Clang
// (Sema, -Wconstant-conversion) warns about such arguments.
func (f *fn) narrowing(t *ctype, c change) string {
	if c.operand == nil || c.t == nil || t.size != 4 || c.t.underlying().size != 8 {
		return ""
	}
	v, ok := f.constant(c.operand)
	if !ok {
		return ""
	}
	most, cast := int64(math.MaxUint32), "unsigned int"
	if t.signed {
		most, cast = math.MaxInt32, "int"
	}
	least := int64(math.MinInt32)
	if !c.t.isSigned() {
		least = 0
	}
	if c.op == ir.Sub {
		v = -v
	}
	if least <= v && v <= most {
		return ""
	}
	return cast
}

// spelling fills in what an edit of the expression needs, or says why none can
// be made.
func (f *fn) spelling(out *ir.Compound, c change, n cc.Node) (obstacle string) {
	if f.src.Exact == nil {
		return "the source is not at hand"
	}
	x, why := f.src.Exact(n)
	if why != "" {
		return why
	}
	out.Span = x.Span()
	comments := 0
	take := func(n cc.Node) string {
		e, w := f.src.Exact(n)
		if w != "" {
			why = w
			return ""
		}
		comments += e.Comments
		return e.Text()
	}
	out.Target = take(c.target)
	if c.operand != nil {
		out.Operand = take(c.operand)
		if e, w := f.src.Exact(c.operand); w == "" && e.Macros && !isNumber(out.Operand) {
			out.Loose = true
		}
	}
	if why == "" && x.Comments > comments {
		why = "a comment in it would be lost"
	}
	if x.Off > 0 {
		p := x.File.Src[x.Off-1]
		out.Joined = p == '_' || '0' <= p && p <= '9' || 'a' <= p|0x20 && p|0x20 <= 'z'
	}
	return why
}

// mentions reports whether an expression holds another one, by its text.
func mentions(n cc.Node, text string) bool {
	switch n.(type) {
	case *cc.PrimaryExpression, *cc.PostfixExpression, *cc.UnaryExpression:
		if expanded(n) == text {
			return true
		}
	}
	found := false
	unit.Children(n, func(c cc.Node) { found = found || mentions(c, text) })
	return found
}

// expanded gives the text of a node after macro expansion, without the
// parentheses around it.
func expanded(n cc.Node) string {
	if e, ok := n.(cc.ExpressionNode); ok {
		n = strip(e)
	}
	return strings.Join(strings.Fields(cc.NodeSource(n)), " ")
}

func isNumber(s string) bool { return s != "" && '0' <= s[0] && s[0] <= '9' }

// spelledOut takes x = x + n, x = n + x and x = x - n apart, and the same with
// &, | and ^. A target that has effects of its own is not taken apart: it is
// evaluated twice.
func (f *fn) spelledOut(x *cc.AssignmentExpression) (op ir.BinOp, operand cc.ExpressionNode) {
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
	if left == nil || right == nil || target == "" || hasEffects(x.UnaryExpression) {
		return op, nil
	}
	switch target {
	case f.text(strip(left)):
		return op, right
	case f.text(strip(right)):
		if op != ir.Sub {
			return op, left
		}
	}
	return op, nil
}

// hasEffects reports whether evaluating an expression may do something.
func hasEffects(n cc.Node) bool {
	switch x := n.(type) {
	case *cc.AssignmentExpression:
		if x.Case != cc.AssignmentExpressionCond {
			return true
		}
	case *cc.PostfixExpression:
		switch x.Case {
		case cc.PostfixExpressionCall, cc.PostfixExpressionInc, cc.PostfixExpressionDec:
			return true
		}
	case *cc.UnaryExpression:
		if x.Case == cc.UnaryExpressionInc || x.Case == cc.UnaryExpressionDec {
			return true
		}
	case *cc.CompoundStatement:
		return true
	}
	found := false
	unit.Children(n, func(c cc.Node) { found = found || hasEffects(c) })
	return found
}
