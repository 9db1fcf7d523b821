package object

import (
	"cmp"
	"debug/elf"
	"slices"
	"strings"

	"github.com/cilium/ebpf/btf"

	"github.com/bpflockcheck/bpflockcheck/analyzer/ir"
)

// sectionVar is a variable at its place in a section.
type sectionVar struct {
	off, size uint64
	global    *ir.Global
}

// Virtual data sections: they exist in BTF only.
const (
	kconfigSection = ".kconfig"
	ksymsSection   = ".ksyms"
)

// isArenaSection reports whether variables of the section live in an arena:
// clang puts those of address space 1 in .addr_space.1, and libbpf maps it.
func isArenaSection(name string) bool { return strings.HasPrefix(name, ".addr_space.") }

// isReadOnly reports whether the section's map is read only for programs.
func isReadOnly(name string) bool { return strings.HasPrefix(name, ".rodata") }

// isHousekeeping reports whether a data section holds no program's variables.
func isHousekeeping(name string) bool {
	switch name {
	case "license", "version", btfMapSection, ".BTF", ".BTF.ext", ".llvm_addrsig", ".eh_frame":
		return true
	}
	return isLegacyMapSection(name) || isStructOpsSection(name) || strings.HasPrefix(name, ".debug_")
}

// loadGlobals fills unit.Globals: variables of the data sections in order,
// then kernel configuration and kernel symbols.
func (l *loader) loadGlobals() {
	l.globals = make(map[int][]*sectionVar)
	l.externs = make(map[string]*ir.Global)
	l.pseudo = make(map[int]*ir.Global)
	for _, s := range l.file.secs {
		if s.isData() && !isHousekeeping(s.Name) {
			l.loadDataSection(s)
		}
	}
	if l.btf != nil {
		l.loadExterns(kconfigSection)
		l.loadExterns(ksymsSection)
	}
}

// loadDataSection makes a global of each variable: name and place are the
// symbol's, type and tags BTF's.
func (l *loader) loadDataSection(s *section) {
	types := make(map[string]*btf.Var)
	if l.btf != nil {
		types = datasecVars(l.btf.datasecs[s.Name])
	}
	for _, sym := range l.symbolsIn(s) {
		if strings.HasPrefix(sym.Name, ".L") || sym.Value > s.Size || sym.Size > s.Size-sym.Value {
			continue // a compiler's label, or damaged: the whole section stands in for it
		}
		g := &ir.Global{
			Name:    sym.Name,
			Pos:     l.dwarf.variable(sym.Name, l.paths),
			Section: s.Name,
			Size:    int64(sym.Size),
			Const:   isReadOnly(s.Name),
			Static:  isLocal(sym),
			Arena:   isArenaSection(s.Name),
		}
		if v := types[sym.Name]; v != nil {
			g.Type = l.types.convert(v.Type)
			g.Tags = v.Tags
			g.Size = cmp.Or(g.Size, sizeof(v.Type))
			g.Static = g.Static || v.Linkage == btf.StaticVar
		}
		l.initialValue(s, sym, g)
		l.unit.Globals = append(l.unit.Globals, g)
		l.globals[s.index] = append(l.globals[s.index], &sectionVar{sym.Value, uint64(g.Size), g})
	}
	slices.SortStableFunc(l.globals[s.index], func(a, b *sectionVar) int { return cmp.Compare(a.off, b.off) })
}

// initialValue reads the value of an integer variable.
func (l *loader) initialValue(s *section, sym elf.Symbol, g *ir.Global) {
	u := g.Type.Underlying()
	if u == nil || u.Kind != ir.Int && u.Kind != ir.Enum || g.Size != 1 && g.Size != 2 && g.Size != 4 && g.Size != 8 {
		return
	}
	var v int64
	if s.Type != elf.SHT_NOBITS {
		if _, ok := s.relocs[sym.Value]; ok {
			return // an address
		}
		data, err := l.file.contents(s)
		if err != nil || sym.Value+uint64(g.Size) > uint64(len(data)) {
			return
		}
		v = int64(readInt(l.file.ByteOrder, data[sym.Value:sym.Value+uint64(g.Size)]))
		if shift := 64 - 8*g.Size; u.Signed {
			v = v << shift >> shift
		}
	}
	g.Init = &v
}

