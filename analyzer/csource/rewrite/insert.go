package rewrite

import (
	"fmt"
	"slices"
	"strings"

	"modernc.org/cc/v4"

	"github.com/bpflockcheck/bpflockcheck/analyzer/diag"
	"github.com/bpflockcheck/bpflockcheck/analyzer/position"
)

// insertion is an update after a lookup that found nothing.
type insertion struct {
	f              *function
	update, lookup *cc.PostfixExpression
	variable       string // the lookup's result
	item           *cc.BlockItem
	block          *cc.CompoundStatement
}

// InsertOnce implements ir.Rewriter.
func (r *rewriter) InsertOnce(fn string, update, lookup *position.Pos) ([]diag.Edit, string) {
	f := r.function(fn)
	if f == nil {
		return nil, "the function is not in the source"
	}
	in := &insertion{f: f, update: f.call(update), lookup: f.call(lookup)}
	if in.update == nil || in.lookup == nil || len(args(in.update)) != 4 || calleeName(in.update) != "bpf_map_update_elem" {
		return nil, "the update or the lookup is in another function, or in a macro"
	}
	flag := args(in.update)[3]
	x, why := r.u.Exact(flag)
	if why != "" {
		return nil, why
	}
	if t := x.Text(); t != "BPF_ANY" && t != "0" {
		return nil, "its flags are no plain BPF_ANY"
	}
	noExist := replace(x, x.Off, x.End, "BPF_NOEXIST")
	if in.variable = in.resultOf(in.lookup); in.variable == "" {
		return nil, "the result of the lookup is kept in no variable"
	}
	in.item, in.block = f.item(in.update)
	if in.block != nil && f.unused(in.update) && statementCall(in.item) != in.update {
		return nil, "it stands in no block of its own"
	}
	if in.block == nil || statementCall(in.item) != in.update {
		return nil, "its result is used: -EEXIST would have to be told from other errors"
	}
	if in.looksUpAgain() {
		return []diag.Edit{noExist}, ""
	}
	again, why := f.text(in.lookup)
	if why != "" {
		return nil, why
	}
	again = in.variable + " = " + oneLine(again) + ";"
	if edits, ok := in.thenGoOn(noExist, again); ok {
		return edits, ""
	}
	return in.thenRepeat(noExist, again)
}

// unused reports whether a call is a statement of its own.
func (f *function) unused(c cc.Node) bool {
	for n := f.parent[c]; n != nil; n = f.parent[n] {
		switch x := n.(type) {
		case *cc.ExpressionStatement:
			return true
		case *cc.ExpressionList:
			if x.ExpressionList != nil {
				return false
			}
		default:
			return false
		}
	}
	return false
}

// resultOf gives the variable that a call's result is assigned to.
func (in *insertion) resultOf(c *cc.PostfixExpression) string {
	for n := in.f.parent[c]; n != nil; n = in.f.parent[n] {
		switch x := n.(type) {
		case *cc.AssignmentExpression:
			if x.Case == cc.AssignmentExpressionAssign {
				return identifier(x.UnaryExpression)
			}
		case *cc.InitDeclarator:
			if x.Declarator != nil && x.Initializer != nil && strip(x.Initializer.AssignmentExpression) == cc.Node(c) {
				return x.Declarator.Name()
			}
			return ""
		case *cc.PrimaryExpression, *cc.ExpressionList, *cc.Initializer, *cc.CastExpression:
		default:
			return ""
		}
	}
	return ""
}

// looksUpAgain reports whether the variable is set by another lookup of the
// same key right behind the update.
func (in *insertion) looksUpAgain() bool {
	want := oneLine(in.f.u.Text(in.lookup))
	for _, it := range after(in.block, in.item) {
		found := false
		find(it, func(n cc.Node) {
			c, ok := n.(*cc.PostfixExpression)
			if ok && c.Case == cc.PostfixExpressionCall && in.resultOf(c) == in.variable && in.f.u.Text(c) == want {
				found = true
			}
		})
		if found {
			return it.Case == cc.BlockItemStmt && it.Statement != nil && (it.Statement.Case == cc.StatementExpr || it.Statement.Case == cc.StatementSelection)
		}
		if it.Case == cc.BlockItemStmt && it.Statement != nil && it.Statement.Case == cc.StatementJump {
			return false
		}
	}
	return false
}

// thenGoOn is for
//
//	if (!v) {
//		...
//		bpf_map_update_elem(&m, &k, &init, BPF_ANY);
//		return 0;
//	}
//
// whose other path goes on with v behind it.
func (in *insertion) thenGoOn(noExist diag.Edit, again string) ([]diag.Edit, bool) {
	f := in.f
	s := f.selection(in.block)
	rest := after(in.block, in.item)
	if s == nil || s.Case != cc.SelectionStatementIf || f.tests(s, in.variable) != testsNull || len(rest) != 1 {
		return nil, false
	}
	ret, ok := returnOf(rest[0])
	if !ok {
		return nil, false
	}
	call, why := f.u.Exact(in.update)
	stmt, why2 := f.u.Exact(rest[0])
	whole, why3 := f.u.Exact(in.item)
	if why+why2+why3 != "" || !opensLine(whole.File.Src, whole.Off) || !opensLine(stmt.File.Src, stmt.Off) {
		return nil, false
	}
	result, why := f.text(ret)
	if why != "" {
		return nil, false
	}
	nl := newline(whole.File.Src)
	_, indent := lineStart(whole.File.Src, whole.Off)
	inner := deeper(indent)
	return []diag.Edit{
		insert(call, whole.Off, "if (!"),
		noExist,
		replace(call, call.End, whole.End, ")"),
		insert(stmt, stmt.Off, strings.TrimPrefix(inner, indent)),
		insert(stmt, endOfLine(stmt.File.Src, stmt.End), nl+indent+again+nl+indent+"if (!"+in.variable+")"+nl+inner+result),
	}, true
}

