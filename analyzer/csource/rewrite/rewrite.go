// Package rewrite makes the edits of fixes that move or add statements. It
// works on the syntax tree and the text that the tree was parsed from, and
// gives up, with the reason, where a macro or the preprocessor stands between
// the two.
package rewrite

import (
	"strings"

	"modernc.org/cc/v4"

	"github.com/bpflockcheck/bpflockcheck/analyzer/csource/unit"
	"github.com/bpflockcheck/bpflockcheck/analyzer/diag"
	"github.com/bpflockcheck/bpflockcheck/analyzer/ir"
	"github.com/bpflockcheck/bpflockcheck/analyzer/position"
)

// New gives the rewriter of a unit. Nothing is computed before it is asked.
func New(u *unit.Unit) ir.Rewriter { return &rewriter{u: u, fns: map[string]*function{}} }

type rewriter struct {
	u   *unit.Unit
	fns map[string]*function
	// enums holds the names of enumerators, nil until they are asked for.
	enums map[string]bool
}

// function is the definition of a function, prepared for questions.
type function struct {
	u      *unit.Unit
	def    *cc.FunctionDefinition
	parent map[cc.Node]cc.Node
	nodes  []cc.Node // every node, parents first
	// hoisted are the calls whose values are to be in variables, by their names.
	hoisted map[string]*cc.PostfixExpression
}

// function finds a definition by its name; nil when there is none.
func (r *rewriter) function(name string) *function {
	if f, ok := r.fns[name]; ok {
		return f
	}
	var found *function
	for l := r.u.AST.TranslationUnit; l != nil; l = l.TranslationUnit {
		d := l.ExternalDeclaration
		if d == nil || d.FunctionDefinition == nil || d.FunctionDefinition.Declarator == nil || d.FunctionDefinition.Declarator.Name() != name {
			continue
		}
		found = &function{u: r.u, def: d.FunctionDefinition, parent: map[cc.Node]cc.Node{}}
		found.walk(found.def)
	}
	r.fns[name] = found
	return found
}

func (f *function) walk(n cc.Node) {
	f.nodes = append(f.nodes, n)
	unit.Children(n, func(c cc.Node) {
		if _, seen := f.parent[c]; !seen {
			f.parent[c] = n
			f.walk(c)
		}
	})
}

// call finds the call at a position.
func (f *function) call(at *position.Pos) *cc.PostfixExpression {
	for _, n := range f.nodes {
		if c, ok := n.(*cc.PostfixExpression); ok && c.Case == cc.PostfixExpressionCall && f.u.Pos(c) == at {
			return c
		}
	}
	return nil
}

// jump finds the return or goto at a position.
func (f *function) jump(at *position.Pos) *cc.JumpStatement {
	for _, n := range f.nodes {
		if j, ok := n.(*cc.JumpStatement); ok && f.u.Pos(j) == at {
			return j
		}
	}
	return nil
}

// item gives the innermost item of a block that holds n, and the block.
func (f *function) item(n cc.Node) (*cc.BlockItem, *cc.CompoundStatement) {
	for ; n != nil; n = f.parent[n] {
		if it, ok := n.(*cc.BlockItem); ok {
			return it, f.block(it)
		}
	}
	return nil, nil
}

// block gives the block that an item is directly in.
func (f *function) block(n cc.Node) *cc.CompoundStatement {
	for n = f.parent[n]; n != nil; n = f.parent[n] {
		if b, ok := n.(*cc.CompoundStatement); ok {
			return b
		}
	}
	return nil
}

// itemIn gives the direct item of a block that holds n; nil when n is not in
// the block.
func (f *function) itemIn(block *cc.CompoundStatement, n cc.Node) *cc.BlockItem {
	for ; n != nil; n = f.parent[n] {
		if it, ok := n.(*cc.BlockItem); ok && f.block(it) == block {
			return it
		}
	}
	return nil
}

// items lists a block's direct items.
func items(block *cc.CompoundStatement) (out []*cc.BlockItem) {
	for l := block.BlockItemList; l != nil; l = l.BlockItemList {
		if l.BlockItem != nil {
			out = append(out, l.BlockItem)
		}
	}
	return out
}

// within reports whether n lies in outer.
func (f *function) within(n, outer cc.Node) bool {
	for ; n != nil; n = f.parent[n] {
		if n == outer {
			return true
		}
	}
	return false
}

// find calls do for every node below n, n included.
func find(n cc.Node, do func(cc.Node)) {
	do(n)
	unit.Children(n, func(c cc.Node) { find(c, do) })
}

// text gives a node's source as it is spelled, or why it is not.
func (f *function) text(n cc.Node) (string, string) {
	x, why := f.u.Exact(n)
	if why != "" {
		return "", why
	}
	return x.Text(), ""
}

// args gives the arguments of a call.
func args(c *cc.PostfixExpression) (out []cc.ExpressionNode) {
	for l := c.ArgumentExpressionList; l != nil; l = l.ArgumentExpressionList {
		out = append(out, l.AssignmentExpression)
	}
	return out
}

// calleeName gives the name in a call, "" when it is no name.
func calleeName(c *cc.PostfixExpression) string {
	return identifier(c.PostfixExpression)
}

// identifier gives the name that an expression is, "" for any other.
func identifier(n cc.Node) string {
	if p, ok := strip(n).(*cc.PrimaryExpression); ok && p.Case == cc.PrimaryExpressionIdent {
		return p.Token.SrcStr()
	}
	return ""
}

