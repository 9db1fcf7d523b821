package linker

import (
	"debug/elf"
	"fmt"
	"sort"
	"strings"

	"github.com/cilium/ebpf/btf"

	"github.com/bpflockcheck/bpflockcheck/rules/kernel"
)

// Insn is one BPF instruction.
type Insn struct {
	Op   uint8
	Regs uint8 // destination in the low, source in the high four bits
	Off  int16
	Imm  int32
}

// Src and Dst are the registers' numbers.
func (i Insn) Src() uint8 { return i.Regs >> 4 }

// Dst is the destination register.
func (i Insn) Dst() uint8 { return i.Regs & 0xf }

// WithSrc replaces the source register.
func (i Insn) WithSrc(r uint8) Insn { i.Regs = i.Regs&0xf | r<<4; return i }

// Opcodes and pseudo source registers, include/uapi/linux/bpf.h.
const (
	opLdImm64 = 0x18
	opCall    = 0x85

	PseudoMapFD    = 1
	PseudoMapValue = 2
	PseudoBTFID    = 3
	PseudoFunc     = 4
	pseudoCall     = 1
	PseudoKfunc    = 2
)

// Program is one entry program, linked.
type Program struct {
	Name, Section string
	Info          kernel.ProgInfo
	AttachType    uint32 // enum bpf_attach_type
	Flags         uint32 // BPF_F_SLEEPABLE ...
	Insns         []Insn
	Relocs        []Reloc
	Core          []CoreReloc
	// FuncInfo and LineInfo are records as the kernel takes them, by
	// instruction.
	FuncInfo, LineInfo []byte
	// StructOps and Member name what a struct_ops program implements.
	StructOps, Member string
	// Err says why the program could not be linked.
	Err error

	obj   *Object
	start *function
}

// RelocKind is what an instruction refers to.
type RelocKind int

// Kinds of relocations.
const (
	RelMap        RelocKind = iota // ld_imm64 of Map
	RelData                        // ld_imm64 of Map's value plus Off
	RelKfunc                       // call of the kernel function Sym
	RelKfuncAddr                   // ld_imm64 of the kernel function Sym
	RelKsymTyped                   // ld_imm64 of the kernel variable Sym, by its BTF
	RelKsymKnown                   // ld_imm64 of the address of Sym
	RelUnresolved                  // an extern that nothing defines
)

// Reloc is what is left to do for an instruction.
type Reloc struct {
	Insn int
	Kind RelocKind
	Map  *Map
	Off  int32
	Sym  string
	Weak bool
	Func *btf.Func // for RelKfunc and RelKfuncAddr: the declaration
}

// CoreReloc is a CO-RE relocation.
type CoreReloc struct {
	Insn int
	Relo *btf.CORERelocation
}

// function is a function as it stands in its section.
type function struct {
	name     string
	sec      int
	off, end uint64 // bytes
	sym      elf.Symbol
}

const (
	flagSleepable = 1 << 4
	flagXDPFrags  = 1 << 5
)

func (o *Object) readFunctions() {
	for _, s := range o.syms {
		sec := o.sectionOf(s)
		if sec < 0 || elf.ST_TYPE(s.Info) != elf.STT_FUNC || o.file.Sections[sec].Flags&elf.SHF_EXECINSTR == 0 {
			continue
		}
		if s.Value%8 != 0 || s.Size%8 != 0 || s.Size == 0 || s.Value+s.Size > uint64(len(o.data[sec])) {
			continue
		}
		o.funcs[sec] = append(o.funcs[sec], &function{name: s.Name, sec: sec, off: s.Value, end: s.Value + s.Size, sym: s})
	}
	var secs []int
	for sec, fs := range o.funcs {
		sort.SliceStable(fs, func(i, j int) bool { return fs[i].off < fs[j].off })
		secs = append(secs, sec)
	}
	sort.Ints(secs)
	for _, sec := range secs {
		name := o.file.Sections[sec].Name
		if name == ".text" {
			continue
		}
		for _, f := range o.funcs[sec] {
			if elf.ST_BIND(f.sym.Info) == elf.STB_LOCAL {
				continue
			}
			p := &Program{Name: f.name, Section: name, Info: kernel.ParseSection(name), obj: o, start: f}
			p.AttachType = attachType(p.Info)
			if p.Info.Sleepable {
				p.Flags |= flagSleepable
			}
			if len(p.Info.Prefix) >= 9 && p.Info.Prefix[:9] == "xdp.frags" {
				p.Flags |= flagXDPFrags
			}
			o.Programs = append(o.Programs, p)
		}
	}
}

