package lower

import (
	"regexp"
	"strconv"
	"strings"

	"modernc.org/cc/v4"

	"github.com/bpflockcheck/bpflockcheck/analyzer/ir"
	"github.com/bpflockcheck/bpflockcheck/analyzer/position"
)

// maxRange bounds how many elements of a [lo ... hi] designator are written
// out one by one.
const maxRange = 64

// leaf is one scalar, string or struct that an initialiser gives.
type leaf struct {
	t    *ctype
	off  int64
	bf   *bitfield
	path string // "ops.init", "values[3]"
	expr cc.ExpressionNode
	str  bool // a string literal for a character array
}

// initWalker assigns the items of initialiser lists to members (C11 6.7.9).
type initWalker struct {
	l      *lowerer
	emit   func(leaf)
	isAgg  func(cc.ExpressionNode) bool // the expression is itself a struct
	maxLen int64                        // elements of the outermost array seen
}

// cursor is a place in an initialiser list.
type cursor struct{ at *cc.InitializerList }

func (c *cursor) next() { c.at = c.at.InitializerList }

// place is a subobject.
type place struct {
	t    *ctype
	off  int64
	bf   *bitfield
	path string
}

// braced gives the items of a braced list to an object.
func (w *initWalker) braced(p place, list *cc.InitializerList) {
	c := &cursor{at: list}
	u := p.t.underlying()
	if u == nil {
		return
	}
	switch u.kind {
	case ir.Struct, ir.Union:
		w.l.layout(u)
		i := 0
		for c.at != nil {
			if d := c.at.Designation; d != nil {
				i = w.designatedMember(p, u, d.DesignatorList, c)
				continue
			}
			for i < len(u.fields) && u.fields[i].bf != nil && u.fields[i].name == "" {
				i++
			}
			if i >= len(u.fields) || u.kind == ir.Union && i > 0 {
				return
			}
			f := &u.fields[i]
			i++
			w.item(p.sub(f), c)
		}
	case ir.Array:
		if w.isString(u, list) {
			w.emit(leaf{t: p.t, off: p.off, path: p.path, expr: list.Initializer.AssignmentExpression, str: true})
			return
		}
		w.elements(p, u, c)
	default:
		if list != nil {
			w.item(p, c)
		}
	}
}

func (p place) sub(f *field) place {
	q := place{t: f.t, off: p.off + f.off, path: joinPath(p.path, f.name)}
	if f.name == "" {
		q.path = p.path
	}
	if f.bf != nil {
		b := *f.bf
		q.bf = &b
	}
	return q
}

func (p place) element(u *ctype, size, i int64) place {
	return place{t: u.elem, off: p.off + i*size, path: p.path + "[" + strconv.FormatInt(i, 10) + "]"}
}

func (w *initWalker) isString(u *ctype, list *cc.InitializerList) bool {
	if list == nil || list.InitializerList != nil || list.Designation != nil || list.Initializer == nil {
		return false
	}
	return w.stringFor(u, list.Initializer.AssignmentExpression)
}

func (w *initWalker) stringFor(u *ctype, n cc.ExpressionNode) bool {
	if isNil(n) || u == nil || u.kind != ir.Array || !u.elem.isInteger() {
		return false
	}
	p, ok := strip(n).(*cc.PrimaryExpression)
	return ok && (p.Case == cc.PrimaryExpressionString || p.Case == cc.PrimaryExpressionLString)
}

// elements gives items to the elements of an array.
func (w *initWalker) elements(p place, u *ctype, c *cursor) {
	size := max(w.l.sizeOf(u.elem), 0)
	i := int64(0)
	for c.at != nil {
		if d := c.at.Designation; d != nil {
			dl := d.DesignatorList
			lo, hi, ok := w.indexRange(dl)
			if !ok {
				c.next()
				continue
			}
			start := *c
			for k := lo; k <= hi && k-lo < maxRange; k++ {
				*c = start
				w.designated(p.element(u, size, k), dl.DesignatorList, c)
			}
			if hi-lo >= maxRange {
				*c = start
				w.designated(p.element(u, size, hi), dl.DesignatorList, c)
			}
			i = hi + 1
			w.maxLen = max(w.maxLen, i)
			continue
		}
		if u.len >= 0 && i >= u.len {
			return
		}
		w.item(p.element(u, size, i), c)
		i++
		w.maxLen = max(w.maxLen, i)
	}
}

func (w *initWalker) indexRange(dl *cc.DesignatorList) (lo, hi int64, ok bool) {
	if dl == nil || dl.Designator == nil {
		return 0, 0, false
	}
	d := dl.Designator
	if d.Case != cc.DesignatorIndex && d.Case != cc.DesignatorIndex2 {
		return 0, 0, false
	}
	lo, ok = w.l.constant(d.ConstantExpression)
	hi = lo
	if ok && d.Case == cc.DesignatorIndex2 {
		hi, ok = w.l.constant(d.ConstantExpression2)
	}
	return lo, hi, ok && lo >= 0 && hi >= lo
}

