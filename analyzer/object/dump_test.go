package object

import (
	"fmt"
	"strings"

	"github.com/bpflockcheck/bpflockcheck/analyzer/ir"
	"github.com/bpflockcheck/bpflockcheck/analyzer/position"
)

// dump spells a unit out, one operation a line, for comparison in tests.
func dump(u *ir.Unit) string {
	var b strings.Builder
	p := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	for _, m := range u.Maps {
		p("map %s: %s key %d %s value %d %s entries %d flags %#x legacy %t inner %v at %s value at %s", m.Name, m.Type, m.KeySize, m.Key,
			m.ValueSize, m.Value, m.MaxEntries, m.Flags, m.Legacy, m.Inner != nil, place(m.Pos), place(m.ValuePos))
	}
	for _, g := range u.Globals {
		init := ""
		if g.Init != nil {
			init = fmt.Sprintf(" = %d", *g.Init)
		}
		p("global %s: %s %s size %d const %t static %t arena %t ksym %t weak %t tags %q%s at %s", g.Name, g.Section, g.Type, g.Size,
			g.Const, g.Static, g.Arena, g.Ksym, g.Weak, g.Tags, init, place(g.Pos))
	}
	for _, pr := range u.Programs {
		p("program %s: %s (%s %q, sleepable %t, known %t) runs %s, struct_ops %s.%s", pr.Name, pr.Section, pr.Info.Type, pr.Info.Attach, pr.Info.Sleepable,
			pr.Info.Known, pr.Func.Name, pr.StructOps, pr.Member)
	}
	for _, f := range u.Funcs {
		p("func %s: linkage %d params %v at %s %s", f.Name, f.Linkage, f.Params, place(f.Pos), f.Skipped)
		for _, bl := range f.Blocks {
			p("  b%d:", bl.Index)
			for _, in := range bl.Instrs {
				p("    %3d:%-3d %s", in.At().Line, in.At().Insn-1, text(in))
			}
		}
	}
	for _, s := range u.Skipped {
		p("skipped %s", s)
	}
	for _, n := range u.Notes {
		p("note %s", n)
	}
	return b.String()
}

func place(p *position.Pos) string {
	if p == nil {
		return "?"
	}
	return p.Span.String()
}

var opNames = map[ir.BinOp]string{
	ir.Add: "+", ir.Sub: "-", ir.Mul: "*", ir.Div: "/", ir.Mod: "%", ir.And: "&", ir.Or: "|", ir.Xor: "^", ir.Shl: "<<", ir.Shr: ">>",
	ir.Sar: "s>>", ir.Eq: "==", ir.Ne: "!=", ir.Lt: "<", ir.Le: "<=", ir.Gt: ">", ir.Ge: ">=", ir.Set: "&?",
}

var atomicNames = map[ir.AtomicOp]string{
	ir.AtomicAdd: "add", ir.AtomicAnd: "and", ir.AtomicOr: "or", ir.AtomicXor: "xor", ir.AtomicXchg: "xchg",
	ir.AtomicCmpXchg: "cmpxchg", ir.AtomicLoad: "load", ir.AtomicStore: "store", ir.AtomicOther: "other",
}

func operand(o ir.Operand) string {
	if o.IsImm {
		return fmt.Sprint(o.Imm)
	}
	return fmt.Sprintf("r%d", o.Reg)
}

func operands(os []ir.Operand) string {
	var out []string
	for _, o := range os {
		out = append(out, operand(o))
	}
	return strings.Join(out, ", ")
}

func signed(s bool) string {
	if s {
		return "s"
	}
	return ""
}

// text spells one operation.
func text(in ir.Instr) string {
	switch in := in.(type) {
	case *ir.Copy:
		return fmt.Sprintf("r%d = %s", in.Dst, operand(in.Src))
	case *ir.MapAddr:
		return fmt.Sprintf("r%d = map %s", in.Dst, in.Map.Name)
	case *ir.GlobalAddr:
		return fmt.Sprintf("r%d = &%s + %d", in.Dst, in.Global.Name, in.Off)
	case *ir.FuncAddr:
		return fmt.Sprintf("r%d = func %s", in.Dst, in.Func.Name)
	case *ir.StackAddr:
		return fmt.Sprintf("r%d = frame + %d", in.Dst, in.Off)
	case *ir.Bin:
		return fmt.Sprintf("r%d = %s %s%s%d %s", in.Dst, operand(in.A), opNames[in.Op], signed(in.Signed), in.Bits, operand(in.B))
	case *ir.Ext:
		return fmt.Sprintf("r%d = ext%s%d %s", in.Dst, signed(in.Signed), in.Bits, operand(in.Src))
	case *ir.AddrSpaceCast:
		return fmt.Sprintf("r%d = arena %s", in.Dst, operand(in.Src))
	case *ir.Opaque:
		return fmt.Sprintf("r%d = opaque(%s)", in.Dst, operands(in.Args))
	case *ir.Havoc:
		return fmt.Sprintf("r%d = unknown: %s", in.Dst, in.Reason)
	case *ir.Load:
		return strings.TrimSpace(fmt.Sprintf("r%d = load%s%d %s + %d %s", in.Dst, signed(in.Signed), in.Size*8, operand(in.Addr), in.Off, in.Field))
	case *ir.Store:
		return fmt.Sprintf("store%d %s + %d = %s", in.Size*8, operand(in.Addr), in.Off, operand(in.Src))
	case *ir.Atomic:
		s := fmt.Sprintf("atomic %s%d %s + %d, %s", atomicNames[in.Op], in.Size*8, operand(in.Addr), in.Off, operand(in.Src))
		if in.Op == ir.AtomicCmpXchg {
			s += fmt.Sprintf(" if %s", operand(in.Cmp))
		}
		if in.Dst != ir.NoReg {
			s += fmt.Sprintf(" -> r%d", in.Dst)
		}
		if in.Fetch {
			s += " fetch"
		}
		return s
	case *ir.Call:
		kind := []string{"helper", "kfunc", "func", "indirect", "external"}[in.Kind]
		if in.Kind == ir.CallIndirect {
			return fmt.Sprintf("r%d = call %s (%s)", in.Dst, operand(in.Ptr), operands(in.Args))
		}
		return fmt.Sprintf("r%d = call %s %s(%s)", in.Dst, kind, in.Name, operands(in.Args))
	case *ir.LegacyPacketLoad:
		return fmt.Sprintf("r%d = packet[%s]", in.Dst, operand(in.Off))
	case *ir.Jump:
		return fmt.Sprintf("goto b%d", in.To.Index)
	case *ir.Branch:
		if in.MayGoto {
			return fmt.Sprintf("may goto b%d else b%d", in.True.Index, in.False.Index)
		}
		return fmt.Sprintf("if %s %s%s%d %s goto b%d else b%d", operand(in.A), opNames[in.Op], signed(in.Signed), in.Bits, operand(in.B), in.True.Index, in.False.Index)
	case *ir.Return:
		return "return " + operand(in.Val)
	case *ir.Unreachable:
		return "unreachable"
	}
	return fmt.Sprintf("%T", in)
}

// fieldText spells a struct's member: name, type, place in bytes and bits,
// tags, line.
func fieldText(f ir.Field) string {
	return fmt.Sprintf("%s %s %d+%d:%d %q %d", f.Name, f.Type, f.Off, f.BitOff, f.BitSize, f.Tags, f.Line)
}
