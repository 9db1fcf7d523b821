package lower

import (
	"regexp"
	"strconv"
	"strings"

	"modernc.org/cc/v4"

	"github.com/bpflockcheck/bpflockcheck/analyzer/ir"
	"github.com/bpflockcheck/bpflockcheck/analyzer/position"
	"github.com/bpflockcheck/bpflockcheck/rules/kernel"
)

// asmSkip is the reason given for functions with assembly that is not
// understood; they are analysed in the object.
const asmSkip = "inline assembly"

// asmOperand is one operand of an asm statement.
type asmOperand struct {
	name       string
	constraint string
	expr       cc.ExpressionNode
}

// asmStmt is an asm statement taken apart.
type asmStmt struct {
	lines   []string
	outputs []asmOperand
	inputs  []asmOperand
	labels  []string
}

// asm lowers an asm statement: barriers, may_goto, conditional jumps, helper
// calls through fixed registers, and arithmetic on operands.
func (f *fn) asm(n *cc.AsmStatement) {
	if n == nil || n.Asm == nil {
		return
	}
	s := parseAsm(n.Asm)
	p := f.pos(n)
	switch {
	case len(s.lines) == 0:
		f.asmTied(s, p)
	case s.mayGoto():
		f.asmMayGoto(s, n)
	case f.asmSequence(s, n):
	default:
		f.skip(n, asmSkip)
	}
}

func parseAsm(a *cc.Asm) asmStmt {
	var s asmStmt
	text := unquote(a.Token3.SrcStr())
	for _, line := range strings.FieldsFunc(text, func(r rune) bool { return r == '\n' || r == ';' }) {
		if line = strings.TrimSpace(line); line != "" {
			s.lines = append(s.lines, line)
		}
	}
	for i, l := 0, a.AsmArgList; l != nil; i, l = i+1, l.AsmArgList {
		for e := l.AsmExpressionList; e != nil; e = e.AsmExpressionList {
			switch i {
			case 0, 1:
				op := parseAsmOperand(e)
				if i == 0 {
					s.outputs = append(s.outputs, op)
				} else {
					s.inputs = append(s.inputs, op)
				}
			case 3:
				if name, ok := identifier(e.AssignmentExpression); ok {
					s.labels = append(s.labels, name)
				}
			}
		}
	}
	return s
}

// parseAsmOperand reads [name] "constraint" (expr), which the C library parses
// as a call of a string.
func parseAsmOperand(e *cc.AsmExpressionList) asmOperand {
	var op asmOperand
	if e.AsmIndex != nil {
		op.name, _ = identifier(e.AsmIndex.ExpressionList)
	}
	if c, ok := strip(e.AssignmentExpression).(*cc.PostfixExpression); ok && c.Case == cc.PostfixExpressionCall {
		op.constraint, _ = stringLiteral(c.PostfixExpression)
		if a := args(c); len(a) == 1 {
			op.expr = a[0]
		} else if len(a) > 1 {
			op.expr = a[len(a)-1]
		}
	}
	return op
}

// asmTied lowers an empty template: a barrier. An output tied to an input gets
// its value.
func (f *fn) asmTied(s asmStmt, p *position.Pos) {
	for _, in := range s.inputs {
		k, err := strconv.Atoi(in.constraint)
		if err != nil || k < 0 || k >= len(s.outputs) || isNil(in.expr) || isNil(s.outputs[k].expr) {
			continue
		}
		v := f.expr(in.expr)
		if lv, ok := f.lvalue(s.outputs[k].expr); ok {
			f.store(lv, v, p)
		}
	}
}

// mayGoto reports whether the template is a may_goto, spelled by its name or
// by its bytes (opcode 0xe5, BPF_JMP | BPF_JCOND).
func (s asmStmt) mayGoto() bool {
	text := strings.Join(s.lines, " ")
	return len(s.labels) > 0 && (strings.Contains(text, "may_goto") || strings.Contains(text, ".byte 0xe5"))
}

