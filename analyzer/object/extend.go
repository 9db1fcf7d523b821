package object

import "github.com/bpflockcheck/bpflockcheck/analyzer/ir"

// extension recognises the second half of the idiom with which instruction
// sets before v4 cut a register to its low 32, 16 or 8 bits: a shift left and
// one right by the same number. It takes the first half back and gives the
// extension in its place, so that the analysis sees a copy of a value and not
// one computed from it. It gives nil for any other shift.
func (lo *lowering) extension(in *ir.Bin) *ir.Ext {
	if in.Bits != 64 || in.Op != ir.Shr && in.Op != ir.Sar || !in.B.IsImm {
		return nil
	}
	n := in.B.Imm
	if n != 32 && n != 48 && n != 56 {
		return nil
	}
	// Compilers put other instructions between the two, but few.
	const window = 8
	instrs := lo.block.Instrs
	for i := len(instrs) - 1; i >= 0 && i >= len(instrs)-window; i-- {
		if shl, ok := instrs[i].(*ir.Bin); ok && shl.Op == ir.Shl && shl.Bits == 64 &&
			shl.Dst == in.Dst && shl.A == in.A && shl.B == in.B {
			lo.block.Instrs = append(instrs[:i], instrs[i+1:]...)
			return &ir.Ext{Base: in.Base, Dst: in.Dst, Src: in.A, Bits: int(64 - n), Signed: in.Op == ir.Sar}
		}
		if mentions(instrs[i], in.Dst) {
			return nil
		}
	}
	return nil
}

// mentions reports whether an operation reads or writes a register. Calls and
// whatever else is not listed may.
func mentions(in ir.Instr, r ir.Reg) bool {
	is := func(dst ir.Reg, ops ...ir.Operand) bool {
		for _, o := range ops {
			if !o.IsImm && o.Reg == r {
				return true
			}
		}
		return dst == r
	}
	switch in := in.(type) {
	case *ir.Copy:
		return is(in.Dst, in.Src)
	case *ir.Ext:
		return is(in.Dst, in.Src)
	case *ir.AddrSpaceCast:
		return is(in.Dst, in.Src)
	case *ir.Bin:
		return is(in.Dst, in.A, in.B)
	case *ir.Load:
		return is(in.Dst, in.Addr)
	case *ir.Store:
		return is(ir.NoReg, in.Addr, in.Src)
	case *ir.MapAddr:
		return is(in.Dst)
	case *ir.GlobalAddr:
		return is(in.Dst)
	case *ir.StackAddr:
		return is(in.Dst)
	}
	return true
}
