package object

import (
	"strconv"
	"strings"

	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/btf"

	"github.com/bpflockcheck/bpflockcheck/analyzer/ir"
)

// Source registers of a wide load other than asm's (include/uapi/linux/bpf.h):
// what the constant means.
const (
	pseudoBTFID       = 3
	pseudoMapIdx      = 5
	pseudoMapIdxValue = 6
)

// load lowers the load class: wide constants and the packet loads of classic
// BPF.
func (lo *lowering) load(in *insn) {
	switch mode := in.op.Mode(); {
	case in.op.IsDWordLoad():
		lo.wideLoad(in)
	case mode == asm.AbsMode && in.op.Size() != asm.DWord:
		lo.emit(&ir.LegacyPacketLoad{Base: lo.base(), Dst: regRet, Off: ir.Imm(int64(in.imm))})
	case mode == asm.IndMode && in.op.Size() != asm.DWord:
		lo.emit(&ir.LegacyPacketLoad{Base: lo.base(), Dst: regRet, Off: ir.R(ir.Reg(in.src))})
	default:
		lo.unknown(in, "unknown load")
	}
}

// wideLoad lowers a 64-bit constant, which a relocation or the source register
// may make an address.
func (lo *lowering) wideLoad(in *insn) {
	dst := ir.Reg(in.dst)
	if r, ok := lo.relocAt(in); ok {
		lo.address(in, r)
		return
	}
	switch in.src {
	case 0:
		if r, ok := lo.f.core[lo.byteOff(in)]; ok && r.kind.decidedAtLoad() {
			lo.emit(&ir.Opaque{Base: lo.base(), Dst: dst})
			return
		}
		lo.emit(&ir.Copy{Base: lo.base(), Dst: dst, Src: ir.Imm(in.imm64())})
	case uint8(asm.PseudoFunc):
		lo.funcAddr(in, lo.f.sec, int64(lo.byteOff(in))+(int64(in.imm)+1)*insnSize)
	case uint8(asm.PseudoMapFD), uint8(asm.PseudoMapValue), pseudoMapIdx, pseudoMapIdxValue:
		lo.unknown(in, "a map by number: there is no relocation to name it")
	case pseudoBTFID:
		lo.unknown(in, "a kernel variable by BTF number: there is no relocation to name it")
	default:
		lo.unknown(in, "unknown kind of constant")
	}
}

// address lowers a wide load whose constant is the address of a symbol.
func (lo *lowering) address(in *insn, r reloc) {
	dst := ir.Reg(in.dst)
	sec := lo.file.sectionOf(r.sym)
	// Relocations without an addend have it at the place relocated, in the
	// first half (libbpf: insn[0].imm).
	off := int64(r.sym.Value) + int64(in.imm)
	if r.rela {
		off = int64(r.sym.Value) + r.addend
	}
	switch {
	case sec == nil && lo.externMap(r.sym.Name) != nil:
		lo.emit(&ir.MapAddr{Base: lo.base(), Dst: dst, Map: lo.externMap(r.sym.Name)})
	case sec == nil:
		lo.emit(&ir.GlobalAddr{Base: lo.base(), Dst: dst, Global: lo.externAddress(r.sym)})
	case lo.mapSecs[sec.index]:
		m := lo.mapAt(sec.index, uint64(off))
		if m == nil {
			lo.unknown(in, "address of a map that has no symbol")
			return
		}
		lo.emit(&ir.MapAddr{Base: lo.base(), Dst: dst, Map: m})
	case sec.isCode():
		lo.funcAddr(in, sec, off)
	default:
		g, at := lo.globalAt(sec.index, off)
		if g == nil {
			lo.unknown(in, "address in section "+sec.Name+", which holds no variables")
			return
		}
		lo.emit(&ir.GlobalAddr{Base: lo.base(), Dst: dst, Global: g, Off: at})
	}
}

// funcAddr loads the address of the function at a place of a section.
func (lo *lowering) funcAddr(in *insn, sec *section, off int64) {
	fn := lo.funcAt[symKey{sec.index, uint64(off)}]
	if fn == nil {
		lo.unknown(in, "address of a function that has no symbol")
		return
	}
	lo.emit(&ir.FuncAddr{Base: lo.base(), Dst: ir.Reg(in.dst), Func: fn.fn})
}

// coreField gives the path of the field that a CO-RE relocation of a load
// names, "" when there is none.
func (lo *lowering) coreField(in *insn) string {
	r, ok := lo.f.core[lo.byteOff(in)]
	if !ok || r.kind != 0 { // BPF_CORE_FIELD_BYTE_OFFSET
		return ""
	}
	t, err := lo.btf.spec.TypeByID(r.typ)
	if err != nil {
		return ""
	}
	return fieldPath(t, r.access)
}

// fieldPath spells the path that a CO-RE access string takes from a type: the
// first number indexes an array of the type, each further one a member or an
// element.
func fieldPath(t btf.Type, access string) string {
	var path strings.Builder
	for i, s := range strings.Split(access, ":") {
		n, err := strconv.Atoi(s)
		if err != nil || n < 0 {
			return ""
		}
		if i == 0 {
			continue
		}
		var members []btf.Member
		switch u := btf.UnderlyingType(t).(type) {
		case *btf.Struct:
			members = u.Members
		case *btf.Union:
			members = u.Members
		case *btf.Array:
			path.WriteString("[]")
			t = u.Type
			continue
		}
		if n >= len(members) {
			return ""
		}
		if name := members[n].Name; name != "" {
			if path.Len() > 0 {
				path.WriteByte('.')
			}
			path.WriteString(name)
		}
		t = members[n].Type
	}
	return path.String()
}
