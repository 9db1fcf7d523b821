package object

import (
	"debug/elf"

	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/btf"

	"github.com/bpflockcheck/bpflockcheck/analyzer/ir"
	"github.com/bpflockcheck/bpflockcheck/rules/kernel"
)

// bpfThrow is the kfunc that ends the program.
const bpfThrow = "bpf_throw"

// isCall reports whether in is a call of any kind.
func (in *insn) isCall() bool {
	return in.op.Class() == asm.JumpClass && in.op&0xf0 == asm.OpCode(asm.Call)
}

// callsX reports whether in is the indirect call (callx).
func (in *insn) callsX() bool {
	return in.isCall() && in.isX()
}

// isNoReturn reports whether in is a call that does not come back.
func (lo *lowering) isNoReturn(in *insn) bool {
	if in.bad != "" || in.op != asm.OpCode(asm.JumpClass)|asm.OpCode(asm.Call) {
		return false
	}
	r, ok := lo.relocAt(in)
	return ok && lo.file.sectionOf(r.sym) == nil && r.sym.Name == bpfThrow
}

// relocAt gives the relocation of an instruction.
func (lo *lowering) relocAt(in *insn) (reloc, bool) {
	r, ok := lo.f.sec.relocs[lo.byteOff(in)]
	return r, ok
}

// args gives the first n argument registers.
func args(n int) []ir.Operand {
	if n < 0 || n > maxArgs {
		n = maxArgs
	}
	out := make([]ir.Operand, n)
	for i := range out {
		out[i] = ir.R(ir.Reg(regArg1 + i))
	}
	return out
}

// call lowers a call. A relocation says what is called; without one, the
// source register and the immediate do.
func (lo *lowering) call(in *insn) {
	c := &ir.Call{Base: lo.base(), Dst: regRet}
	r, relocated := lo.relocAt(in)
	switch {
	case in.callsX():
		// The register stands in the destination field; compilers before
		// LLVM 19 put it in the immediate.
		reg := in.dst
		if reg == 0 && in.imm > 0 && in.imm < numRegs {
			reg = uint8(in.imm)
		}
		c.Kind, c.Ptr, c.Args = ir.CallIndirect, ir.R(ir.Reg(reg)), args(maxArgs)
	case relocated && lo.file.sectionOf(r.sym) == nil:
		lo.callExtern(c, r.sym)
	case relocated:
		sec := lo.file.sectionOf(r.sym)
		off := int64(r.sym.Value) + (int64(in.imm)+1)*insnSize
		if r.rela {
			off = int64(r.sym.Value) + r.addend
		}
		lo.callFunc(c, sec, off)
	case in.src == uint8(asm.PseudoCall):
		lo.callFunc(c, lo.f.sec, int64(lo.byteOff(in))+(int64(in.imm)+1)*insnSize)
	case in.src == uint8(asm.PseudoKfuncCall):
		c.Kind, c.Args = ir.CallKfunc, args(maxArgs)
	case in.src == 0:
		lo.callHelper(c, kernel.Helper(in.imm))
	default:
		lo.unknown(in, "unknown kind of call")
		return
	}
	lo.emit(c)
	if lo.isNoReturn(in) {
		lo.end(&ir.Unreachable{Base: lo.base()})
	}
}

func (lo *lowering) callHelper(c *ir.Call, h kernel.Helper) {
	c.Kind, c.Helper, c.Name, c.Args = ir.CallHelper, h, h.Name(), args(maxArgs)
	if info, ok := h.Info(); ok {
		c.Args = args(len(info.Args))
	} else {
		lo.skipInsn("call of helper number %d, which is not known", h)
	}
}

// callFunc completes a call of the function at a place of a section.
func (lo *lowering) callFunc(c *ir.Call, sec *section, off int64) {
	c.Kind, c.Args = ir.CallFunc, args(maxArgs)
	callee := lo.funcAt[symKey{sec.index, uint64(off)}]
	if callee == nil {
		c.Kind = ir.CallExternal
		lo.skipInsn("call of byte %d of section %s, where no function begins", off, sec.Name)
		return
	}
	c.Func, c.Name = callee.fn, callee.fn.Name
	if callee.fn.Linkage != ir.Static { // see setParams
		lo.signature(c, callee.btf)
	}
}

// callExtern completes a call of an undefined symbol: a kernel function when
// BTF lists it among the kernel's symbols (or cannot tell), else a function of
// another object.
func (lo *lowering) callExtern(c *ir.Call, sym elf.Symbol) {
	c.Kind, c.Name, c.Args = ir.CallKfunc, sym.Name, args(maxArgs)
	if lo.btf == nil {
		return
	}
	fn := lo.btf.kfunc(sym.Name)
	if fn == nil {
		fn = lo.btf.funcs[sym.Name]
		if fn != nil {
			c.Kind = ir.CallExternal
		}
	}
	lo.signature(c, fn)
}

// kfunc finds a kernel function's declaration.
func (b *btfData) kfunc(name string) *btf.Func {
	ds := b.datasecs[ksymsSection]
	if ds == nil {
		return nil
	}
	if b.kfuncs == nil {
		b.kfuncs = make(map[string]*btf.Func)
		for _, v := range ds.Vars {
			if fn, ok := v.Type.(*btf.Func); ok {
				b.kfuncs[fn.Name] = fn
			}
		}
	}
	return b.kfuncs[name]
}

// signature limits a call's arguments to those of the callee's prototype and
// adds their types.
func (lo *lowering) signature(c *ir.Call, fn *btf.Func) {
	n := arity(fn)
	if n < 0 {
		return
	}
	p := proto(fn)
	c.Args = args(n)
	c.ArgTypes = lo.paramTypes(p, n)
	if !isVoid(p.Return) {
		c.RetType = lo.types.convert(p.Return)
	}
}
