package lower

import (
	"modernc.org/cc/v4"

	"github.com/bpflockcheck/bpflockcheck/analyzer/ir"
	"github.com/bpflockcheck/bpflockcheck/analyzer/position"
)

func (f *fn) openScope(n cc.Node) { f.scope = &scope{parent: f.scope, node: n} }

// closeScope leaves a scope at its end, running the cleanups of its variables.
func (f *fn) closeScope(n cc.Node) {
	f.runCleanups(f.scope)
	f.scope = f.scope.parent
}

// runCleanups calls the cleanup functions of a scope, last declared first.
func (f *fn) runCleanups(s *scope) {
	for i := len(s.cleanups) - 1; i >= 0; i-- {
		c := s.cleanups[i]
		e := f.lookup(c.fn)
		if e == nil {
			continue
		}
		p := f.pos(c.at)
		arg := value{op: f.address(f.localPlace(c.ent, c.at), p), t: pointerTo(c.ent.t)}
		f.callEntity(e, []value{arg}, false, c.at)
	}
}

// leave runs the cleanups of every scope up to, not including, the one given.
func (f *fn) leave(to *scope) {
	for s := f.scope; s != nil && s != to; s = s.parent {
		f.runCleanups(s)
	}
}

func (f *fn) statement(n *cc.Statement) {
	if n == nil {
		return
	}
	switch n.Case {
	case cc.StatementLabeled:
		f.labeled(n.LabeledStatement)
	case cc.StatementCompound:
		f.compound(n.CompoundStatement)
	case cc.StatementExpr:
		if n.ExpressionStatement != nil {
			f.discard(n.ExpressionStatement.ExpressionList)
		}
	case cc.StatementSelection:
		f.selection(n.SelectionStatement)
	case cc.StatementIteration:
		f.iteration(n.IterationStatement)
	case cc.StatementJump:
		f.jumpStatement(n.JumpStatement)
	case cc.StatementAsm:
		f.skip(n, "inline assembly") // package repair left none that it could write as C
	}
}

func (f *fn) compound(n *cc.CompoundStatement) {
	if n == nil {
		return
	}
	f.openScope(n)
	for l := n.BlockItemList; l != nil; l = l.BlockItemList {
		f.blockItem(l.BlockItem)
	}
	f.closeScope(n)
}

func (f *fn) blockItem(it *cc.BlockItem) {
	if it == nil {
		return
	}
	switch it.Case {
	case cc.BlockItemDecl:
		f.declaration(it.Declaration)
	case cc.BlockItemStmt:
		f.statement(it.Statement)
	case cc.BlockItemLabel:
		if it.LabelDeclaration == nil {
			return
		}
		if f.scope.labels == nil {
			f.scope.labels = map[string]*ir.Block{}
		}
		for il := it.LabelDeclaration.IdentifierList; il != nil; il = il.IdentifierList {
			f.scope.labels[il.Token2.SrcStr()] = f.newBlock()
		}
	case cc.BlockItemFuncDef:
		f.skip(it, "nested function")
	}
}

// label finds the block of a label and the scope around the label's
// declaration when it is a local one.
func (f *fn) label(name string) (*ir.Block, *scope) {
	for s := f.scope; s != nil && s.parent != nil; s = s.parent {
		if b := s.labels[name]; b != nil {
			return b, s
		}
	}
	if f.dry > 0 {
		return f.newBlock(), nil
	}
	b := f.labels[name]
	if b == nil {
		b = f.newBlock()
		if f.labels == nil {
			f.labels = map[string]*ir.Block{}
		}
		f.labels[name] = b
	}
	return b, nil
}

// labelScope finds the innermost open scope that also holds the label.
func (f *fn) labelScope(name string, local *scope) *scope {
	if local != nil {
		return local
	}
	around := map[cc.Node]bool{}
	for _, n := range f.facts.labelScopes[name] {
		around[n] = true
	}
	for s := f.scope; s != nil; s = s.parent {
		if s.node != nil && around[s.node] || s.parent == nil {
			return s
		}
	}
	return nil
}

func (f *fn) labeled(n *cc.LabeledStatement) {
	if n == nil {
		return
	}
	var b *ir.Block
	if n.Case == cc.LabeledStatementLabel {
		b, _ = f.label(n.Token.SrcStr())
	} else {
		b = f.cases[n]
		if b == nil { // a case label outside of any switch
			b = f.newBlock()
		}
	}
	f.jumpTo(b, f.pos(n))
	f.statement(n.Statement)
}