func (f *fn) asmMayGoto(s asmStmt, n cc.Node) {
	b, local := f.label(s.labels[0])
	next := f.newBlock()
	to := b
	if f.leavesCleanups(f.labelScope(s.labels[0], local)) {
		to = f.newBlock()
	}
	f.emit(&ir.Branch{Base: ir.Base{Pos: f.pos(n)}, Op: ir.Ne, A: ir.Imm(0), B: ir.Imm(0), Bits: 64, MayGoto: true, True: to, False: next})
	if to != b {
		f.place(to)
		f.leave(f.labelScope(s.labels[0], local))
		f.terminate(&ir.Jump{Base: ir.Base{Pos: f.pos(n)}, To: b})
	}
	f.place(next)
}

// leavesCleanups reports whether a jump out to a scope runs cleanups.
func (f *fn) leavesCleanups(to *scope) bool {
	for s := f.scope; s != nil && s != to; s = s.parent {
		if len(s.cleanups) > 0 {
			return true
		}
	}
	return false
}

var (
	asmMove = regexp.MustCompile(`^(\S+)\s*=\s*(\S+?)(?:\s+ll)?$`)
	asmCall = regexp.MustCompile(`^call\s+(\S+)$`)
	asmIf   = regexp.MustCompile(`^if\s+(\S+)\s*(s?[<>]=?|==|!=|&)\s*(\S+)\s+goto\s+(\S+)$`)
	asmOp   = regexp.MustCompile(`^(\S+)\s*(\+|-|\*|/|%|&|\||\^|<<|>>|s>>|s/|s%)=\s*(\S+)$`)
	asmReg  = regexp.MustCompile(`^[rw](\d)$`)
	asmName = regexp.MustCompile(`^(?:[rw])?%\[(\w+)\]$`)
	asmNum  = regexp.MustCompile(`^%[wl]?(\d+)$`)
)

// asmState is the abstract register file while a template is lowered.
type asmState struct {
	f    *fn
	s    asmStmt
	n    cc.Node
	p    *position.Pos
	regs map[string]ir.Operand // r0 ... r9
	vals map[int]ir.Operand    // operands, outputs first
	set  map[int]bool          // outputs written
}

// asmSequence lowers a template of moves, arithmetic, helper calls and
// conditional jumps. It emits nothing and gives false when it meets anything
// else.
func (f *fn) asmSequence(s asmStmt, n cc.Node) bool {
	for _, line := range s.lines {
		if !understood(line, s) {
			return false
		}
	}
	st := &asmState{f: f, s: s, n: n, p: f.pos(n), regs: map[string]ir.Operand{}, vals: map[int]ir.Operand{}, set: map[int]bool{}}
	for i, o := range s.outputs {
		if strings.HasPrefix(o.constraint, "+") && !isNil(o.expr) {
			st.vals[i] = f.expr(o.expr).op
		}
	}
	for i, o := range s.inputs {
		if isNil(o.expr) {
			continue
		}
		v := f.expr(o.expr).op
		st.vals[len(s.outputs)+i] = v
		if k, err := strconv.Atoi(o.constraint); err == nil && k < len(s.outputs) {
			st.vals[k] = v
		}
	}
	for _, line := range s.lines {
		st.line(line)
	}
	for i, o := range s.outputs {
		if v, ok := st.vals[i]; ok && st.set[i] && !isNil(o.expr) {
			if lv, ok := f.lvalue(o.expr); ok {
				f.store(lv, value{op: v, t: f.ulong}, st.p)
			}
		}
	}
	return true
}

// understood reports whether a line of a template can be lowered.
func understood(line string, s asmStmt) bool {
	known := func(x string) bool {
		x = strings.TrimSuffix(x, ",")
		if asmReg.MatchString(x) || asmNum.MatchString(x) {
			return true
		}
		if m := asmName.FindStringSubmatch(x); m != nil {
			return true
		}
		_, err := strconv.ParseInt(x, 0, 64)
		return err == nil
	}
	if m := asmCall.FindStringSubmatch(line); m != nil {
		return known(m[1])
	}
	if m := asmIf.FindStringSubmatch(line); m != nil {
		return known(m[1]) && known(m[3]) && asmLabel(m[4], s) != ""
	}
	if m := asmMove.FindStringSubmatch(line); m != nil {
		return known(m[1]) && known(m[2])
	}
	if m := asmOp.FindStringSubmatch(line); m != nil {
		return known(m[1]) && known(m[3])
	}
	return false
}