// funcAt finds the function that starts at a byte offset of a section.
func (o *Object) funcAt(sec int, off uint64) *function {
	fs := o.funcs[sec]
	i := sort.Search(len(fs), func(i int) bool { return fs[i].off >= off })
	if i < len(fs) && fs[i].off == off {
		return fs[i]
	}
	return nil
}

func decode(b []byte) Insn {
	return Insn{Op: b[0], Regs: b[1], Off: int16(le.Uint16(b[2:])), Imm: int32(le.Uint32(b[4:]))}
}

// link lays the program and the functions that it calls out one behind
// another, as libbpf's bpf_object__reloc_code does.
func (o *Object) link(p *Program) {
	placed := map[*function]int{}
	var pending []*function
	type fix struct {
		insn int
		fn   *function
	}
	var fixes []fix
	place := func(f *function) {
		if _, ok := placed[f]; ok {
			return
		}
		placed[f] = len(p.Insns)
		base := len(p.Insns)
		for off := f.off; off < f.end; off += 8 {
			p.Insns = append(p.Insns, decode(o.data[f.sec][off:]))
		}
		o.copyInfo(p, f, base)
		for i := base; i < len(p.Insns); i++ {
			secOff := f.off + uint64(i-base)*8
			in := p.Insns[i]
			rel, has := o.relocAt(f.sec, secOff)
			switch {
			case in.Op == opCall && in.Src() == pseudoCall, in.Op == opLdImm64 && has && o.isCode(o.syms[rel.sym]):
				callee := o.callee(f, in, secOff, rel, has)
				if callee == nil {
					if has && o.sectionOf(o.syms[rel.sym]) < 0 {
						p.extern(i, o.syms[rel.sym])
						break
					}
					p.Err = fmt.Errorf("instruction %d calls no known function", i)
					return
				}
				if in.Op == opLdImm64 {
					p.Insns[i] = in.WithSrc(PseudoFunc)
				}
				fixes = append(fixes, fix{i, callee})
				pending = append(pending, callee)
			case has:
				p.reloc(i, o.syms[rel.sym])
			}
			if in.Op == opLdImm64 {
				i++
			}
		}
	}
	place(p.start)
	follow := func() {
		for len(pending) > 0 && p.Err == nil {
			f := pending[0]
			pending = pending[1:]
			place(f)
		}
	}
	follow()
	if f := o.exceptionCallback(p); f != nil && p.Err == nil {
		pending = append(pending, f)
		follow()
	}
	for _, x := range fixes {
		p.Insns[x.insn].Imm = int32(placed[x.fn] - x.insn - 1)
	}
}

// exceptionCallback finds the function that bpf_throw ends the program with:
// a decl tag on the program names it, and no instruction refers to it.
func (o *Object) exceptionCallback(p *Program) *function {
	r := o.btfMod
	if r == nil {
		return nil
	}
	for id := 1; id < len(r.at); id++ {
		off := r.at[id]
		if r.kindAt(off) != kindDeclTag || int32(r.field(off, 3)) != -1 {
			continue
		}
		name, ok := strings.CutPrefix(r.name(off), "exception_callback:")
		if fn := r.field(off, 2); !ok || !r.isKind(fn, kindFunc) || r.typeName(fn) != p.Name {
			continue
		}
		for sec, fs := range o.funcs {
			if o.file.Sections[sec].Name != ".text" {
				continue
			}
			for _, f := range fs {
				if f.name == name {
					return f
				}
			}
		}
	}
	return nil
}

func (o *Object) isCode(s elf.Symbol) bool {
	sec := o.sectionOf(s)
	return sec >= 0 && o.file.Sections[sec].Flags&elf.SHF_EXECINSTR != 0
}

// callee finds the function that a call or function address means.
func (o *Object) callee(f *function, in Insn, off uint64, rel reloc, has bool) *function {
	if !has {
		return o.funcAt(f.sec, off+8+uint64(int64(in.Imm)*8))
	}
	s := o.syms[rel.sym]
	sec := o.sectionOf(s)
	if sec < 0 {
		return nil
	}
	// The operand counts from the symbol: nothing for a global function, the
	// way to a static one from the start of its section.
	at := s.Value
	if in.Op == opLdImm64 {
		at += uint64(int64(in.Imm))
	} else {
		at += uint64((int64(in.Imm) + 1) * 8)
	}
	return o.funcAt(sec, at)
}