func (f *fn) selection(n *cc.SelectionStatement) {
	if n == nil {
		return
	}
	p := f.pos(n.ExpressionList)
	switch n.Case {
	case cc.SelectionStatementSwitch:
		f.switchStatement(n)
		return
	case cc.SelectionStatementIf:
		yes, end := f.newBlock(), f.newBlock()
		f.cond(n.ExpressionList, yes, end)
		f.place(yes)
		f.statement(n.Statement)
		f.jumpTo(end, p)
	default:
		yes, no, end := f.newBlock(), f.newBlock(), f.newBlock()
		f.cond(n.ExpressionList, yes, no)
		f.place(yes)
		f.statement(n.Statement)
		f.terminate(&ir.Jump{Base: ir.Base{Pos: p}, To: end})
		f.place(no)
		f.statement(n.Statement2)
		f.jumpTo(end, p)
	}
}

// switchCase is one case label with its values.
type switchCase struct {
	lo, hi int64
	block  *ir.Block
	at     cc.Node
}

func (f *fn) switchStatement(n *cc.SelectionStatement) {
	p := f.pos(n.ExpressionList)
	v := f.expr(n.ExpressionList)
	t := f.promote(v.t)
	v = f.convert(v, t, p)
	size, signed, bits := t.size, t.isSigned(), width(t)
	end := f.newBlock()
	def := end
	if f.cases == nil {
		f.cases = map[*cc.LabeledStatement]*ir.Block{}
	}
	var cases []switchCase
	for _, ls := range n.LabeledStatements() {
		switch ls.Case {
		case cc.LabeledStatementDefault:
			def = f.newBlock()
			f.cases[ls] = def
		case cc.LabeledStatementCaseLabel, cc.LabeledStatementRange:
			c := switchCase{block: f.newBlock(), at: ls}
			f.cases[ls] = c.block
			lo, ok := f.constant(ls.ConstantExpression)
			hi, ok2 := lo, ok
			if ls.Case == cc.LabeledStatementRange {
				hi, ok2 = f.constant(ls.ConstantExpression2)
			}
			if !ok || !ok2 {
				f.skip(ls, "case label is no constant")
			}
			c.lo, c.hi = normalize(lo, size, signed), normalize(hi, size, signed)
			cases = append(cases, c)
		}
	}
	f.dispatch(v, cases, def, bits, signed, p)
	f.breaks = append(f.breaks, target{end, f.scope})
	f.statement(n.Statement)
	f.breaks = f.breaks[:len(f.breaks)-1]
	f.jumpTo(end, p)
}

// dispatch jumps to the case that holds v.
func (f *fn) dispatch(v value, cases []switchCase, def *ir.Block, bits int, signed bool, p *position.Pos) {
	if v.op.IsImm {
		to := def
		for _, c := range cases {
			if compare(ir.Ge, v.op.Imm, c.lo, signed) && compare(ir.Le, v.op.Imm, c.hi, signed) {
				to = c.block
			}
		}
		f.terminate(&ir.Jump{Base: ir.Base{Pos: p}, To: to})
		return
	}
	for _, c := range cases {
		next := f.newBlock()
		br := func(op ir.BinOp, with int64, yes *ir.Block) {
			f.emit(&ir.Branch{Base: ir.Base{Pos: p}, Op: op, A: v.op, B: ir.Imm(with), Bits: bits, Signed: signed, True: yes, False: next})
		}
		if c.lo == c.hi {
			br(ir.Eq, c.lo, c.block)
		} else {
			mid := f.newBlock()
			br(ir.Ge, c.lo, mid)
			f.place(mid)
			br(ir.Le, c.hi, c.block)
		}
		f.place(next)
	}
	f.terminate(&ir.Jump{Base: ir.Base{Pos: p}, To: def})
}

