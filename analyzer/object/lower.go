package object

import (
	"debug/elf"

	"github.com/cilium/ebpf/asm"

	"github.com/bpflockcheck/bpflockcheck/analyzer/ir"
	"github.com/bpflockcheck/bpflockcheck/analyzer/position"
)

// lowering is the state of lowering one function.
type lowering struct {
	*loader
	f     *function
	code  []insn
	block *ir.Block
	at    map[int]*ir.Block // blocks by first instruction
	pos   *position.Pos     // of the current instruction
	skips int
}

// lowerFunc fills in a function's blocks.
func (l *loader) lowerFunc(f *function) {
	lo := &lowering{loader: l, f: f, code: decode(f.code, l.file.ByteOrder)}
	if len(lo.code) == 0 {
		f.fn.Pos = &position.Pos{Span: position.Span{File: l.name}}
		f.fn.Skipped = "it has no instructions"
		l.skip(f.fn.Pos, f.fn.Name, "%s", f.fn.Skipped)
		return
	}
	f.fn.Pos = l.functionPos(f)
	f.fn.Slots = []ir.Slot{{Name: "frame", Size: frameSize}}
	reached, starts := leaders(lo.code, lo.isNoReturn)
	f.fn.Blocks, lo.at = blocksOf(starts)
	entry := f.fn.Blocks[0]
	lo.block, lo.pos = entry, lo.position(0)
	lo.emit(&ir.StackAddr{Base: lo.base(), Dst: regFrame, Slot: 0, Off: frameSize})
	lo.emit(&ir.Jump{Base: lo.base(), To: lo.at[0]})
	lo.block = nil
	for i := 0; i < len(lo.code); {
		if !reached[i] {
			i++
			continue
		}
		in := &lo.code[i]
		lo.pos = lo.position(i)
		if starts[i] {
			if lo.block != nil {
				before := lo.block.Instrs[len(lo.block.Instrs)-1].At()
				lo.emit(&ir.Jump{Base: ir.Base{Pos: before}, To: lo.at[i]})
			}
			lo.block = lo.at[i]
		}
		if lo.block != nil {
			lo.insn(in)
		}
		if next := in.next(); lo.block != nil && next >= len(lo.code) {
			lo.runOff("control runs off the function's end")
		}
		i = in.next()
	}
	f.fn.Blocks = mergeEntry(f.fn.Blocks)
	lo.split()
}

// mergeEntry folds the entry block into the first one unless a jump leads back
// there.
func mergeEntry(blocks []*ir.Block) []*ir.Block {
	if len(blocks) < 2 {
		return blocks
	}
	entry, first := blocks[0], blocks[1]
	for _, b := range blocks[1:] {
		for _, s := range b.Succs() {
			if s == first {
				return blocks
			}
		}
	}
	first.Instrs = append(entry.Instrs[:len(entry.Instrs)-1:len(entry.Instrs)-1], first.Instrs...)
	blocks = blocks[1:]
	for i, b := range blocks {
		b.Index = i
	}
	return blocks
}

func (lo *lowering) base() ir.Base { return ir.Base{Pos: lo.pos} }

func (lo *lowering) emit(in ir.Instr) { lo.block.Instrs = append(lo.block.Instrs, in) }

// end ends the current block with a terminator.
func (lo *lowering) end(in ir.Instr) {
	lo.emit(in)
	lo.block = nil
}

// maxSkips is how many instructions of one function are reported one by one.
const maxSkips = 20

// skipInsn records that the current instruction could not be lowered.
func (lo *lowering) skipInsn(format string, args ...any) {
	switch lo.skips++; {
	case lo.skips < maxSkips:
		lo.skip(lo.pos, lo.f.fn.Name, format, args...)
	case lo.skips == maxSkips:
		lo.skip(lo.pos, lo.f.fn.Name, "further instructions like these")
	}
}

// runOff ends a block at a place where control must not get.
func (lo *lowering) runOff(why string) {
	lo.skipInsn("instruction %d: %s", lo.pos.Insn-1, why)
	lo.end(&ir.Unreachable{Base: lo.base()})
}

// unknown stands in for an instruction without a meaning known here.
func (lo *lowering) unknown(in *insn, why string) {
	lo.skipInsn("instruction %d (opcode %#02x): %s", in.index, uint8(in.op), why)
	dst := ir.Reg(in.dst)
	if in.dst >= numRegs {
		dst = regRet
	}
	lo.havoc(dst, why)
}

func (lo *lowering) havoc(dst ir.Reg, why string) {
	lo.emit(&ir.Havoc{Base: lo.base(), Dst: dst, Reason: why})
}