// designatedMember handles .m... = x and gives the index of the member after
// it.
func (w *initWalker) designatedMember(p place, u *ctype, dl *cc.DesignatorList, c *cursor) int {
	m, ok := w.memberOf(u, dl)
	if !ok {
		c.next()
		return len(u.fields)
	}
	next := len(u.fields)
	for i := range u.fields {
		if &u.fields[i] == m.path[0] {
			next = i + 1
		}
	}
	q := place{t: m.t, off: p.off + m.off, bf: m.bf, path: joinPath(p.path, m.name)}
	w.designated(q, dl.DesignatorList, c)
	return next
}

func (w *initWalker) memberOf(u *ctype, dl *cc.DesignatorList) (member, bool) {
	if dl == nil || dl.Designator == nil {
		return member{}, false
	}
	name := ""
	switch dl.Designator.Case {
	case cc.DesignatorField:
		name = dl.Designator.Token2.SrcStr()
	case cc.DesignatorField2:
		name = dl.Designator.Token.SrcStr()
	}
	return w.l.findMember(u, name)
}

// designated follows the rest of a designator and gives the item to what it
// names.
func (w *initWalker) designated(p place, dl *cc.DesignatorList, c *cursor) {
	for ; dl != nil; dl = dl.DesignatorList {
		u := p.t.underlying()
		if u != nil && u.kind == ir.Array {
			lo, _, ok := w.indexRange(dl)
			if !ok {
				c.next()
				return
			}
			p = p.element(u, max(w.l.sizeOf(u.elem), 0), lo)
			continue
		}
		m, ok := w.memberOf(u, dl)
		if !ok {
			c.next()
			return
		}
		p = place{t: m.t, off: p.off + m.off, bf: m.bf, path: joinPath(p.path, m.name)}
	}
	w.item(p, c)
}

// item gives the item at the cursor, or as many as it takes where braces are
// left out, to a subobject.
func (w *initWalker) item(p place, c *cursor) {
	init := c.at.Initializer
	if init == nil {
		c.next()
		return
	}
	u := p.t.underlying()
	if init.Case == cc.InitializerInitList {
		c.next()
		if u != nil && u.isAggregate() {
			w.braced(p, init.InitializerList)
		} else if init.InitializerList != nil {
			w.item(p, &cursor{at: init.InitializerList})
		}
		return
	}
	e := init.AssignmentExpression
	switch {
	case u == nil || !u.isAggregate():
		w.emit(leaf{t: p.t, off: p.off, bf: p.bf, path: p.path, expr: e})
		c.next()
	case w.stringFor(u, e):
		w.emit(leaf{t: p.t, off: p.off, path: p.path, expr: e, str: true})
		c.next()
	case w.isAgg(e):
		w.emit(leaf{t: p.t, off: p.off, path: p.path, expr: e})
		c.next()
	default:
		w.elided(p, u, c)
	}
}

// elided fills an aggregate whose braces were left out.
func (w *initWalker) elided(p place, u *ctype, c *cursor) {
	before := c.at
	switch u.kind {
	case ir.Array:
		size := max(w.l.sizeOf(u.elem), 0)
		for i := int64(0); (u.len < 0 || i < u.len) && c.at != nil && (c.at == before || c.at.Designation == nil); i++ {
			w.item(p.element(u, size, i), c)
		}
	default:
		w.l.layout(u)
		for i := range u.fields {
			f := &u.fields[i]
			if f.bf != nil && f.name == "" {
				continue
			}
			if c.at == nil || c.at != before && c.at.Designation != nil {
				break
			}
			w.item(p.sub(f), c)
			if u.kind == ir.Union {
				break
			}
		}
	}
	if c.at == before && c.at != nil { // an empty struct takes nothing: go on all the same
		c.next()
	}
}

// isAggregateExpr reports whether an expression's value is a struct or union.
func (l *lowerer) isAggregateExpr(n cc.ExpressionNode) bool {
	switch x := strip(n).(type) {
	case *cc.PrimaryExpression:
		switch x.Case {
		case cc.PrimaryExpressionInt, cc.PrimaryExpressionChar, cc.PrimaryExpressionString, cc.PrimaryExpressionFloat:
			return false
		}
	case *cc.AdditiveExpression, *cc.EqualityExpression, *cc.RelationalExpression, *cc.ShiftExpression,
		*cc.AndExpression, *cc.InclusiveOrExpression:
		return false
	}
	return l.typeOf(n).isRecord()
}

func (l *lowerer) walkInit(t *ctype, list *cc.InitializerList, emit func(leaf)) (arrayLen int64) {
	w := &initWalker{l: l, emit: emit, isAgg: l.isAggregateExpr}
	u := t.underlying()
	if u != nil && u.kind == ir.Array && !w.isString(u, list) {
		w.elements(place{t: t}, u, &cursor{at: list})
		return w.maxLen
	}
	w.braced(place{t: t}, list)
	return w.maxLen
}