// maxRepeated bounds what is copied, in bytes.
const maxRepeated = 600

// thenRepeat is for an update in the branch where nothing was found, or behind
// a branch that returns when something was: it repeats what is done then.
func (in *insertion) thenRepeat(noExist diag.Edit, again string) ([]diag.Edit, string) {
	const no = "what is done with an element that was found would have to be repeated here"
	f := in.f
	found := in.whenFound()
	if found == nil {
		return nil, no
	}
	body, why := f.u.Exact(found)
	if why != "" {
		return nil, why
	}
	repeatable := true
	find(found, func(n cc.Node) {
		switch n.(type) {
		case *cc.LabeledStatement, *cc.AsmStatement:
			repeatable = false
		}
	})
	call, why := f.u.Exact(in.update)
	if why != "" {
		return nil, why
	}
	whole, why := f.u.Exact(in.item)
	if why != "" {
		return nil, why
	}
	if !repeatable || body.End-body.Off > maxRepeated || !opensLine(whole.File.Src, whole.Off) || body.File != whole.File {
		return nil, no
	}
	src := whole.File.Src
	nl := newline(src)
	_, indent := lineStart(src, whole.Off)
	inner := deeper(indent)
	var b strings.Builder
	b.WriteString(nl + inner + "/* Another CPU was faster. */" + nl + inner + again + nl + inner + "if (" + in.variable + ")")
	b.WriteString(repeated(src, body.Off, body.Text(), inner, found.Case == cc.StatementCompound))
	b.WriteString(nl + indent + "}")
	return []diag.Edit{
		insert(call, whole.Off, "if ("),
		noExist,
		replace(call, call.End, whole.End, ") {"),
		insert(call, endOfLine(src, whole.End), b.String()),
	}, ""
}

// repeated gives a statement, spelled at off, at another indentation.
func repeated(src string, off uint32, text, indent string, block bool) string {
	nl := newline(src)
	_, old := lineStart(src, off)
	lines := strings.Split(text, nl)
	for i := 1; i < len(lines); i++ {
		if rest, ok := strings.CutPrefix(lines[i], old); ok && strings.TrimSpace(lines[i]) != "" {
			lines[i] = indent + rest
		}
	}
	text = strings.Join(lines, nl)
	if block {
		return " " + text
	}
	return nl + deeper(indent) + text
}

// whenFound gives the statement that is executed when the lookup found
// something and the update is not reached; nil when there is no such one.
func (in *insertion) whenFound() *cc.Statement {
	f := in.f
	if s := f.selection(in.block); s != nil && s.Case == cc.SelectionStatementIfElse {
		switch in1, in2 := f.within(in.block, s.Statement), f.within(in.block, s.Statement2); {
		case in2 && f.tests(s, in.variable) == testsFound:
			return s.Statement
		case in1 && f.tests(s, in.variable) == testsNull:
			return s.Statement2
		}
	}
	// if (v) { ...; return 0; } before it in its block.
	all := items(in.block)
	for i := slices.Index(all, in.item) - 1; i >= 0; i-- {
		it := all[i]
		if it.Case != cc.BlockItemStmt || it.Statement == nil || it.Statement.Case != cc.StatementSelection {
			continue
		}
		s := it.Statement.SelectionStatement
		if s.Case == cc.SelectionStatementIf && f.tests(s, in.variable) == testsFound && leaves(s.Statement) {
			return s.Statement
		}
		return nil
	}
	return nil
}

// leaves reports whether a statement ends in a return.
func leaves(s *cc.Statement) bool {
	switch {
	case s == nil:
	case s.Case == cc.StatementJump:
		return s.JumpStatement.Case == cc.JumpStatementReturn
	case s.Case == cc.StatementCompound:
		all := items(s.CompoundStatement)
		return len(all) > 0 && all[len(all)-1].Case == cc.BlockItemStmt && leaves(all[len(all)-1].Statement)
	}
	return false
}

// returnOf gives the return statement that an item is.
func returnOf(it *cc.BlockItem) (*cc.JumpStatement, bool) {
	if it.Case != cc.BlockItemStmt || it.Statement == nil || it.Statement.Case != cc.StatementJump {
		return nil, false
	}
	j := it.Statement.JumpStatement
	return j, j.Case == cc.JumpStatementReturn
}

// selection gives the if whose branch a block is.
func (f *function) selection(block *cc.CompoundStatement) *cc.SelectionStatement {
	st, ok := f.parent[block].(*cc.Statement)
	if !ok {
		return nil
	}
	s, ok := f.parent[st].(*cc.SelectionStatement)
	if !ok || s.Case == cc.SelectionStatementSwitch {
		return nil
	}
	return s
}

// outcome is what an if says of a pointer.
type outcome int

const (
	testsElse outcome = iota
	testsFound
	testsNull
)

// tests says whether an if tests nothing but a variable.
func (f *function) tests(s *cc.SelectionStatement, variable string) outcome {
	text := strings.Join(strings.Fields(f.u.Text(s.ExpressionList)), "")
	switch text {
	case variable, fmt.Sprintf("%s!=NULL", variable):
		return testsFound
	case "!" + variable, fmt.Sprintf("%s==NULL", variable):
		return testsNull
	}
	return testsElse
}
