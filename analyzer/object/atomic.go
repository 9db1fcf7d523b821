package object

import "github.com/bpflockcheck/bpflockcheck/analyzer/ir"

// Encodings of atomic operations in the immediate (include/uapi/linux/bpf.h):
// an ALU operation, the fetch flag, exchange and compare-and-exchange, and
// since 6.15 load-acquire and store-release. The XADD of older compilers is
// the addition without fetch: its immediate is 0.
const (
	atomicFetch        = 0x01
	atomicXchg         = 0xe0 | atomicFetch
	atomicCmpXchg      = 0xf0 | atomicFetch
	atomicLoadAcquire  = 0x100
	atomicStoreRelease = 0x110
)

var atomicOps = map[int32]ir.AtomicOp{
	0x00: ir.AtomicAdd, 0x40: ir.AtomicOr, 0x50: ir.AtomicAnd, 0xa0: ir.AtomicXor,
}

func (lo *lowering) atomic(in *insn) {
	dst, src := ir.Reg(in.dst), ir.Reg(in.src)
	a := &ir.Atomic{
		Base: lo.base(),
		Addr: ir.R(dst),
		Off:  int64(in.off),
		Size: accessSize(in),
		Src:  ir.R(src),
		Dst:  ir.NoReg,
	}
	switch in.imm {
	case atomicXchg:
		a.Op, a.Fetch, a.Dst = ir.AtomicXchg, true, src
	case atomicCmpXchg:
		a.Op, a.Fetch, a.Dst, a.Cmp = ir.AtomicCmpXchg, true, regRet, ir.R(regRet)
	case atomicLoadAcquire:
		// The operands are those of a load.
		a.Op, a.Addr, a.Src, a.Dst = ir.AtomicLoad, ir.R(src), ir.Imm(0), dst
	case atomicStoreRelease:
		a.Op = ir.AtomicStore
	default:
		op, ok := atomicOps[in.imm&^atomicFetch]
		if !ok {
			lo.skipInsn("instruction %d: unknown atomic operation %#x", in.index, in.imm)
			a.Op = ir.AtomicOther
			break
		}
		a.Op = op
		if in.imm&atomicFetch != 0 {
			a.Fetch, a.Dst = true, src
		}
	}
	lo.emit(a)
}
