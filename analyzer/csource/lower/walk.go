package lower

import "modernc.org/cc/v4"

// strip removes parentheses and the productions that only pass an expression
// through.
func strip(n cc.ExpressionNode) cc.ExpressionNode {
	for {
		var next cc.ExpressionNode
		switch x := n.(type) {
		case *cc.ExpressionList:
			if x != nil && x.ExpressionList == nil {
				next = x.AssignmentExpression
			}
		case *cc.ConstantExpression:
			if x != nil {
				next = x.ConditionalExpression
			}
		case *cc.PrimaryExpression:
			if x != nil && x.Case == cc.PrimaryExpressionExpr {
				next = x.ExpressionList
			}
		case *cc.PostfixExpression:
			if x != nil && x.Case == cc.PostfixExpressionPrimary {
				next = x.PrimaryExpression
			}
		case *cc.UnaryExpression:
			if x != nil && x.Case == cc.UnaryExpressionPostfix {
				next = x.PostfixExpression
			}
		case *cc.CastExpression:
			if x != nil && x.Case == cc.CastExpressionUnary {
				next = x.UnaryExpression
			}
		case *cc.MultiplicativeExpression:
			if x != nil && x.Case == cc.MultiplicativeExpressionCast {
				next = x.CastExpression
			}
		case *cc.AdditiveExpression:
			if x != nil && x.Case == cc.AdditiveExpressionMul {
				next = x.MultiplicativeExpression
			}
		case *cc.ShiftExpression:
			if x != nil && x.Case == cc.ShiftExpressionAdd {
				next = x.AdditiveExpression
			}
		case *cc.RelationalExpression:
			if x != nil && x.Case == cc.RelationalExpressionShift {
				next = x.ShiftExpression
			}
		case *cc.EqualityExpression:
			if x != nil && x.Case == cc.EqualityExpressionRel {
				next = x.RelationalExpression
			}
		case *cc.AndExpression:
			if x != nil && x.Case == cc.AndExpressionEq {
				next = x.EqualityExpression
			}
		case *cc.ExclusiveOrExpression:
			if x != nil && x.Case == cc.ExclusiveOrExpressionAnd {
				next = x.AndExpression
			}
		case *cc.InclusiveOrExpression:
			if x != nil && x.Case == cc.InclusiveOrExpressionXor {
				next = x.ExclusiveOrExpression
			}
		case *cc.LogicalAndExpression:
			if x != nil && x.Case == cc.LogicalAndExpressionOr {
				next = x.InclusiveOrExpression
			}
		case *cc.LogicalOrExpression:
			if x != nil && x.Case == cc.LogicalOrExpressionLAnd {
				next = x.LogicalAndExpression
			}
		case *cc.ConditionalExpression:
			if x != nil && x.Case == cc.ConditionalExpressionLOr {
				next = x.LogicalOrExpression
			}
		case *cc.AssignmentExpression:
			if x != nil && x.Case == cc.AssignmentExpressionCond {
				next = x.ConditionalExpression
			}
		}
		if next == nil {
			return n
		}
		n = next
	}
}

// isNil reports whether an expression is absent: an interface may hold a nil
// pointer.
func isNil(n cc.ExpressionNode) bool {
	switch x := n.(type) {
	case nil:
		return true
	case *cc.ExpressionList:
		return x == nil
	case *cc.AssignmentExpression:
		return x == nil
	case *cc.ConstantExpression:
		return x == nil
	case *cc.PrimaryExpression:
		return x == nil
	case *cc.PostfixExpression:
		return x == nil
	case *cc.UnaryExpression:
		return x == nil
	case *cc.CastExpression:
		return x == nil
	case *cc.ConditionalExpression:
		return x == nil
	}
	return false
}

// identifier gives the name when n is one.
func identifier(n cc.ExpressionNode) (string, bool) {
	if p, ok := strip(n).(*cc.PrimaryExpression); ok && p.Case == cc.PrimaryExpressionIdent {
		return p.Token.SrcStr(), true
	}
	return "", false
}

// args collects the arguments of a call.
func args(n *cc.PostfixExpression) []cc.ExpressionNode {
	var out []cc.ExpressionNode
	for al := n.ArgumentExpressionList; al != nil; al = al.ArgumentExpressionList {
		out = append(out, al.AssignmentExpression)
	}
	return out
}

// bodyFacts is what must be known of a function's body before it is lowered.
type bodyFacts struct {
	addrTaken map[string]bool
	// labelScopes has, for every label, the statements around it that open a
	// scope, outermost first.
	labelScopes map[string][]cc.Node
	open        []cc.Node
}

func surveyBody(body *cc.CompoundStatement) *bodyFacts {
	b := &bodyFacts{addrTaken: map[string]bool{}, labelScopes: map[string][]cc.Node{}}
	b.compound(body)
	return b
}

func (b *bodyFacts) enter(n cc.Node) func() {
	b.open = append(b.open, n)
	return func() { b.open = b.open[:len(b.open)-1] }
}

func (b *bodyFacts) compound(n *cc.CompoundStatement) {
	if n == nil {
		return
	}
	defer b.enter(n)()
	for l := n.BlockItemList; l != nil; l = l.BlockItemList {
		if it := l.BlockItem; it != nil {
			switch it.Case {
			case cc.BlockItemDecl:
				b.declaration(it.Declaration)
			case cc.BlockItemStmt:
				b.statement(it.Statement)
			}
		}
	}
}

