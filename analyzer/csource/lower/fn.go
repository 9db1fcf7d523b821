package lower

import (
	"modernc.org/cc/v4"

	"github.com/bpflockcheck/bpflockcheck/analyzer/ir"
	"github.com/bpflockcheck/bpflockcheck/analyzer/position"
)

// fn lowers one function.
type fn struct {
	*lowerer
	out    *ir.Func
	result *ctype
	facts  *bodyFacts
	cur    *ir.Block
	blocks []*ir.Block
	labels map[string]*ir.Block
	cases  map[*cc.LabeledStatement]*ir.Block
	// Where break and continue go, innermost last.
	breaks, continues []target
	// resultPtr points to where a result that is an aggregate goes.
	resultPtr ir.Reg
	condMemo  map[cc.ExpressionNode]constResult
	condTypes map[*cc.ConditionalExpression]*ctype
	// dry is the number of enclosing evaluations whose instructions are
	// thrown away (sizeof, typeof, constant expressions).
	dry int
}

// target is where a jump out of a statement goes, and the scope around it.
type target struct {
	block *ir.Block
	scope *scope
}

// giveUp aborts the lowering of one function with the reason.
type giveUp struct {
	reason string
	at     cc.Node
}

func (f *fn) skip(at cc.Node, reason string) { panic(giveUp{reason: reason, at: at}) }

// pos is lowerer.pos; a dry run needs no positions, which cost time.
func (f *fn) pos(n cc.Node) *position.Pos {
	if f.dry > 0 {
		return noPos
	}
	return f.lowerer.pos(n)
}

func (f *fn) newReg(name string) ir.Reg {
	r := ir.Reg(f.out.NumRegs)
	f.out.NumRegs++
	if name != "" {
		if f.out.RegNames == nil {
			f.out.RegNames = map[ir.Reg]string{}
		}
		f.out.RegNames[r] = name
	}
	return r
}

func (f *fn) newSlot(name string, t *ctype) int {
	size := f.sizeOf(t)
	f.out.Slots = append(f.out.Slots, ir.Slot{Name: name, Size: max(size, 0), Type: f.irType(t)})
	return len(f.out.Slots) - 1
}

func (f *fn) newBlock() *ir.Block { return &ir.Block{} }

// place makes b the block that code is appended to.
func (f *fn) place(b *ir.Block) {
	b.Index = len(f.blocks)
	f.blocks = append(f.blocks, b)
	f.cur = b
}

func (f *fn) emit(in ir.Instr) { f.cur.Instrs = append(f.cur.Instrs, in) }

// terminated reports whether the current block has its terminator.
func (f *fn) terminated() bool {
	if len(f.cur.Instrs) == 0 {
		return false
	}
	return isTerminator(f.cur.Instrs[len(f.cur.Instrs)-1])
}

func isTerminator(in ir.Instr) bool {
	switch in.(type) {
	case *ir.Jump, *ir.Branch, *ir.Return, *ir.Unreachable:
		return true
	}
	return false
}

// terminate ends the current block; what follows is dead until a block is
// placed.
func (f *fn) terminate(in ir.Instr) {
	f.emit(in)
	f.place(f.newBlock())
}

func (f *fn) jump(to *ir.Block, p *position.Pos) {
	f.emit(&ir.Jump{Base: ir.Base{Pos: p}, To: to})
}

// jumpTo ends the current block with a jump to b and goes on in b.
func (f *fn) jumpTo(b *ir.Block, p *position.Pos) {
	f.jump(b, p)
	f.place(b)
}

// copyTo sets a register.
func (f *fn) copyTo(dst ir.Reg, src ir.Operand, p *position.Pos) {
	f.emit(&ir.Copy{Base: ir.Base{Pos: p}, Dst: dst, Src: src})
}

// havoc gives an unknown value of type t.
func (f *fn) havoc(t *ctype, reason string, n cc.Node) value {
	r := f.newReg("")
	f.emit(&ir.Havoc{Base: ir.Base{Pos: f.pos(n)}, Dst: r, Reason: reason})
	return value{op: ir.R(r), t: t}
}

