package rules

import (
	"fmt"
	"strings"

	"github.com/bpflockcheck/bpflockcheck/analyzer/diag"
	"github.com/bpflockcheck/bpflockcheck/analyzer/ir"
	"github.com/bpflockcheck/bpflockcheck/analyzer/model"
	"github.com/bpflockcheck/bpflockcheck/rules/kernel"
)

// noFix leads, in a finding's help, to the reason why there is no fix.
const noFix = "; no automatic fix: "

// fix replaces the expression by the atomic that does the same, or says why
// none does.
func (r *lostUpdateRace) fix(p *Pass) (*diag.Fix, string) {
	a, c := r.store, r.store.Compound
	switch {
	case p.Model.Unit.Evidence != diag.FromSource:
		return nil, ""
	case r.cond != nil:
		return nil, "what to do when another CPU was first is not in the code"
	case c == nil:
		return nil, "the change is not one expression like x++, x += n or x = x + n"
	case atomicBuiltin(c.Op) == "":
		return nil, fmt.Sprintf("BPF has no atomic that does %s", spelledOp(c.Op))
	case c.Obstacle != "":
		return nil, c.Obstacle
	case a.Bitfield:
		return nil, "atomics do not work on bit-fields"
	}
	if why := noAtomic(c, a.Place.Size, p.Kernel, p.Model.Unit.MCPU); why != "" {
		return nil, why
	}
	if b := p.plainStoreBeside(a); b != nil {
		return nil, fmt.Sprintf("the plain store in line %d would then undo atomic updates; it has to change first", b.Pos.Line)
	}
	text := atomicCall(c, c.Target, a.Place.Size)
	title := "make it atomic: " + strings.Join(strings.Fields(text), " ")
	if c.Joined {
		text = " " + text
	}
	return &diag.Fix{Title: title, Safe: true, Edits: []diag.Edit{{Span: c.Span, NewText: text}}}, ""
}

// noAtomic says why a change has no atomic of its size that the kernel and the
// compiler know, "" when there is one.
func noAtomic(c *ir.Compound, size int64, v kernel.Version, mcpu string) string {
	plainAdd := c.Unused && isSum(c.Op)
	switch {
	case size != 4 && size != 8:
		return fmt.Sprintf("BPF has no atomics on %d byte(s)", size)
	case !plainAdd && v.Less(kernel.AtomicsSince):
		return fmt.Sprintf("before Linux %s the only atomic is an addition that gives no result", kernel.AtomicsSince)
	case !plainAdd && size == 4 && !alu32(mcpu):
		// llvm/lib/Target/BPF/BPFMIChecking.cpp and BPFInstrInfo.td, LLVM 19:
		// these need 32-bit registers.
		return "on 4 bytes, clang has this atomic with -mcpu=v3 only, which the flags known here do not ask for"
	}
	return ""
}

// alu32 reports whether an instruction set has 32-bit operations.
func alu32(mcpu string) bool { return mcpu == "v3" || mcpu == "v4" }

// atomicBuiltin gives the name that clang's builtins have for an operator, ""
// when BPF has no such atomic.
func atomicBuiltin(op ir.BinOp) string {
	return map[ir.BinOp]string{ir.Add: "add", ir.Sub: "sub", ir.And: "and", ir.Or: "or", ir.Xor: "xor"}[op]
}

func isSum(op ir.BinOp) bool { return op == ir.Add || op == ir.Sub }

func spelledOp(op ir.BinOp) string {
	return map[ir.BinOp]string{ir.Mul: "*=", ir.Div: "/=", ir.Mod: "%=", ir.Shl: "<<=", ir.Shr: ">>=", ir.Sar: ">>="}[op]
}

// atomicCall spells a compound assignment of so many bytes as an atomic that
// gives the same value.
func atomicCall(c *ir.Compound, target string, size int64) string {
	name, operand, loose := atomicBuiltin(c.Op), c.Operand, c.Loose
	if c.Cast != "" {
		if loose || !isPlainOperand(operand) {
			operand = "(" + operand + ")"
		}
		operand, loose = "("+c.Cast+")"+operand, false
	}
	if c.Op == ir.Sub {
		// Clang subtracts on 4 bytes with -mcpu=v3 only. Adding the negative
		// value does, but on 8 bytes where the operand is wide enough only:
		// that of an unsigned int is positive there.
		switch {
		case isSmallNumber(operand):
			name, operand = "add", "-"+operand
		case size == 4:
			name, operand = "add", negative(operand, loose || c.Cast == "" && !isPlainOperand(operand))
		}
	}
	if c.Unused || c.Post {
		name = "__sync_fetch_and_" + name
	} else {
		name = "__sync_" + name + "_and_fetch"
	}
	return fmt.Sprintf("%s(%s, %s)", name, addressOf(target), operand)
}

// isSmallNumber reports whether the text is a decimal number that any int
// holds.
func isSmallNumber(s string) bool {
	return s != "" && len(s) < 10 && strings.Trim(s, "0123456789") == "" && (s[0] != '0' || s == "0")
}

// negative puts a minus before an operand, and parentheses around one to whose
// parts it might bind.
func negative(operand string, loose bool) string {
	if !loose {
		return "-" + operand
	}
	return "-(" + operand + ")"
}

// isPlainOperand reports whether a minus can stand before the text: a name, a
// member or a number.
func isPlainOperand(s string) bool {
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '_' || c == '.' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z':
		case c == '>' && i > 0 && s[i-1] == '-':
		case c == '-' && i > 0 && i+1 < len(s) && s[i+1] == '>':
		default:
			return false
		}
	}
	return s != ""
}

// addressOf spells the address of an expression as an argument: "&v->n", and
// "p" for "*p".
func addressOf(text string) string {
	for strings.HasPrefix(text, "(") && strings.HasSuffix(text, ")") && isPlainOperand(strings.TrimPrefix(text[1:len(text)-1], "*")) {
		text = text[1 : len(text)-1]
	}
	if p, ok := strings.CutPrefix(text, "*"); ok {
		return strings.TrimLeft(p, " \t")
	}
	return "&" + text
}

// plainStoreBeside gives a store that mixed-atomicity would report if a were
// atomic, and does not report now; nil when there is none.
func (p *Pass) plainStoreBeside(a *model.Access) *model.Access {
	if p.atomicElsewhere(a) != nil {
		return nil // it does already
	}
	for _, b := range p.around(a.Place) {
		if !isPlainWrite(b.Kind) || b.Fresh || b.Place.IsLock || somewhere(b.Place) || p.lostUpdateNear(b) {
			continue
		}
		if samePlace(b.Place, a.Place) != differs && !sameGuard(b, a) && p.shared(b).shared {
			return b
		}
	}
	return nil
}