// strip takes the parentheses and empty levels of the grammar off.
func strip(n cc.Node) cc.Node {
	for {
		switch x := n.(type) {
		case *cc.PrimaryExpression:
			if x.Case == cc.PrimaryExpressionExpr {
				n = x.ExpressionList
				continue
			}
		case *cc.ExpressionList:
			if x.ExpressionList == nil {
				n = x.AssignmentExpression
				continue
			}
		}
		return n
	}
}

// names collects the identifiers of an expression: variables and enumerators,
// not members.
func names(n cc.Node) map[string]bool {
	out := map[string]bool{}
	find(n, func(c cc.Node) {
		if p, ok := c.(*cc.PrimaryExpression); ok && p.Case == cc.PrimaryExpressionIdent {
			out[p.Token.SrcStr()] = true
		}
	})
	return out
}

// declared counts the declarations of a name in the function, parameters
// included.
func (f *function) declared(name string) (n int) {
	for _, c := range f.nodes {
		if d, ok := c.(*cc.Declarator); ok && d.Name() == name {
			n++
		}
	}
	return n
}

// fresh gives a name that the function does not use, starting with the given
// one.
func (f *function) fresh(name string) string {
	used := map[string]bool{}
	for _, n := range f.nodes {
		unit.Tokens(n, func(t cc.Token) { used[t.SrcStr()] = true })
	}
	for _, candidate := range []string{name, name + "2", name + "3", name + "4", name + "5"} {
		if !used[candidate] && !f.u.Macro(candidate) {
			return candidate
		}
	}
	return ""
}

// changes reports whether something between two places of the source (bytes of
// one file) may change a variable: an assignment to it, ++, --, or taking its
// address.
func (f *function) changes(name string, from, to uint32) bool {
	for _, n := range f.nodes {
		var target cc.Node
		switch x := n.(type) {
		case *cc.AssignmentExpression:
			if x.Case != cc.AssignmentExpressionCond {
				target = x.UnaryExpression
			}
		case *cc.PostfixExpression:
			if x.Case == cc.PostfixExpressionInc || x.Case == cc.PostfixExpressionDec {
				target = x.PostfixExpression
			}
		case *cc.UnaryExpression:
			switch x.Case {
			case cc.UnaryExpressionInc, cc.UnaryExpressionDec:
				target = x.UnaryExpression
			case cc.UnaryExpressionAddrof:
				target = x.CastExpression
			}
		}
		if target == nil || !f.base(target, name) {
			continue
		}
		x, why := f.u.Exact(n)
		if why != "" || x.Off >= from && x.Off < to {
			return true // one whose place is not known may be anywhere
		}
	}
	return false
}

// base reports whether an lvalue is the variable itself or a part of it, and
// not something that it points to.
func (f *function) base(n cc.Node, name string) bool {
	for {
		n = strip(n)
		p, ok := n.(*cc.PostfixExpression)
		if !ok || p.Case != cc.PostfixExpressionSelect && p.Case != cc.PostfixExpressionIndex {
			return identifier(n) == name
		}
		n = p.PostfixExpression
	}
}

// lineStart gives the offset of the line that off is in, and the white space
// that it starts with.
func lineStart(src string, off uint32) (start uint32, indent string) {
	start = uint32(strings.LastIndexByte(src[:off], '\n') + 1)
	line := src[start:off]
	return start, line[:len(line)-len(strings.TrimLeft(line, " \t"))]
}

// newline is how lines of the file end.
func newline(src string) string {
	if i := strings.IndexByte(src, '\n'); i > 0 && src[i-1] == '\r' {
		return "\r\n"
	}
	return "\n"
}

// opensLine reports whether only white space stands before off on its line.
func opensLine(src string, off uint32) bool {
	start, indent := lineStart(src, off)
	return start+uint32(len(indent)) == off
}

// endOfLine gives the end of the line that off is in, when nothing but a
// comment on that line follows off; else off.
func endOfLine(src string, off uint32) uint32 {
	line, _, _ := strings.Cut(src[off:], "\n")
	line = strings.TrimSuffix(line, "\r")
	rest := strings.TrimSpace(line)
	block := strings.HasPrefix(rest, "/*") && strings.Index(rest, "*/") == len(rest)-2
	if rest == "" || block || strings.HasPrefix(rest, "//") && !strings.HasSuffix(rest, "\\") {
		return off + uint32(len(line))
	}
	return off
}

// deeper is one more level of indentation, as the file has it.
func deeper(indent string) string {
	if strings.HasPrefix(indent, " ") && !strings.Contains(indent, "\t") {
		return indent + "    "
	}
	return indent + "\t"
}

// insert makes an edit that puts text at a place.
func insert(x unit.Extract, off uint32, text string) diag.Edit { return replace(x, off, off, text) }

// replace makes an edit of a range of the file that x is in.
func replace(x unit.Extract, off, end uint32, text string) diag.Edit {
	return diag.Edit{Span: x.Range(off, end), NewText: text}
}

// linesBefore makes an edit that puts statements before the one at x: on lines
// of their own when x starts its line, else on the same line.
func linesBefore(x unit.Extract, statements ...string) diag.Edit {
	src := x.File.Src
	var b strings.Builder
	sep := " "
	if opensLine(src, x.Off) {
		_, indent := lineStart(src, x.Off)
		sep = newline(src) + indent
	}
	for _, s := range statements {
		b.WriteString(s + sep)
	}
	return insert(x, x.Off, b.String())
}
