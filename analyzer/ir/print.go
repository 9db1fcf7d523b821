package ir

import (
	"fmt"
	"strconv"
	"strings"
)

// binOps has the spelling of each operator.
var binOps = [...]string{Add: "+", Sub: "-", Mul: "*", Div: "/", Mod: "%", And: "&", Or: "|", Xor: "^", Shl: "<<", Shr: ">>",
	Sar: "s>>", Eq: "==", Ne: "!=", Lt: "<", Le: "<=", Gt: ">", Ge: ">=", Set: "&&"}

// String gives the operator's spelling ("+", "s>>").
func (op BinOp) String() string {
	if op >= 0 && int(op) < len(binOps) {
		return binOps[op]
	}
	return fmt.Sprintf("BinOp(%d)", int(op))
}

var atomicOps = [...]string{AtomicAdd: "add", AtomicAnd: "and", AtomicOr: "or", AtomicXor: "xor", AtomicXchg: "xchg",
	AtomicCmpXchg: "cmpxchg", AtomicLoad: "load", AtomicStore: "store", AtomicOther: "other"}

// String gives the operation's name ("add", "cmpxchg").
func (op AtomicOp) String() string {
	if op >= 0 && int(op) < len(atomicOps) {
		return atomicOps[op]
	}
	return fmt.Sprintf("AtomicOp(%d)", int(op))
}

// String gives a dump of the whole function, one instruction a line: a block's
// number, then its instructions. It is for tests and debugging.
func (f *Func) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "func %s(", f.Name)
	for i, p := range f.Params {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(f.regName(p))
	}
	b.WriteString(")")
	switch f.Linkage {
	case Static:
		b.WriteString(" static")
	case Inline:
		b.WriteString(" inline")
	}
	switch {
	case f.Skipped != "":
		fmt.Fprintf(&b, " skipped: %s", f.Skipped)
	case f.Extern:
		b.WriteString(" extern")
	}
	b.WriteByte('\n')
	for i, s := range f.Slots {
		fmt.Fprintf(&b, "  slot %d %s [%d]\n", i, s.Name, s.Size)
	}
	for _, blk := range f.Blocks {
		fmt.Fprintf(&b, "b%d:\n", blk.Index)
		for _, in := range blk.Instrs {
			b.WriteString("  ")
			b.WriteString(f.Instr(in))
			b.WriteByte('\n')
		}
	}
	return b.String()
}

func (f *Func) regName(r Reg) string {
	if r == NoReg {
		return "_"
	}
	if n := f.RegNames[r]; n != "" {
		return "%" + n + "." + strconv.Itoa(int(r))
	}
	return "%" + strconv.Itoa(int(r))
}

func (f *Func) operand(o Operand) string {
	if o.IsImm {
		return strconv.FormatInt(o.Imm, 10)
	}
	return f.regName(o.Reg)
}

func (f *Func) operands(os []Operand) string {
	out := make([]string, len(os))
	for i, o := range os {
		out[i] = f.operand(o)
	}
	return strings.Join(out, ", ")
}

// mem spells an address.
func (f *Func) mem(addr Operand, off, size int64) string {
	s := fmt.Sprintf("u%d[%s", size*8, f.operand(addr))
	switch {
	case off > 0:
		s += "+" + strconv.FormatInt(off, 10)
	case off < 0:
		s += strconv.FormatInt(off, 10)
	}
	return s + "]"
}

func sign(bits int, signed bool) string {
	if signed {
		return "s" + strconv.Itoa(bits)
	}
	return "u" + strconv.Itoa(bits)
}

// flags joins the words whose condition holds, each with a leading blank.
func flags(kv ...any) string {
	var b strings.Builder
	for i := 0; i+1 < len(kv); i += 2 {
		if kv[i+1].(bool) {
			b.WriteString(" " + kv[i].(string))
		}
	}
	return b.String()
}

func quoted(name, v string) string {
	if v == "" {
		return ""
	}
	return " " + name + "=" + v
}