// completeArray finds the length of T x[] = ... from the initialiser.
func (l *lowerer) completeArray(t *ctype, init *cc.Initializer) *ctype {
	u := t.underlying()
	if init.Case == cc.InitializerInitList {
		return l.completeArrayList(t, init.InitializerList)
	}
	if p, ok := strip(init.AssignmentExpression).(*cc.PrimaryExpression); ok && p.Case == cc.PrimaryExpressionString {
		return &ctype{kind: ir.Array, elem: u.elem, len: int64(len(unquote(p.Token.SrcStr()))) + 1, size: -1}
	}
	return t
}

func (l *lowerer) completeArrayList(t *ctype, list *cc.InitializerList) *ctype {
	u := t.underlying()
	n := int64(-1)
	length := l.walkInit(t, list, func(x leaf) {
		if x.str && x.off == 0 && x.t.underlying() == u {
			if s, ok := stringLiteral(x.expr); ok {
				n = int64(len(s)) + 1
			}
		}
	})
	if n < 0 {
		n = length
	}
	return &ctype{kind: ir.Array, elem: u.elem, len: n, size: -1}
}

// scalarInit evaluates the initialiser of a scalar, with or without braces.
func (f *fn) scalarInit(n *cc.Initializer) value {
	for n != nil && n.Case == cc.InitializerInitList {
		if n.InitializerList == nil {
			return imm(0, f.int_)
		}
		n = n.InitializerList.Initializer
	}
	if n == nil {
		return imm(0, f.int_)
	}
	return f.expr(n.AssignmentExpression)
}

// initLocal initialises a local variable.
func (f *fn) initLocal(e *entity, id *cc.InitDeclarator, p *position.Pos) {
	init := id.Initializer
	if !e.t.isAggregate() {
		v := f.scalarInit(init)
		lv := f.localPlace(e, id.Declarator)
		f.store(lv, v, p)
		return
	}
	if init.Case == cc.InitializerInitList {
		f.initAggregate(f.localPlace(e, id.Declarator), init.InitializerList, p)
		return
	}
	if s, ok := strip(init.AssignmentExpression).(*cc.PrimaryExpression); ok && e.t.is(ir.Array) &&
		(s.Case == cc.PrimaryExpressionString || s.Case == cc.PrimaryExpressionLString) {
		f.initString(f.localPlace(e, id.Declarator), init.AssignmentExpression, p)
		return
	}
	if lit, ok := strip(init.AssignmentExpression).(*cc.PostfixExpression); ok && lit.Case == cc.PostfixExpressionComplit &&
		compatible(f.typeName(lit.TypeName), e.t) {
		f.initAggregate(f.localPlace(e, id.Declarator), lit.InitializerList, p)
		return
	}
	v := f.expr(init.AssignmentExpression)
	f.copyAggregate(f.localPlace(e, id.Declarator), v, p)
}

// initString copies a string literal into a character array, filling up with
// zeroes.
func (f *fn) initString(lv lval, n cc.ExpressionNode, p *position.Pos) {
	s, _ := stringLiteral(n)
	size := f.sizeOf(lv.t)
	length := min(int64(len(s))+1, size)
	if length < size {
		f.emit(&ir.MemSet{Base: ir.Base{Pos: p}, Dst: f.address(lv, p), Val: ir.Imm(0), Len: ir.Imm(size)})
	}
	src := f.expr(n)
	f.emit(&ir.MemCopy{Base: ir.Base{Pos: p}, Dst: f.address(lv, p), Src: src.op, Len: ir.Imm(length), Assign: true})
}

var indices = regexp.MustCompile(`\[\d+\]`)

// memberPath spells a path as ir.Load.Field does: "slots[]", not "slots[3]".
func memberPath(path string) string {
	if !strings.Contains(path, "[") {
		return path
	}
	return indices.ReplaceAllString(path, "[]")
}

// initAggregate zeroes an aggregate and stores what the list gives.
func (f *fn) initAggregate(lv lval, list *cc.InitializerList, p *position.Pos) {
	if size := f.sizeOf(lv.t); size > 0 {
		f.emit(&ir.MemSet{Base: ir.Base{Pos: p}, Dst: f.address(lv, p), Val: ir.Imm(0), Len: ir.Imm(size)})
	}
	f.walkInit(lv.t, list, func(x leaf) {
		m := lv
		m.t, m.off, m.bf, m.field, m.ent = x.t, lv.off+x.off, x.bf, memberPath(x.path), nil
		m.node = nil
		at := f.pos(x.expr)
		if x.str {
			f.initString(m, x.expr, at)
			return
		}
		v := f.expr(x.expr)
		if x.bf == nil && v.op.IsImm && v.op.Imm == 0 && x.t.isScalar() {
			return // zeroed already
		}
		f.store(m, v, at)
	})
}