func (f *fn) iteration(n *cc.IterationStatement) {
	if n == nil {
		return
	}
	body, end, next := f.newBlock(), f.newBlock(), f.newBlock()
	p := f.pos(n)
	f.openScope(n)
	loop := func() {
		f.breaks = append(f.breaks, target{end, f.scope})
		f.continues = append(f.continues, target{next, f.scope})
		f.statement(n.Statement)
		f.breaks = f.breaks[:len(f.breaks)-1]
		f.continues = f.continues[:len(f.continues)-1]
	}
	switch n.Case {
	case cc.IterationStatementWhile:
		f.jumpTo(next, p)
		f.cond(n.ExpressionList, body, end)
		f.place(body)
		loop()
		f.terminate(&ir.Jump{Base: ir.Base{Pos: p}, To: next})
	case cc.IterationStatementDo:
		f.jumpTo(body, p)
		loop()
		f.jumpTo(next, p)
		f.cond(n.ExpressionList, body, end)
	default:
		test, step := n.ExpressionList2, n.ExpressionList3
		if n.Case == cc.IterationStatementForDecl {
			f.declaration(n.Declaration)
			test, step = n.ExpressionList, n.ExpressionList2
		} else {
			f.discard(n.ExpressionList)
		}
		head := f.newBlock()
		f.jumpTo(head, p)
		if isNil(test) {
			f.terminate(&ir.Jump{Base: ir.Base{Pos: p}, To: body})
		} else {
			f.cond(test, body, end)
		}
		f.place(body)
		loop()
		f.jumpTo(next, p)
		f.discard(step)
		f.terminate(&ir.Jump{Base: ir.Base{Pos: p}, To: head})
	}
	f.place(end)
	f.closeScope(n)
}

func (f *fn) jumpStatement(n *cc.JumpStatement) {
	if n == nil {
		return
	}
	p := f.pos(n)
	switch n.Case {
	case cc.JumpStatementGoto:
		b, local := f.label(n.Token2.SrcStr())
		f.leave(f.labelScope(n.Token2.SrcStr(), local))
		f.terminate(&ir.Jump{Base: ir.Base{Pos: p}, To: b})
	case cc.JumpStatementGotoExpr:
		f.skip(n, "computed goto")
	case cc.JumpStatementContinue:
		f.jumpOut(f.continues, n, "continue outside of a loop")
	case cc.JumpStatementBreak:
		f.jumpOut(f.breaks, n, "break outside of a loop or switch")
	case cc.JumpStatementReturn:
		f.returnStatement(n)
	}
}

func (f *fn) jumpOut(targets []target, n cc.Node, missing string) {
	if len(targets) == 0 {
		f.skip(n, missing)
	}
	to := targets[len(targets)-1]
	f.leave(to.scope)
	f.terminate(&ir.Jump{Base: ir.Base{Pos: f.pos(n)}, To: to.block})
}

func (f *fn) returnStatement(n *cc.JumpStatement) {
	p := f.pos(n)
	ret := &ir.Return{Base: ir.Base{Pos: p}, Void: true}
	if !isNil(n.ExpressionList) {
		v := f.expr(n.ExpressionList)
		switch {
		case f.result.isVoid() || v.t.isVoid():
		case f.result.isRecord():
			if f.resultPtr != ir.NoReg {
				f.copyAggregate(lval{t: f.result, addr: ir.R(f.resultPtr)}, v, p)
			}
		default:
			v = f.convert(v, f.result, p)
			ret.Void, ret.Val = false, v.op
		}
	}
	f.leave(nil)
	f.terminate(ret)
}

// declaration lowers a declaration inside a function.
func (f *fn) declaration(n *cc.Declaration) {
	if n == nil {
		return
	}
	switch n.Case {
	case cc.DeclarationAuto:
		f.autoDeclaration(n)
		return
	case cc.DeclarationAssert:
		return
	}
	delete(f.specMemo, n.DeclarationSpecifiers) // typeof() depends on the scope
	sp := f.specifiers(n.DeclarationSpecifiers)
	for il := n.InitDeclaratorList; il != nil; il = il.InitDeclaratorList {
		id := il.InitDeclarator
		if id == nil || id.Declarator == nil {
			continue
		}
		a := sp.attrs
		a.merge(f.attributes(id.AttributeSpecifierList))
		a.merge(f.attributes(il.AttributeSpecifierList))
		if il.InitDeclaratorList == nil {
			a.merge(f.attributes(n.AttributeSpecifierList))
		}
		f.localDeclarator(sp, a, id, n)
	}
}