// Instr gives one instruction of f as String spells it.
func (f *Func) Instr(in Instr) string {
	switch x := in.(type) {
	case *Copy:
		return fmt.Sprintf("%s = %s", f.regName(x.Dst), f.operand(x.Src))
	case *MapAddr:
		return fmt.Sprintf("%s = map %s", f.regName(x.Dst), x.Map.Name)
	case *GlobalAddr:
		return fmt.Sprintf("%s = global %s+%d", f.regName(x.Dst), x.Global.Name, x.Off)
	case *FuncAddr:
		return fmt.Sprintf("%s = func %s", f.regName(x.Dst), x.Func.Name)
	case *StackAddr:
		name := ""
		if x.Slot >= 0 && x.Slot < len(f.Slots) {
			name = f.Slots[x.Slot].Name
		}
		return fmt.Sprintf("%s = slot %d %s+%d", f.regName(x.Dst), x.Slot, name, x.Off)
	case *Bin:
		return fmt.Sprintf("%s = %s %s %s %s", f.regName(x.Dst), f.operand(x.A), x.Op, f.operand(x.B), sign(x.Bits, x.Signed))
	case *Ext:
		return fmt.Sprintf("%s = ext %s %s", f.regName(x.Dst), f.operand(x.Src), sign(x.Bits, x.Signed))
	case *AddrSpaceCast:
		return fmt.Sprintf("%s = arena %s", f.regName(x.Dst), f.operand(x.Src))
	case *Opaque:
		return fmt.Sprintf("%s = opaque(%s)", f.regName(x.Dst), f.operands(x.Args))
	case *Load:
		return fmt.Sprintf("%s = load %s", f.regName(x.Dst), f.mem(x.Addr, x.Off, x.Size)) +
			flags("signed", x.Signed, "volatile", x.Volatile, "kernel", x.Kernel) + quoted("field", x.Field)
	case *Store:
		return fmt.Sprintf("store %s = %s", f.mem(x.Addr, x.Off, x.Size), f.operand(x.Src)) +
			flags("volatile", x.Volatile, "bitfield", x.Bitfield) + quoted("field", x.Field) + quoted("name", x.Name)
	case *MemCopy:
		return fmt.Sprintf("memcopy %s <- %s, %s", f.operand(x.Dst), f.operand(x.Src), f.operand(x.Len)) + flags("assign", x.Assign)
	case *MemSet:
		return fmt.Sprintf("memset %s, %s, %s", f.operand(x.Dst), f.operand(x.Val), f.operand(x.Len))
	case *Atomic:
		s := fmt.Sprintf("%s = atomic %s %s, %s", f.regName(x.Dst), x.Op, f.mem(x.Addr, x.Off, x.Size), f.operand(x.Src))
		if x.Op == AtomicCmpXchg {
			s += ", " + f.operand(x.Cmp)
		}
		return s + flags("after", x.After, "fetch", x.Fetch) + quoted("field", x.Field) + quoted("as", x.Spelling)
	case *Call:
		return f.call(x)
	case *LegacyPacketLoad:
		return fmt.Sprintf("%s = packet[%s]", f.regName(x.Dst), f.operand(x.Off))
	case *Havoc:
		return fmt.Sprintf("%s = havoc %q", f.regName(x.Dst), x.Reason)
	case *Jump:
		return fmt.Sprintf("jump b%d", x.To.Index)
	case *Branch:
		if x.MayGoto {
			return fmt.Sprintf("may_goto b%d else b%d", x.True.Index, x.False.Index)
		}
		return fmt.Sprintf("if %s %s %s %s b%d else b%d", f.operand(x.A), x.Op, f.operand(x.B), sign(x.Bits, x.Signed), x.True.Index, x.False.Index)
	case *Return:
		if x.Void {
			return "return"
		}
		return "return " + f.operand(x.Val)
	case *Unreachable:
		return "unreachable"
	}
	return fmt.Sprintf("%T", in)
}

func (f *Func) call(x *Call) string {
	what := ""
	switch x.Kind {
	case CallHelper:
		what = fmt.Sprintf("helper %d", int32(x.Helper))
	case CallKfunc:
		what = "kfunc"
	case CallFunc:
		what = "func"
	case CallIndirect:
		what = "indirect " + f.operand(x.Ptr)
	case CallExternal:
		what = "external"
	}
	return fmt.Sprintf("%s = call %s %s(%s)", f.regName(x.Dst), what, x.Name, f.operands(x.Args))
}