// insn lowers one instruction into the current block.
func (lo *lowering) insn(in *insn) {
	if in.bad != "" {
		lo.unknown(in, in.bad)
		return
	}
	if _, ok := lo.relocAt(in); ok && !in.wide && !in.isCall() {
		lo.skipInsn("instruction %d: a relocation where none is expected", in.index)
	}
	switch in.op.Class() {
	case asm.ALUClass, asm.ALU64Class:
		lo.alu(in)
	case asm.JumpClass, asm.Jump32Class:
		lo.jump(in)
	case asm.LdClass:
		lo.load(in)
	case asm.LdXClass:
		switch in.op.Mode() {
		case asm.MemMode:
			lo.loadMem(in, false)
		case asm.MemSXMode:
			lo.loadMem(in, true)
		default:
			lo.unknown(in, "unknown mode of load")
		}
	case asm.StClass:
		if in.op.Mode() != asm.MemMode {
			lo.unknown(in, "unknown mode of store")
			return
		}
		lo.store(in, ir.Imm(int64(in.imm)))
	case asm.StXClass:
		switch in.op.Mode() {
		case asm.MemMode:
			lo.store(in, ir.R(ir.Reg(in.src)))
		case asm.AtomicMode:
			lo.atomic(in)
		default:
			lo.unknown(in, "unknown mode of store")
		}
	}
}

func (lo *lowering) loadMem(in *insn, signed bool) {
	lo.emit(&ir.Load{
		Base:   lo.base(),
		Dst:    ir.Reg(in.dst),
		Addr:   ir.R(ir.Reg(in.src)),
		Off:    int64(in.off),
		Size:   accessSize(in),
		Signed: signed,
		Field:  lo.coreField(in),
	})
}

func (lo *lowering) store(in *insn, src ir.Operand) {
	lo.emit(&ir.Store{Base: lo.base(), Addr: ir.R(ir.Reg(in.dst)), Off: int64(in.off), Size: accessSize(in), Src: src})
}

// accessSize is the number of bytes that a load or store accesses.
func accessSize(in *insn) int64 {
	switch in.op.Size() {
	case asm.Byte:
		return 1
	case asm.Half:
		return 2
	case asm.Word:
		return 4
	}
	return 8
}

// binOps maps ALU operations that are the same operation in ir.
var binOps = map[asm.ALUOp]ir.BinOp{
	asm.Add: ir.Add, asm.Sub: ir.Sub, asm.Mul: ir.Mul, asm.Div: ir.Div, asm.Or: ir.Or, asm.And: ir.And,
	asm.LSh: ir.Shl, asm.RSh: ir.Shr, asm.Mod: ir.Mod, asm.Xor: ir.Xor, asm.ArSh: ir.Sar,
}

func (lo *lowering) alu(in *insn) {
	bits := 64
	if in.op.Class() == asm.ALUClass {
		bits = 32
	}
	dst := ir.Reg(in.dst)
	src := ir.Imm(int64(in.imm))
	if in.isX() {
		src = ir.R(ir.Reg(in.src))
	}
	op := in.op.ALUOp()
	switch op {
	case asm.Mov:
		lo.mov(in, bits)
		return
	case asm.Neg:
		lo.emit(&ir.Bin{Base: lo.base(), Dst: dst, Op: ir.Sub, A: ir.Imm(0), B: ir.R(dst), Bits: bits})
		return
	case asm.Swap:
		lo.swap(in)
		return
	}
	bin, ok := binOps[op]
	if !ok {
		lo.unknown(in, "unknown arithmetic instruction")
		return
	}
	signed := (op == asm.Div || op == asm.Mod) && in.off == 1
	out := &ir.Bin{Base: lo.base(), Dst: dst, Op: bin, A: ir.R(dst), B: src, Bits: bits, Signed: signed}
	if ext := lo.extension(out); ext != nil {
		lo.emit(ext)
		return
	}
	lo.emit(out)
	if signed && bits == 32 {
		// Computed as signed, but the register's upper half becomes zero.
		lo.emit(&ir.Ext{Base: lo.base(), Dst: dst, Src: ir.R(dst), Bits: 32})
	}
}

// offAddrSpaceCast is BPF_ADDR_SPACE_CAST: a 64-bit move with it converts
// between an arena's two address spaces (kernel/bpf/verifier.c, check_alu_op).
// The immediate names them, the new one in its upper half; immToKernel makes
// an address that programs can use.
const (
	offAddrSpaceCast = 1
	immToKernel      = 1
)