func (b *bodyFacts) declaration(n *cc.Declaration) {
	if n == nil {
		return
	}
	b.initializer(n.Initializer)
	for l := n.InitDeclaratorList; l != nil; l = l.InitDeclaratorList {
		if l.InitDeclarator != nil {
			b.initializer(l.InitDeclarator.Initializer)
		}
	}
}

func (b *bodyFacts) initializer(n *cc.Initializer) {
	if n == nil {
		return
	}
	b.expr(n.AssignmentExpression)
	b.initializers(n.InitializerList)
}

func (b *bodyFacts) initializers(l *cc.InitializerList) {
	for ; l != nil; l = l.InitializerList {
		b.initializer(l.Initializer)
	}
}

func (b *bodyFacts) statement(n *cc.Statement) {
	if n == nil {
		return
	}
	switch n.Case {
	case cc.StatementLabeled:
		if ls := n.LabeledStatement; ls != nil {
			if ls.Case == cc.LabeledStatementLabel {
				b.labelScopes[ls.Token.SrcStr()] = append([]cc.Node(nil), b.open...)
			}
			b.statement(ls.Statement)
		}
	case cc.StatementCompound:
		b.compound(n.CompoundStatement)
	case cc.StatementExpr:
		if n.ExpressionStatement != nil {
			b.expr(n.ExpressionStatement.ExpressionList)
		}
	case cc.StatementSelection:
		if s := n.SelectionStatement; s != nil {
			b.expr(s.ExpressionList)
			b.statement(s.Statement)
			b.statement(s.Statement2)
		}
	case cc.StatementIteration:
		if s := n.IterationStatement; s != nil {
			defer b.enter(s)()
			b.declaration(s.Declaration)
			b.expr(s.ExpressionList)
			b.expr(s.ExpressionList2)
			b.expr(s.ExpressionList3)
			b.statement(s.Statement)
		}
	case cc.StatementJump:
		if s := n.JumpStatement; s != nil {
			b.expr(s.ExpressionList)
		}
	}
}

func (b *bodyFacts) expr(n cc.ExpressionNode) {
	if isNil(n) {
		return
	}
	switch x := n.(type) {
	case *cc.ExpressionList:
		for ; x != nil; x = x.ExpressionList {
			b.expr(x.AssignmentExpression)
		}
	case *cc.ConstantExpression:
		b.expr(x.ConditionalExpression)
	case *cc.PrimaryExpression:
		switch x.Case {
		case cc.PrimaryExpressionExpr:
			b.expr(x.ExpressionList)
		case cc.PrimaryExpressionStmt:
			b.compound(x.CompoundStatement)
		case cc.PrimaryExpressionGeneric:
			if g := x.GenericSelection; g != nil {
				for al := g.GenericAssociationList; al != nil; al = al.GenericAssociationList {
					if al.GenericAssociation != nil {
						b.expr(al.GenericAssociation.AssignmentExpression)
					}
				}
			}
		}
	case *cc.PostfixExpression:
		b.expr(x.PrimaryExpression)
		b.expr(x.PostfixExpression)
		b.expr(x.ExpressionList)
		for al := x.ArgumentExpressionList; al != nil; al = al.ArgumentExpressionList {
			b.expr(al.AssignmentExpression)
		}
		b.initializers(x.InitializerList)
	case *cc.UnaryExpression:
		if x.Case == cc.UnaryExpressionAddrof {
			if name, ok := identifier(x.CastExpression); ok {
				b.addrTaken[name] = true
			}
		}
		if x.Case == cc.UnaryExpressionSizeofExpr || x.Case == cc.UnaryExpressionAlignofExpr {
			return
		}
		b.expr(x.CastExpression)
		b.expr(x.PostfixExpression)
		b.expr(x.UnaryExpression)
	case *cc.CastExpression:
		b.expr(x.CastExpression)
		b.expr(x.UnaryExpression)
	case *cc.MultiplicativeExpression:
		b.expr(x.MultiplicativeExpression)
		b.expr(x.CastExpression)
	case *cc.AdditiveExpression:
		b.expr(x.AdditiveExpression)
		b.expr(x.MultiplicativeExpression)
	case *cc.ShiftExpression:
		b.expr(x.ShiftExpression)
		b.expr(x.AdditiveExpression)
	case *cc.RelationalExpression:
		b.expr(x.RelationalExpression)
		b.expr(x.ShiftExpression)
	case *cc.EqualityExpression:
		b.expr(x.EqualityExpression)
		b.expr(x.RelationalExpression)
	case *cc.AndExpression:
		b.expr(x.AndExpression)
		b.expr(x.EqualityExpression)
	case *cc.ExclusiveOrExpression:
		b.expr(x.ExclusiveOrExpression)
		b.expr(x.AndExpression)
	case *cc.InclusiveOrExpression:
		b.expr(x.InclusiveOrExpression)
		b.expr(x.ExclusiveOrExpression)
	case *cc.LogicalAndExpression:
		b.expr(x.LogicalAndExpression)
		b.expr(x.InclusiveOrExpression)
	case *cc.LogicalOrExpression:
		b.expr(x.LogicalOrExpression)
		b.expr(x.LogicalAndExpression)
	case *cc.ConditionalExpression:
		b.expr(x.LogicalOrExpression)
		b.expr(x.ExpressionList)
		b.expr(x.ConditionalExpression)
	case *cc.AssignmentExpression:
		b.expr(x.ConditionalExpression)
		b.expr(x.UnaryExpression)
		b.expr(x.AssignmentExpression)
	}
}
