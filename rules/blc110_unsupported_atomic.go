package rules

import (
	"fmt"

	"github.com/bpflockcheck/bpflockcheck/analyzer/diag"
	"github.com/bpflockcheck/bpflockcheck/analyzer/ir"
	"github.com/bpflockcheck/bpflockcheck/analyzer/model"
	"github.com/bpflockcheck/bpflockcheck/rules/kernel"
)

var unsupportedAtomic = &Rule{
	ID: "BLC110", Name: "unsupported-atomic", Severity: diag.Error,
	Summary: "an atomic that the kernel lacks, or that it refuses on this size or memory",
	Check:   checkUnsupportedAtomic,
}

func checkUnsupportedAtomic(p *Pass) {
	for _, a := range p.Model.Accesses {
		op := a.Atomic
		if op == nil || a.Kind != model.AtomicRMW && a.Kind != model.AtomicLoad && a.Kind != model.AtomicStore {
			continue
		}
		name := op.Spelling
		if name == "" {
			name = atomicName(op)
		}
		switch {
		case op.Op == ir.AtomicOther:
			p.Report(a.Site, fmt.Sprintf("BPF has no instruction for %s", name), On(a.Place),
				Help("build it from a compare-and-swap loop"))
		case op.Op != ir.AtomicLoad && op.Op != ir.AtomicStore && op.Size != 4 && op.Size != 8:
			p.Report(a.Site, fmt.Sprintf("%s on %d byte(s): BPF atomics work on 4 and 8 bytes", name, op.Size), On(a.Place),
				Help("make the field 4 or 8 bytes wide"))
		case p.Kernel.Less(atomicSince(op)):
			p.Report(a.Site, fmt.Sprintf("%s needs Linux %s, and %s is to be supported", name, atomicSince(op), p.Kernel), On(a.Place),
				Help("%s", olderAtomic(op)))
		case a.Place.Region == model.RegionCtx || a.Place.Region == model.RegionPacket || a.Place.Region == model.RegionKernel:
			p.Report(a.Site, fmt.Sprintf("%s on %s: the verifier refuses atomics there", name, regionName(a.Place.Region)), On(a.Place),
				Help("BPF atomics work on map values, variables, the stack, ring buffer records and bpf_obj_new objects"))
		case a.Place.Region == model.RegionArena && arenaRefuses(op):
			p.Report(a.Site, fmt.Sprintf("%s on an arena: x86 has no such instruction with its result used", name), On(a.Place), WithConfidence(diag.Medium),
				Help("do not use the result, or use a compare-and-swap loop"))
		}
	}
}

// atomicSince gives the release an atomic came with.
func atomicSince(op *ir.Atomic) kernel.Version {
	switch op.Op {
	case ir.AtomicAdd:
		if !op.Fetch {
			return kernel.Version{Major: 3, Minor: 18}
		}
	case ir.AtomicLoad, ir.AtomicStore:
		return kernel.LoadAcquireSince
	}
	return kernel.AtomicsSince
}

func olderAtomic(op *ir.Atomic) string {
	switch {
	case op.Op == ir.AtomicAdd:
		return "leave the result unused: that is the older XADD instruction"
	case op.Op == ir.AtomicLoad || op.Op == ir.AtomicStore:
		return "use a volatile access, or an atomic with a result, which orders fully"
	}
	return "use a bpf_spin_lock, or a per-CPU map"
}

// arenaRefuses: arch/x86/net/bpf_jit_comp.c bpf_jit_supports_insn, 6.12 and
// 6.18.
func arenaRefuses(op *ir.Atomic) bool {
	return op.Fetch && (op.Op == ir.AtomicAnd || op.Op == ir.AtomicOr)
}

func regionName(r model.Region) string {
	switch r {
	case model.RegionCtx:
		return "the program's context"
	case model.RegionPacket:
		return "packet data"
	}
	return "a kernel object"
}

func atomicName(op *ir.Atomic) string {
	name := map[ir.AtomicOp]string{
		ir.AtomicAdd: "atomic add", ir.AtomicAnd: "atomic and", ir.AtomicOr: "atomic or", ir.AtomicXor: "atomic xor",
		ir.AtomicXchg: "atomic exchange", ir.AtomicCmpXchg: "compare and exchange",
		ir.AtomicLoad: "load-acquire", ir.AtomicStore: "store-release", ir.AtomicOther: "this atomic",
	}[op.Op]
	if op.Fetch && op.Op <= ir.AtomicXor {
		name += " with fetch"
	}
	return name
}