// asmLabel resolves %l[name] or %lN to a C label.
func asmLabel(x string, s asmStmt) string {
	if name, ok := strings.CutPrefix(x, "%l["); ok {
		return strings.TrimSuffix(name, "]")
	}
	if num, ok := strings.CutPrefix(x, "%l"); ok {
		if k, err := strconv.Atoi(num); err == nil {
			if k -= len(s.outputs) + len(s.inputs); k >= 0 && k < len(s.labels) {
				return s.labels[k]
			}
		}
	}
	return ""
}

// operand finds an operand by its name or number: its index, or -1.
func (st *asmState) operand(x string) int {
	if m := asmName.FindStringSubmatch(x); m != nil {
		for i, o := range append(append([]asmOperand(nil), st.s.outputs...), st.s.inputs...) {
			if o.name == m[1] {
				return i
			}
		}
	}
	if m := asmNum.FindStringSubmatch(x); m != nil {
		k, _ := strconv.Atoi(m[1])
		return k
	}
	return -1
}

func (st *asmState) get(x string) ir.Operand {
	x = strings.TrimSuffix(x, ",")
	if m := asmReg.FindStringSubmatch(x); m != nil {
		if v, ok := st.regs[m[1]]; ok {
			return v
		}
		return st.f.opaque(st.f.ulong, st.p).op
	}
	if v, err := strconv.ParseInt(x, 0, 64); err == nil {
		return ir.Imm(v)
	}
	if v, ok := st.vals[st.operand(x)]; ok {
		return v
	}
	return st.f.opaque(st.f.ulong, st.p).op
}

func (st *asmState) put(x string, v ir.Operand) {
	if m := asmReg.FindStringSubmatch(x); m != nil {
		st.regs[m[1]] = v
		return
	}
	if k := st.operand(x); k >= 0 {
		st.vals[k], st.set[k] = v, true
	}
}

var asmCompare = map[string]ir.BinOp{"==": ir.Eq, "!=": ir.Ne, "<": ir.Lt, "<=": ir.Le, ">": ir.Gt, ">=": ir.Ge, "&": ir.Set}

var asmArith = map[string]ir.BinOp{"+": ir.Add, "-": ir.Sub, "*": ir.Mul, "/": ir.Div, "%": ir.Mod, "&": ir.And, "|": ir.Or,
	"^": ir.Xor, "<<": ir.Shl, ">>": ir.Shr}

func (st *asmState) line(line string) {
	f := st.f
	if m := asmCall.FindStringSubmatch(line); m != nil {
		st.call(m[1])
		return
	}
	if m := asmIf.FindStringSubmatch(line); m != nil {
		op, signed := strings.CutPrefix(m[2], "s")
		bits := 64
		if strings.HasPrefix(m[1], "w") {
			bits = 32
		}
		b, _ := f.label(asmLabel(m[4], st.s))
		next := f.newBlock()
		f.emit(&ir.Branch{Base: ir.Base{Pos: st.p}, Op: asmCompare[op], A: st.get(m[1]), B: st.get(m[3]), Bits: bits, Signed: signed, True: b, False: next})
		f.place(next)
		return
	}
	if m := asmOp.FindStringSubmatch(line); m != nil {
		op, signed := strings.CutPrefix(m[2], "s")
		kind := asmArith[op]
		if kind == ir.Shr && signed {
			kind = ir.Sar
		}
		bits := 64
		if strings.HasPrefix(m[1], "w") {
			bits = 32
		}
		st.put(m[1], f.bin(kind, st.get(m[1]), st.get(m[3]), bits, signed, st.p))
		return
	}
	m := asmMove.FindStringSubmatch(line)
	st.put(m[1], st.get(m[2]))
}

func (st *asmState) call(x string) {
	f := st.f
	id := st.get(x)
	c := &ir.Call{Base: ir.Base{Pos: st.p}, Kind: ir.CallIndirect, Ptr: id}
	if id.IsImm {
		c.Kind, c.Helper, c.Ptr = ir.CallHelper, kernel.Helper(id.Imm), ir.Operand{}
		c.Name = c.Helper.Name()
	}
	for i := 1; i <= 5; i++ {
		v, ok := st.regs[strconv.Itoa(i)]
		if !ok {
			break
		}
		c.Args = append(c.Args, v)
	}
	r := f.newReg("")
	c.Dst = r
	f.emit(c)
	st.regs = map[string]ir.Operand{"0": ir.R(r)}
}
