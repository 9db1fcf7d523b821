package rewrite

import (
	"fmt"
	"slices"
	"strings"

	"modernc.org/cc/v4"

	"github.com/bpflockcheck/bpflockcheck/analyzer/csource/cpp"
	"github.com/bpflockcheck/bpflockcheck/analyzer/csource/unit"
	"github.com/bpflockcheck/bpflockcheck/analyzer/diag"
	"github.com/bpflockcheck/bpflockcheck/analyzer/ir"
	"github.com/bpflockcheck/bpflockcheck/analyzer/position"
	"github.com/bpflockcheck/bpflockcheck/rules/kernel"
)

// Release implements ir.Rewriter.
func (r *rewriter) Release(fn string, exit *position.Pos, rs []ir.Release) ([]diag.Edit, string) {
	f := r.function(fn)
	if f == nil {
		return nil, "the function is not in the source"
	}
	j := f.jump(exit)
	if j == nil && r.u.Pos(f.def.CompoundStatement.Token2) != exit {
		return nil, "the end of the function is written by a macro"
	}
	statements, why := f.releases(rs, j)
	if why != "" {
		return nil, why
	}
	if j == nil {
		return f.atEnd(statements)
	}
	return r.beforeReturn(f, j, statements)
}

// ReleaseBeforeGotos implements ir.Rewriter.
func (r *rewriter) ReleaseBeforeGotos(fn string, exit *position.Pos, rel ir.Release) ([]diag.Edit, string) {
	const mixed = "other paths reach this return without it"
	f := r.function(fn)
	if f == nil {
		return nil, "the function is not in the source"
	}
	j := f.jump(exit)
	if j == nil {
		return nil, mixed
	}
	label := f.labelOf(j)
	taken := f.call(rel.Taken)
	if label == "" || taken == nil {
		return nil, mixed
	}
	item, block := f.item(taken)
	if block == nil || f.labeled(item) {
		return nil, mixed
	}
	var gotos []*cc.JumpStatement
	for _, it := range after(block, item) {
		if f.isCall(it, rel.Callee) {
			return f.beforeEach(gotos, rel)
		}
		clean := true
		find(it, func(n cc.Node) {
			switch x := n.(type) {
			case *cc.PostfixExpression:
				name := ""
				if x.Case == cc.PostfixExpressionCall {
					name = calleeName(x)
				}
				clean = clean && name != rel.Callee && name != calleeName(taken)
			case *cc.LabeledStatement:
				clean = clean && x.Case != cc.LabeledStatementLabel
			case *cc.JumpStatement:
				if x.Case == cc.JumpStatementGoto && x.Token2.SrcStr() == label {
					gotos = append(gotos, x)
				}
			}
		})
		if !clean {
			break
		}
	}
	return nil, mixed
}

// beforeEach puts a release before each goto.
func (f *function) beforeEach(gotos []*cc.JumpStatement, rel ir.Release) (edits []diag.Edit, why string) {
	if len(gotos) == 0 {
		return nil, "other paths reach this return without it"
	}
	for _, g := range gotos {
		statements, why := f.releases([]ir.Release{rel}, g)
		if why != "" {
			return nil, why
		}
		es, why := f.before(g, statements, "")
		if why != "" {
			return nil, why
		}
		edits = append(edits, es...)
	}
	return edits, ""
}

// labelOf gives the label that leads to a statement of its block, which may
// have others before it; "" when there is none.
func (f *function) labelOf(j *cc.JumpStatement) string {
	item, block := f.item(j)
	if block == nil {
		return ""
	}
	label := ""
	for _, it := range items(block) {
		if it.Case == cc.BlockItemStmt && it.Statement.Case == cc.StatementLabeled && it.Statement.LabeledStatement.Case == cc.LabeledStatementLabel {
			label = it.Statement.LabeledStatement.Token.SrcStr()
		}
		if it == item {
			break
		}
	}
	return label
}

func (f *function) labeled(it *cc.BlockItem) bool {
	return it.Case == cc.BlockItemStmt && it.Statement != nil && it.Statement.Case == cc.StatementLabeled
}

// after lists the items of a block behind one.
func after(block *cc.CompoundStatement, item *cc.BlockItem) []*cc.BlockItem {
	all := items(block)
	return all[slices.Index(all, item)+1:]
}

// isCall reports whether an item is nothing but the call of a function.
func (f *function) isCall(it *cc.BlockItem, name string) bool {
	c := statementCall(it)
	return c != nil && calleeName(c) == name
}

// statementCall gives the call that an item consists of; nil for any other.
func statementCall(it *cc.BlockItem) *cc.PostfixExpression {
	if it.Case != cc.BlockItemStmt || it.Statement == nil || it.Statement.Case != cc.StatementExpr || it.Statement.ExpressionStatement == nil {
		return nil
	}
	l := it.Statement.ExpressionStatement.ExpressionList
	if l == nil {
		return nil
	}
	c, ok := strip(l).(*cc.PostfixExpression)
	if !ok || c.Case != cc.PostfixExpressionCall {
		return nil
	}
	return c
}