func (lo *lowering) mov(in *insn, bits int) {
	dst := ir.Reg(in.dst)
	if !in.isX() {
		v := int64(in.imm)
		if bits == 32 {
			v = int64(uint32(in.imm))
		}
		if r, ok := lo.f.core[lo.byteOff(in)]; ok && r.kind.decidedAtLoad() {
			lo.emit(&ir.Opaque{Base: lo.base(), Dst: dst})
			return
		}
		lo.emit(&ir.Copy{Base: lo.base(), Dst: dst, Src: ir.Imm(v)})
		return
	}
	src := ir.R(ir.Reg(in.src))
	switch in.off {
	case 8, 16, 32:
		lo.emit(&ir.Ext{Base: lo.base(), Dst: dst, Src: src, Bits: int(in.off), Signed: true})
		if bits == 32 {
			lo.emit(&ir.Ext{Base: lo.base(), Dst: dst, Src: ir.R(dst), Bits: 32})
		}
	case 0, offAddrSpaceCast:
		if bits == 32 {
			lo.emit(&ir.Ext{Base: lo.base(), Dst: dst, Src: src, Bits: 32})
			return
		}
		if in.off == offAddrSpaceCast && in.imm == immToKernel {
			lo.emit(&ir.AddrSpaceCast{Base: lo.base(), Dst: dst, Src: src})
			return
		}
		lo.emit(&ir.Copy{Base: lo.base(), Dst: dst, Src: src})
	default:
		lo.unknown(in, "unknown kind of move")
	}
}

// swap lowers conversions of byte order. To the machine's own order it is a
// truncation, otherwise the value is some function of the operand.
func (lo *lowering) swap(in *insn) {
	dst := ir.Reg(in.dst)
	toBig := in.isX()
	native := in.op.Class() == asm.ALUClass && toBig == (lo.file.Data == elf.ELFDATA2MSB)
	switch {
	case in.imm != 16 && in.imm != 32 && in.imm != 64:
		lo.unknown(in, "unknown width of byte swap")
	case !native:
		lo.emit(&ir.Opaque{Base: lo.base(), Dst: dst, Args: []ir.Operand{ir.R(dst)}})
	case in.imm == 64:
		lo.emit(&ir.Copy{Base: lo.base(), Dst: dst, Src: ir.R(dst)})
	default:
		lo.emit(&ir.Ext{Base: lo.base(), Dst: dst, Src: ir.R(dst), Bits: int(in.imm)})
	}
}

// branchOps maps conditional jumps.
var branchOps = map[asm.OpCode]struct {
	op     ir.BinOp
	signed bool
}{
	asm.OpCode(asm.JEq): {ir.Eq, false}, asm.OpCode(asm.JNE): {ir.Ne, false},
	asm.OpCode(asm.JGT): {ir.Gt, false}, asm.OpCode(asm.JGE): {ir.Ge, false},
	asm.OpCode(asm.JLT): {ir.Lt, false}, asm.OpCode(asm.JLE): {ir.Le, false},
	asm.OpCode(asm.JSGT): {ir.Gt, true}, asm.OpCode(asm.JSGE): {ir.Ge, true},
	asm.OpCode(asm.JSLT): {ir.Lt, true}, asm.OpCode(asm.JSLE): {ir.Le, true},
	asm.OpCode(asm.JSet): {ir.Set, false},
}

func (lo *lowering) jump(in *insn) {
	kind, target := in.jump()
	switch kind {
	case jumpExit:
		lo.end(&ir.Return{Base: lo.base(), Val: ir.R(regRet)})
	case jumpAlways:
		if to := lo.blockAt(target); to != nil {
			lo.end(&ir.Jump{Base: lo.base(), To: to})
		}
	case jumpMay, jumpIf:
		lo.branch(in, kind, target)
	case jumpNone:
		if in.isCall() {
			lo.call(in)
			return
		}
		lo.unknown(in, "unknown jump")
	}
}

func (lo *lowering) branch(in *insn, kind jumpKind, target int) {
	br := &ir.Branch{Base: lo.base(), Bits: 64, MayGoto: kind == jumpMay, A: ir.R(ir.Reg(in.dst)), B: ir.Imm(int64(in.imm))}
	if in.op.Class() == asm.Jump32Class {
		br.Bits = 32
	}
	if in.isX() {
		br.B = ir.R(ir.Reg(in.src))
	}
	if br.MayGoto {
		br.A, br.B = ir.Imm(0), ir.Imm(0)
	} else {
		b := branchOps[in.op&0xf0]
		br.Op, br.Signed = b.op, b.signed
	}
	if br.True = lo.blockAt(target); br.True == nil {
		return
	}
	if br.False = lo.blockAt(in.next()); br.False != nil {
		lo.end(br)
	}
}

// blockAt finds the block that a jump leads to. For a place outside the
// function, or in the middle of a wide load, it ends the current block and
// gives nil.
func (lo *lowering) blockAt(target int) *ir.Block {
	to := lo.at[target]
	if to == nil {
		lo.runOff("control goes to no instruction of the function")
	}
	return to
}

// byteOff is an instruction's offset in its section.
func (lo *lowering) byteOff(in *insn) uint64 { return lo.f.off + uint64(in.index)*insnSize }
