package rewrite

import (
	"strconv"
	"strings"

	"modernc.org/cc/v4"

	"github.com/bpflockcheck/bpflockcheck/analyzer/csource/unit"
	"github.com/bpflockcheck/bpflockcheck/analyzer/diag"
	"github.com/bpflockcheck/bpflockcheck/analyzer/ir"
)

// Hoist implements ir.Rewriter.
func (r *rewriter) Hoist(fn string, h ir.Hoist) ([]diag.Edit, string) {
	f := r.function(fn)
	if f == nil {
		return nil, "the function is not in the source"
	}
	c, l := f.call(h.Call), f.call(h.Lock)
	if c == nil || l == nil {
		return nil, "the call or the lock is in another function, or in a macro"
	}
	x, why := r.u.Exact(c)
	if why != "" {
		return nil, why
	}
	item, block := f.item(l)
	if block == nil || f.labeled(item) || item.Case != cc.BlockItemStmt {
		return nil, "nothing can be put before the statement that takes the lock"
	}
	mine := f.itemIn(block, c)
	if mine == nil || mine == item {
		return nil, "the lock is taken in another block"
	}
	at, why := r.u.Exact(item)
	if why != "" {
		return nil, why
	}
	if at.File != x.File || at.Off > x.Off {
		return nil, "the call does not follow the lock in the source"
	}
	for n := f.parent[c]; n != mine; n = f.parent[n] {
		if _, ok := n.(*cc.IterationStatement); ok {
			return nil, "it is called again on each turn of a loop"
		}
	}
	for _, it := range after(block, item) {
		jumps := false
		find(it, func(n cc.Node) {
			s, ok := n.(*cc.LabeledStatement)
			jumps = jumps || ok && (s.Case == cc.LabeledStatementLabel || f.block(s) == block)
		})
		if jumps {
			return nil, "a jump could pass over it"
		}
	}
	text := oneLine(x.Text())
	if why := f.independent(c, at.Off, x.Off); why != "" {
		return nil, why
	}
	if edits := f.move(c, mine, block, at); edits != nil {
		return edits, ""
	}
	name := f.nameFor(c, h)
	if name == "" {
		return nil, "there is no free name for its result"
	}
	return []diag.Edit{
		linesBefore(at, h.Type+" "+name+" = "+text+";"),
		replace(x, x.Off, x.End, name),
	}, ""
}

// nameFor gives the variable for a hoisted value. Calls that give the same value
// before one lock share it.
func (f *function) nameFor(c *cc.PostfixExpression, h ir.Hoist) string {
	base := h.Name
	for i := 2; ; i++ {
		name := f.fresh(base)
		if other := f.hoisted[name]; name == "" || other == nil || other == c || !h.Varies {
			if f.hoisted == nil {
				f.hoisted = map[string]*cc.PostfixExpression{}
			}
			f.hoisted[name] = c
			return name
		}
		base = h.Name + strconv.Itoa(i)
	}
}

// independent says why a call's arguments may have other values at an earlier
// place, "" when they do not.
func (f *function) independent(c *cc.PostfixExpression, from, to uint32) string {
	const dependent = "its arguments depend on what happens under the lock"
	for _, a := range args(c) {
		bad := false
		find(a, func(n cc.Node) {
			switch x := n.(type) {
			case *cc.PostfixExpression:
				bad = bad || x.Case != cc.PostfixExpressionPrimary
			case *cc.UnaryExpression:
				bad = bad || x.Case == cc.UnaryExpressionDeref || x.Case == cc.UnaryExpressionAddrof
			case *cc.CompoundStatement:
				bad = true
			case *cc.PrimaryExpression:
				if name := primaryName(x); name != "" {
					bad = bad || f.declared(name) != 1 || f.changes(name, from, to)
				}
			}
		})
		if bad {
			return dependent
		}
		for _, n := range f.nodes {
			// A variable that is declared in between does not exist before.
			if d, ok := n.(*cc.Declarator); ok && names(a)[d.Name()] {
				if y, why := f.u.Exact(d); why != "" || y.Off >= from {
					return dependent
				}
			}
		}
	}
	return ""
}

// move makes the edits that move "T x = call();", when that is all that an item
// of the lock's block does and nothing in between knows x; nil otherwise.
func (f *function) move(c *cc.PostfixExpression, it *cc.BlockItem, block *cc.CompoundStatement, at unit.Extract) []diag.Edit {
	if it.Case != cc.BlockItemDecl || it.Declaration == nil || f.block(it) != block {
		return nil
	}
	l := it.Declaration.InitDeclaratorList
	if l == nil || l.InitDeclaratorList != nil || l.InitDeclarator == nil || l.InitDeclarator.Initializer == nil ||
		strip(l.InitDeclarator.Initializer.AssignmentExpression) != cc.Node(c) || l.InitDeclarator.Declarator == nil {
		return nil
	}
	x, why := f.u.Exact(it)
	if why != "" {
		return nil
	}
	src := x.File.Src
	rest := src[x.End:]
	if i := strings.IndexByte(rest, '\n'); i >= 0 {
		rest = rest[:i+1]
	}
	name := l.InitDeclarator.Declarator.Name()
	if !opensLine(src, x.Off) || strings.TrimSpace(rest) != "" || f.declared(name) != 1 {
		return nil
	}
	start, _ := lineStart(src, x.Off)
	return []diag.Edit{
		linesBefore(at, x.Text()),
		replace(x, start, x.End+uint32(len(rest)), ""),
	}
}