// reloc notes what instruction i refers to.
func (p *Program) reloc(i int, s elf.Symbol) {
	o := p.obj
	in := p.Insns[i]
	sec := o.sectionOf(s)
	if sec < 0 {
		p.extern(i, s)
		return
	}
	if in.Op != opLdImm64 || i+1 >= len(p.Insns) {
		p.Err = fmt.Errorf("instruction %d (opcode %#x) refers to %s", i, in.Op, s.Name)
		return
	}
	name := o.file.Sections[sec].Name
	switch {
	case name == ".maps" || name == "maps":
		m := o.mapBySymbol(s)
		if m == nil {
			p.Err = fmt.Errorf("map %s has no definition", s.Name)
			return
		}
		p.Relocs = append(p.Relocs, Reloc{Insn: i, Kind: RelMap, Map: m, Sym: s.Name})
	case name == ".addr_space.1" && o.arena != nil:
		p.Relocs = append(p.Relocs, Reloc{Insn: i, Kind: RelData, Map: o.arena, Off: int32(s.Value) + in.Imm, Sym: s.Name})
	case o.bySec[sec] != nil:
		p.Relocs = append(p.Relocs, Reloc{Insn: i, Kind: RelData, Map: o.bySec[sec], Off: int32(s.Value) + in.Imm, Sym: s.Name})
	default:
		p.Err = fmt.Errorf("instruction %d refers to %s in section %s", i, s.Name, name)
	}
}

// extern notes a reference to what the object does not define.
func (p *Program) extern(i int, s elf.Symbol) {
	o := p.obj
	in := p.Insns[i]
	if in.Op != opCall && (in.Op != opLdImm64 || i+1 >= len(p.Insns)) {
		p.Err = fmt.Errorf("instruction %d (opcode %#x) refers to %s", i, in.Op, s.Name)
		return
	}
	r := Reloc{Insn: i, Sym: s.Name, Weak: elf.ST_BIND(s.Info) == elf.STB_WEAK, Kind: RelUnresolved}
	for _, k := range o.Kconfig {
		if k.Name == s.Name && in.Op == opLdImm64 {
			r.Kind, r.Map, r.Off = RelData, o.kconf, int32(k.Off)
			p.Relocs = append(p.Relocs, r)
			return
		}
	}
	if id, ok := o.externs[s.Name]; ok {
		t, _ := o.Types.TypeByID(btf.TypeID(id))
		switch t := t.(type) {
		case *btf.Func:
			r.Func, r.Kind = t, RelKfuncAddr
			if in.Op == opCall {
				r.Kind = RelKfunc
			}
		case *btf.Var:
			r.Kind = RelKsymTyped
			if _, void := btf.UnderlyingType(t.Type).(*btf.Void); void {
				r.Kind = RelKsymKnown
			}
		}
	}
	p.Relocs = append(p.Relocs, r)
}

// copyInfo takes over the function, line and CO-RE records of f, which starts
// at instruction base of the program.
func (o *Object) copyInfo(p *Program, f *function, base int) {
	sec := o.file.Sections[f.sec].Name
	add := func(rs []extRec, to []byte) []byte {
		for _, r := range within(rs, f.off, f.end) {
			to = le.AppendUint32(to, uint32(base)+uint32(uint64(r.off)-f.off)/8)
			to = append(to, r.rest...)
		}
		return to
	}
	if o.ext != nil {
		p.FuncInfo = add(o.ext.funcs[sec], p.FuncInfo)
		p.LineInfo = add(o.ext.lines[sec], p.LineInfo)
	}
	if o.core != nil {
		_, _, relos := o.core.Section(sec)
		for _, r := range relos {
			if off := uint64(r.Offset) * 8; off >= f.off && off < f.end {
				p.Core = append(p.Core, CoreReloc{Insn: base + int(off-f.off)/8, Relo: r.Relo})
			}
		}
	}
}

// Maps lists the maps that the program refers to, each once.
func (p *Program) Maps() []*Map {
	var ms []*Map
	seen := map[*Map]bool{}
	for _, r := range p.Relocs {
		if r.Map != nil && !seen[r.Map] {
			seen[r.Map] = true
			ms = append(ms, r.Map)
		}
	}
	return ms
}