func (f *fn) localDeclarator(sp specs, a attrs, id *cc.InitDeclarator, n *cc.Declaration) {
	t := f.declarator(sp.t, id.Declarator)
	name := id.Declarator.Name()
	switch {
	case sp.typedef:
		td := modify(ir.Typedef, name, t)
		td.align = a.aligned
		f.scope.declare(&entity{kind: entTypedef, name: name, t: td, resolved: true})
		return
	case t.is(ir.FuncProto):
		f.scope.declare(f.localPrototype(name, t, a))
		return
	case sp.extern:
		e := f.file.names[name]
		if e == nil {
			e = &entity{kind: entVar, name: name, t: t, attrs: a, resolved: true, external: true,
				refs: []declRef{{d: id.Declarator}}}
		} else {
			f.resolve(e)
		}
		f.scope.declare(e)
		return
	case sp.static:
		if u := t.underlying(); u.kind == ir.Array && u.len < 0 && id.Initializer != nil {
			t = f.completeArray(t, id.Initializer)
		}
		e := f.statics[id]
		if e == nil {
			e = &entity{kind: entVar, name: name, t: t, attrs: a, static: true, resolved: true, owner: f.out.Name,
				refs: []declRef{{d: id.Declarator, init: id.Initializer}}}
			f.statics[id] = e
		}
		f.scope.declare(e)
		return
	}
	f.localVariable(name, t, a, id)
}

// localPrototype is a function declared inside another.
func (f *fn) localPrototype(name string, t *ctype, a attrs) *entity {
	if e := f.file.names[name]; e != nil {
		f.resolve(e)
		return e
	}
	e := &entity{kind: entFunc, name: name, t: t, attrs: a, resolved: true, external: true}
	f.file.declare(e)
	return e
}

func (f *fn) localVariable(name string, t *ctype, a attrs, id *cc.InitDeclarator) {
	p := f.pos(id)
	if u := t.underlying(); u.kind == ir.Array && u.len < 0 && id.Initializer != nil {
		t = f.completeArray(t, id.Initializer)
	}
	e := &entity{kind: entLocal, name: name, t: t, resolved: true, attrs: a}
	if t.isAggregate() || f.facts.addrTaken[name] || a.cleanup != "" || t.has(kAtomic) {
		if f.sizeOf(t) < 0 {
			if u := t.underlying(); u.kind == ir.Array {
				f.skip(id, "array of variable length")
			}
			f.skip(id, "variable of incomplete "+typeName(t))
		}
		e.home, e.slot = homeSlot, f.newSlot(name, t)
	} else {
		e.home, e.reg = homeReg, f.newReg(name)
	}
	// The name is in scope in its own initialiser.
	f.scope.declare(e)
	if id.Initializer != nil {
		f.initLocal(e, id, p)
	}
	if a.cleanup != "" {
		f.scope.cleanups = append(f.scope.cleanups, cleanup{fn: a.cleanup, ent: e, at: id})
	}
}

// autoDeclaration is __auto_type x = e.
func (f *fn) autoDeclaration(n *cc.Declaration) {
	if n.Declarator == nil || n.Initializer == nil {
		return
	}
	v := f.expr(n.Initializer.AssignmentExpression)
	name := n.Declarator.Name()
	e := &entity{kind: entLocal, name: name, t: unqualified(v.t), resolved: true}
	if e.t.isAggregate() || f.facts.addrTaken[name] {
		e.home, e.slot = homeSlot, f.newSlot(name, e.t)
	} else {
		e.home, e.reg = homeReg, f.newReg(name)
	}
	f.scope.declare(e)
	f.store(f.localPlace(e, n.Declarator), v, f.pos(n))
}

// hasCleanup reports whether a block declares a variable with a cleanup.
func hasCleanup(n *cc.CompoundStatement) bool {
	for l := n.BlockItemList; l != nil; l = l.BlockItemList {
		if l.BlockItem == nil || l.BlockItem.Case != cc.BlockItemDecl || l.BlockItem.Declaration == nil {
			continue
		}
		d := l.BlockItem.Declaration
		lists := []*cc.AttributeSpecifierList{d.AttributeSpecifierList}
		for il := d.InitDeclaratorList; il != nil; il = il.InitDeclaratorList {
			lists = append(lists, il.AttributeSpecifierList)
			if il.InitDeclarator != nil {
				lists = append(lists, il.InitDeclarator.AttributeSpecifierList)
			}
		}
		for ds := d.DeclarationSpecifiers; ds != nil; ds = ds.DeclarationSpecifiers {
			lists = append(lists, ds.AttributeSpecifierList)
		}
		for _, al := range lists {
			for ; al != nil; al = al.AttributeSpecifierList {
				for v := al.AttributeSpecifier.AttributeValueList; v != nil; v = v.AttributeValueList {
					if v.AttributeValue != nil {
						if s := v.AttributeValue.Token.SrcStr(); s == "cleanup" || s == "__cleanup__" {
							return true
						}
					}
				}
			}
		}
	}
	return false
}