// opaque gives an unknown scalar computed from the operands.
func (f *fn) opaque(t *ctype, p *position.Pos, from ...ir.Operand) value {
	r := f.newReg("")
	var regs []ir.Operand
	for _, o := range from {
		if !o.IsImm {
			regs = append(regs, o)
		}
	}
	f.emit(&ir.Opaque{Base: ir.Base{Pos: p}, Dst: r, Args: regs})
	return value{op: ir.R(r), t: t}
}

// dryRun evaluates without leaving code behind.
func (f *fn) dryRun(do func()) {
	cur, blocks := f.cur, f.blocks
	nslots := len(f.out.Slots)
	sc := f.scope
	f.blocks = nil
	f.dry++
	defer func() {
		f.dry--
		f.cur, f.blocks = cur, blocks
		f.out.Slots = f.out.Slots[:nslots]
		f.scope = sc
	}()
	f.place(f.newBlock())
	do()
}

// withFunc runs do with a function to evaluate in: the current one, or a
// scratch one at file scope.
func (l *lowerer) withFunc(do func(f *fn)) {
	f := l.current
	if f == nil {
		f = &fn{lowerer: l, out: &ir.Func{}, facts: &bodyFacts{}, result: l.int_}
		l.current = f
		defer func() { l.current = nil }()
		if l.scope == nil {
			l.scope = &l.file
		}
	}
	f.dryRun(func() { do(f) })
}

// typeOf gives the type of an expression, which is not evaluated. Arrays do
// not decay.
func (l *lowerer) typeOf(n cc.ExpressionNode) (t *ctype) {
	t = l.unknown
	l.withFunc(func(f *fn) {
		if lv, ok := f.lvalue(n); ok {
			t = lv.t
			return
		}
		t = f.expr(n).t
	})
	return t
}

// constant evaluates an integer constant expression.
func (l *lowerer) constant(n cc.ExpressionNode) (int64, bool) {
	v, _, ok := l.constantTyped(n)
	return v, ok
}

func (l *lowerer) constantTyped(n cc.ExpressionNode) (v int64, t *ctype, ok bool) {
	t = l.int_
	if isNil(n) {
		return 0, t, false
	}
	if p, isLit := strip(n).(*cc.PrimaryExpression); isLit && p.Case == cc.PrimaryExpressionInt {
		return l.intLiteral(p.Token.SrcStr())
	}
	l.withFunc(func(f *fn) {
		x := f.expr(n)
		if x.op.IsImm {
			v, t, ok = x.op.Imm, x.t, true
		}
	})
	return v, t, ok
}

// thread follows blocks that only jump on. A loop of such blocks ends where
// it was entered.
func thread(b *ir.Block) *ir.Block {
	for hops := 0; hops < 64 && len(b.Instrs) == 1; hops++ {
		j, ok := b.Instrs[0].(*ir.Jump)
		if !ok || j.To == b {
			break
		}
		b = j.To
	}
	return b
}

// finish threads jumps, prunes what cannot be reached and numbers the blocks.
func (f *fn) finish(end *position.Pos) {
	if !f.terminated() {
		f.emit(&ir.Return{Base: ir.Base{Pos: end}, Void: true})
	}
	for _, b := range f.blocks {
		if len(b.Instrs) == 0 {
			continue
		}
		switch t := b.Instrs[len(b.Instrs)-1].(type) {
		case *ir.Jump:
			t.To = thread(t.To)
		case *ir.Branch:
			t.True, t.False = thread(t.True), thread(t.False)
		}
	}
	reached := map[*ir.Block]bool{}
	work := []*ir.Block{f.blocks[0]}
	reached[f.blocks[0]] = true
	for len(work) > 0 {
		b := work[len(work)-1]
		work = work[:len(work)-1]
		for _, s := range b.Succs() {
			if !reached[s] {
				reached[s] = true
				work = append(work, s)
			}
		}
	}
	kept := f.blocks[:0]
	for _, b := range f.blocks {
		if reached[b] {
			b.Index = len(kept)
			kept = append(kept, b)
		}
	}
	f.out.Blocks = kept
}