// releases spells the calls; exit is where they are to stand, nil for the end
// of the function.
func (f *function) releases(rs []ir.Release, exit *cc.JumpStatement) (out []string, why string) {
	for _, r := range rs {
		c := f.call(r.Taken)
		if c == nil {
			return nil, "it is taken in another function, or by a macro"
		}
		_, block := f.item(c)
		if block == nil || exit != nil && f.itemIn(block, exit) == nil || exit == nil && block != f.def.CompoundStatement {
			return nil, "it is taken in an inner block that this place is not in"
		}
		if !f.known(r.Callee) {
			return nil, r.Callee + " is not declared"
		}
		var texts []string
		for _, a := range args(c) {
			t, why := f.text(a)
			if why != "" {
				return nil, why
			}
			if name, ok := f.unsteady(a, c); ok {
				return nil, fmt.Sprintf("%s may not be what it was when it was taken", name)
			}
			texts = append(texts, oneLine(t))
		}
		out = append(out, fmt.Sprintf("%s(%s);", r.Callee, strings.Join(texts, ", ")))
	}
	return out, ""
}

// known reports whether a function may be called without a declaration of its
// own: libbpf's headers have every helper, but kfuncs are declared by whoever
// uses them, or in vmlinux.h.
func (f *function) known(name string) bool {
	if _, ok := kernel.HelperByName(name); ok {
		return true
	}
	return slices.ContainsFunc(f.u.Files, func(x *cpp.File) bool { return strings.Contains(x.Src, name) })
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// unsteady names a variable whose value takes part in an argument and may
// change after the call that the argument is of.
func (f *function) unsteady(arg cc.Node, c *cc.PostfixExpression) (string, bool) {
	x, why := f.u.Exact(c)
	if why != "" {
		return "the argument", true
	}
	from := x.End
	for n := f.parent[c]; n != nil; n = f.parent[n] {
		if loop, ok := n.(*cc.IterationStatement); ok {
			if y, why := f.u.Exact(loop); why == "" {
				from = min(from, y.Off)
			} else {
				from = 0
			}
		}
	}
	end := uint32(len(x.File.Src))
	calls := false
	find(arg, func(n cc.Node) {
		p, ok := n.(*cc.PostfixExpression)
		calls = calls || ok && (p.Case == cc.PostfixExpressionCall || p.Case == cc.PostfixExpressionInc || p.Case == cc.PostfixExpressionDec)
	})
	if calls {
		return "the argument", true
	}
	for name := range valueNames(arg) {
		if f.declared(name) > 1 || f.changes(name, from, end) {
			return name, true
		}
	}
	return "", false
}

// valueNames collects the names whose values an expression depends on: not
// those of which it only takes the address.
func valueNames(n cc.Node) map[string]bool {
	out := map[string]bool{}
	var visit func(cc.Node)
	visit = func(n cc.Node) {
		if u, ok := n.(*cc.UnaryExpression); ok && u.Case == cc.UnaryExpressionAddrof {
			in := strip(u.CastExpression)
			for {
				p, ok := in.(*cc.PostfixExpression)
				if !ok || p.Case != cc.PostfixExpressionSelect && p.Case != cc.PostfixExpressionIndex {
					break
				}
				if p.Case == cc.PostfixExpressionIndex {
					visit(p.ExpressionList)
					// An index of a pointer depends on it; whether the
					// name is an array's is not known here.
					visit(p.PostfixExpression)
				}
				in = strip(p.PostfixExpression)
			}
			if identifier(in) == "" {
				visit(in)
			}
			return
		}
		if name := primaryName(n); name != "" {
			out[name] = true
		}
		unit.Children(n, visit)
	}
	visit(n)
	return out
}

func primaryName(n cc.Node) string {
	if p, ok := n.(*cc.PrimaryExpression); ok && p.Case == cc.PrimaryExpressionIdent {
		return p.Token.SrcStr()
	}
	return ""
}

// beforeReturn puts statements between the evaluation of the result and the
// return.
func (r *rewriter) beforeReturn(f *function, j *cc.JumpStatement, statements []string) ([]diag.Edit, string) {
	if j.ExpressionList == nil || r.steady(f, j.ExpressionList) {
		return f.before(j, statements, "")
	}
	result, why := f.text(j.ExpressionList)
	if why != "" {
		return nil, why
	}
	name := f.fresh("ret")
	if name == "" {
		return nil, "there is no free name for the result"
	}
	t := f.resultType()
	if t == "" {
		t = "__typeof__(" + oneLine(result) + ")"
	}
	statements = append([]string{t + " " + name + " = " + result + ";"}, statements...)
	return f.before(j, statements, name)
}

// steady reports whether an expression has the same value after a lock was
// released: it reads nothing but local variables and constants.
func (r *rewriter) steady(f *function, n cc.Node) bool {
	ok := true
	find(n, func(n cc.Node) {
		switch x := n.(type) {
		case *cc.PostfixExpression:
			ok = ok && x.Case == cc.PostfixExpressionPrimary
		case *cc.UnaryExpression:
			ok = ok && x.Case != cc.UnaryExpressionDeref && x.Case != cc.UnaryExpressionAddrof
		case *cc.AssignmentExpression:
			ok = ok && x.Case == cc.AssignmentExpressionCond
		case *cc.CompoundStatement:
			ok = false
		case *cc.PrimaryExpression:
			if x.Case == cc.PrimaryExpressionIdent {
				name := x.Token.SrcStr()
				ok = ok && (f.declared(name) > 0 || r.enumerator(name))
			}
		}
	})
	return ok
}

// enumerator reports whether a name is an enumerator of the unit.
func (r *rewriter) enumerator(name string) bool {
	if r.enums == nil {
		r.enums = map[string]bool{}
		find(r.u.AST.TranslationUnit, func(n cc.Node) {
			if e, ok := n.(*cc.Enumerator); ok {
				r.enums[e.Token.SrcStr()] = true
			}
		})
	}
	return r.enums[name]
}

// resultType spells the function's result type where that is one word or two;
// "" otherwise.
func (f *function) resultType() string {
	if f.def.Declarator.Pointer != nil {
		return ""
	}
	var words []string
	for s := f.def.DeclarationSpecifiers; s != nil; s = s.DeclarationSpecifiers {
		if s.TypeSpecifier == nil {
			continue
		}
		word := ""
		unit.Tokens(s.TypeSpecifier, func(t cc.Token) { word += t.SrcStr() })
		nested := false
		unit.Children(s.TypeSpecifier, func(cc.Node) { nested = true })
		if word == "" || nested {
			return ""
		}
		words = append(words, word)
	}
	return strings.Join(words, " ")
}

// before puts statements before a return or goto; result, if any, takes the
// place of the value that a return gives.
func (f *function) before(j *cc.JumpStatement, statements []string, result string) ([]diag.Edit, string) {
	x, why := f.u.Exact(j)
	if why != "" {
		return nil, why
	}
	var edits []diag.Edit
	if result != "" {
		v, why := f.u.Exact(j.ExpressionList)
		if why != "" {
			return nil, why
		}
		text := result
		if v.Off > 0 && v.File.Src[v.Off-1] == 'n' { // return(x)
			text = " " + text
		}
		edits = append(edits, replace(v, v.Off, v.End, text))
	}
	up := f.parent[f.parent[j]] // above its Statement
	if _, ok := up.(*cc.BlockItem); ok {
		return append(edits, linesBefore(x, statements...)), ""
	}
	if l, ok := up.(*cc.LabeledStatement); ok && result == "" {
		if _, ok := f.parent[f.parent[l]].(*cc.BlockItem); ok {
			return append(edits, linesBefore(x, statements...)), ""
		}
	}
	return append(edits, f.wrap(x, statements)...), ""
}

// wrap puts statements before the statement at x, and braces around them all.
func (f *function) wrap(x unit.Extract, statements []string) []diag.Edit {
	src := x.File.Src
	head := strings.TrimRight(src[:x.Off], " \t\r\n")
	if !opensLine(src, x.Off) || !strings.HasSuffix(head, ")") && !strings.HasSuffix(head, "else") || commentedOut(head) {
		return []diag.Edit{
			insert(x, x.Off, "{ "+strings.Join(statements, " ")+" "),
			insert(x, x.End, " }"),
		}
	}
	nl := newline(src)
	_, inner := lineStart(src, x.Off)
	outer, ok := strings.CutSuffix(inner, "\t")
	if !ok {
		_, outer = lineStart(src, uint32(len(head)))
	}
	var b strings.Builder
	for _, s := range statements {
		b.WriteString(s + nl + inner)
	}
	return []diag.Edit{
		insert(x, uint32(len(head)), " {"),
		insert(x, x.Off, b.String()),
		insert(x, endOfLine(src, x.End), nl+outer+"}"),
	}
}

// commentedOut reports whether the end of the text may be in a directive, or in
// a comment that ends with the line.
func commentedOut(head string) bool {
	line := strings.TrimSpace(head[strings.LastIndexByte(head, '\n')+1:])
	return strings.Contains(line, "//") || strings.HasPrefix(line, "#")
}

// atEnd puts statements before the function's closing brace.
func (f *function) atEnd(statements []string) ([]diag.Edit, string) {
	x, why := f.u.Exact(f.def.CompoundStatement.Token2)
	if why != "" {
		return nil, why
	}
	src := x.File.Src
	if !opensLine(src, x.Off) {
		return []diag.Edit{insert(x, x.Off, strings.Join(statements, " ")+" ")}, ""
	}
	start, indent := lineStart(src, x.Off)
	var b strings.Builder
	for _, s := range statements {
		b.WriteString(deeper(indent) + s + newline(src))
	}
	return []diag.Edit{insert(x, start, b.String())}, ""
}