// loadExterns makes globals of the variables of .kconfig or .ksyms.
func (l *loader) loadExterns(section string) {
	ds := l.btf.datasecs[section]
	if ds == nil {
		return
	}
	for _, vs := range ds.Vars {
		v, ok := vs.Type.(*btf.Var)
		if !ok || l.externs[v.Name] != nil {
			continue
		}
		g := &ir.Global{
			Name:    v.Name,
			Section: section,
			Size:    sizeof(v.Type),
			Const:   section == kconfigSection,
			Ksym:    section == ksymsSection,
			Pos:     l.dwarf.variable(v.Name, l.paths),
			Tags:    v.Tags,
		}
		if !isVoid(btf.UnderlyingType(v.Type)) {
			g.Type = l.types.convert(v.Type)
		}
		l.externs[v.Name] = g
		l.unit.Globals = append(l.unit.Globals, g)
	}
	for _, sym := range l.file.syms {
		if g := l.externs[sym.Name]; g != nil && sym.Section == elf.SHN_UNDEF {
			g.Weak = elf.ST_BIND(sym.Info) == elf.STB_WEAK
		}
	}
}

// globalAt finds the variable at an offset in a data section, and the offset
// in it. Where no variable is known the whole section stands in for it. It
// gives nil for a section that holds no variables.
func (l *loader) globalAt(sec int, off int64) (*ir.Global, int64) {
	s := l.file.secs[sec]
	if !s.isData() {
		return nil, 0
	}
	vars := l.globals[sec]
	i, exact := slices.BinarySearchFunc(vars, off, func(v *sectionVar, off int64) int {
		return cmp.Compare(int64(v.off), off)
	})
	if !exact {
		i--
	}
	// The end of a variable counts as in it: compilers form such addresses.
	if i >= 0 && off >= 0 && (exact || uint64(off) <= vars[i].off+vars[i].size) {
		return vars[i].global, off - int64(vars[i].off)
	}
	g := l.pseudo[sec]
	if g == nil {
		g = &ir.Global{
			Name:    s.Name,
			Section: s.Name,
			Size:    int64(s.Size),
			Const:   isReadOnly(s.Name) || s.Flags&elf.SHF_WRITE == 0,
			Static:  true,
			Arena:   isArenaSection(s.Name),
		}
		l.pseudo[sec] = g
		l.unit.Globals = append(l.unit.Globals, g)
	}
	return g, off
}

// externAddress gives the global for the address of an undefined symbol that is
// neither kernel configuration nor a kernel variable that BTF lists: a variable
// of another object, a kernel function whose presence is tested, or (without
// BTF) some symbol of the kernel.
func (l *loader) externAddress(sym elf.Symbol) *ir.Global {
	if g := l.externs[sym.Name]; g != nil {
		return g
	}
	g := &ir.Global{
		Name: sym.Name,
		Pos:  l.dwarf.variable(sym.Name, l.paths),
		Weak: elf.ST_BIND(sym.Info) == elf.STB_WEAK,
	}
	var v *btf.Var
	if l.btf != nil {
		v = l.btf.vars[sym.Name]
	}
	if v != nil {
		g.Type, g.Size, g.Tags = l.types.convert(v.Type), sizeof(v.Type), v.Tags
		_, g.Const = btf.As[*btf.Const](v.Type)
	} else {
		g.Section, g.Ksym = ksymsSection, true
	}
	l.externs[sym.Name] = g
	l.unit.Globals = append(l.unit.Globals, g)
	return g
}
