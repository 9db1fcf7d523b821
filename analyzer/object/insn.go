package object

import (
	"encoding/binary"

	"github.com/cilium/ebpf/asm"
)

// insn is one BPF instruction as encoded, the second half of a wide load
// included. It is decoded here and not by asm.Instruction, which refuses what
// it does not know and folds the encodings of atomics together.
type insn struct {
	op       asm.OpCode
	dst, src uint8
	off      int16
	imm      int32
	hi       int32 // upper half of a wide load's constant
	index    int   // in instructions from the start of the function
	wide     bool
	half     bool // the second half of a wide load
	// bad says why the instruction cannot be taken at its word.
	bad string
}

// Fixed registers of the calling convention.
const (
	regRet   = 0  // r0: return value, and the expected value of compare-and-exchange
	regArg1  = 1  // r1: first of five arguments
	regCtx   = 6  // r6: the context of BPF_LD_ABS and BPF_LD_IND, implicitly
	regFrame = 10 // r10: the frame's end
	numRegs  = 11
	maxArgs  = 5
	// frameSize is MAX_BPF_STACK (include/linux/filter.h).
	frameSize = 512
)

// decode decodes the instructions of a function. The result has an element for
// each 8 bytes; the second half of a wide load is a bad instruction of its own.
func decode(code []byte, bo binary.ByteOrder) []insn {
	out := make([]insn, len(code)/insnSize)
	for i := range out {
		b := code[i*insnSize:]
		in := insn{
			op:    asm.OpCode(b[0]),
			off:   int16(bo.Uint16(b[2:])),
			imm:   int32(bo.Uint32(b[4:])),
			index: i,
		}
		if bo == binary.ByteOrder(binary.BigEndian) {
			in.dst, in.src = b[1]>>4, b[1]&0xf
		} else {
			in.dst, in.src = b[1]&0xf, b[1]>>4
		}
		out[i] = in
	}
	for i := 0; i < len(out); i++ {
		in := &out[i]
		if in.dst >= numRegs || in.src >= numRegs {
			in.bad = "there is no such register"
		}
		if !in.op.IsDWordLoad() {
			continue
		}
		if i+1 == len(out) || out[i+1].op != 0 {
			in.bad = "wide load without its second half"
			continue
		}
		in.wide, in.hi = true, out[i+1].imm
		i++
		out[i].bad, out[i].half = "second half of a wide load", true
	}
	return out
}

// next is the index of the instruction after in.
func (in *insn) next() int {
	if in.wide {
		return in.index + 2
	}
	return in.index + 1
}

// imm64 is the constant of a wide load.
func (in *insn) imm64() int64 { return int64(in.hi)<<32 | int64(uint32(in.imm)) }

// isX reports whether the second operand is a register.
func (in *insn) isX() bool { return in.op&0x08 != 0 }

// jump classifies an instruction for the control flow graph.
func (in *insn) jump() (kind jumpKind, target int) {
	cls := in.op.Class()
	if in.bad != "" || !cls.IsJump() {
		return jumpNone, 0
	}
	target = in.index + 1 + int(in.off)
	switch op := in.op & 0xf0; {
	case op == asm.OpCode(asm.Ja):
		if cls == asm.Jump32Class { // gotol
			target = in.index + 1 + int(in.imm)
		}
		return jumpAlways, target
	case cls == asm.JumpClass && op == asm.OpCode(asm.Exit):
		return jumpExit, 0
	case cls == asm.JumpClass && op == asm.OpCode(asm.Call):
		return jumpNone, 0
	case op == asm.OpCode(asm.JCOND):
		if cls == asm.JumpClass && in.src == 0 {
			return jumpMay, target
		}
		return jumpNone, 0
	case op > asm.OpCode(asm.JCOND) || cls == asm.Jump32Class && (op == asm.OpCode(asm.Exit) || op == asm.OpCode(asm.Call)):
		return jumpNone, 0
	}
	return jumpIf, target
}

type jumpKind int

const (
	jumpNone   jumpKind = iota
	jumpAlways          // goto, gotol
	jumpIf
	jumpMay // may_goto
	jumpExit
)
