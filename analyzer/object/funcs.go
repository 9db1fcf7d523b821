package object

import (
	"cmp"
	"debug/elf"
	"fmt"
	"slices"
	"strings"

	"github.com/cilium/ebpf/btf"

	"github.com/bpflockcheck/bpflockcheck/analyzer/ir"
	"github.com/bpflockcheck/bpflockcheck/rules/kernel"
)

// function is a function and its bytes.
type function struct {
	fn   *ir.Func
	btf  *btf.Func // nil when not known
	sec  *section
	off  uint64 // in the section, bytes
	code []byte
	prog bool
	line *lineTable
	core map[uint64]coreRelo // by byte offset in the section
}

// isTextSection reports whether the functions of a code section are
// subprograms only. libbpf knows .text alone; compilers told to give each
// function its own section make .text.NAME.
func isTextSection(name string) bool {
	return name == ".text" || strings.HasPrefix(name, ".text.")
}

// loadFuncs finds the functions of all code sections and makes the programs.
func (l *loader) loadFuncs() error {
	l.funcAt = make(map[symKey]*function)
	l.extRead = make(map[string]bool)
	insns := 0
	for _, s := range l.file.secs {
		if !s.isCode() {
			continue
		}
		data, err := l.file.contents(s)
		if err != nil {
			l.skip(nil, "", "programs: %v", err)
			continue
		}
		if insns += len(data) / insnSize; insns > maxInsns {
			return fmt.Errorf("more than %d instructions", maxInsns)
		}
		l.loadSectionFuncs(s, data)
	}
	for _, r := range l.file.skipped {
		l.skip(nil, "", "%s", r)
	}
	return nil
}

// functionSymbols gives the function symbols of a section sorted by offset.
// Those of LLVM before 6 have no type and no size; local ones without a type
// are labels.
func (l *loader) functionSymbols(s *section) []elf.Symbol {
	var out []elf.Symbol
	for _, sym := range l.file.symsOf[s.index] {
		if sym.Value >= s.Size {
			continue
		}
		switch elf.ST_TYPE(sym.Info) {
		case elf.STT_FUNC:
		case elf.STT_NOTYPE:
			if elf.ST_BIND(sym.Info) == elf.STB_LOCAL {
				continue
			}
		default:
			continue
		}
		out = append(out, sym)
	}
	slices.SortStableFunc(out, func(a, b elf.Symbol) int {
		return cmp.Or(cmp.Compare(a.Value, b.Value), -cmp.Compare(elf.ST_BIND(a.Info), elf.ST_BIND(b.Info)))
	})
	return out
}

func (l *loader) loadSectionFuncs(s *section, data []byte) {
	var protos map[uint64]*btf.Func
	var lines []lineInfo
	var core map[uint64]coreRelo
	// BTF knows sections by name only: of several with one name, the first.
	if l.btf != nil && !l.extRead[s.Name] {
		l.extRead[s.Name] = true
		protos = l.btf.protosIn(s.Name)
		lines, core = l.btf.ext.lines[s.Name], l.btf.ext.core[s.Name]
	}
	table := l.newLineTable(s, lines)
	syms := l.functionSymbols(s)
	if len(syms) == 0 {
		l.skip(nil, "", "section %s: no symbol names a function in it", s.Name)
		return
	}
	if syms[0].Value > 0 {
		l.skip(nil, "", "section %s: no symbol names the function at its start", s.Name)
	}
	for i, sym := range syms {
		prog := !isTextSection(s.Name) && elf.ST_BIND(sym.Info) != elf.STB_LOCAL
		if fn := l.funcAt[symKey{s.index, sym.Value}]; fn != nil { // an alias
			if prog {
				l.addProgram(sym.Name, s, fn)
			}
			continue
		}
		// A function ends where its symbol says, but no later than the next
		// one begins; without a size, there.
		end := s.Size
		for _, next := range syms[i+1:] {
			if next.Value > sym.Value {
				end = next.Value
				break
			}
		}
		if sym.Size > 0 && sym.Size <= end-sym.Value {
			end = sym.Value + sym.Size
		} else if sym.Size > end-sym.Value {
			l.skip(nil, sym.Name, "the function's symbol reaches into the next one or beyond its section")
		}
		end = min(end, uint64(len(data)))
		fn := &function{
			fn:   &ir.Func{Name: sym.Name, Linkage: ir.Global_, NumRegs: numRegs},
			sec:  s,
			off:  sym.Value,
			prog: prog,
			line: table,
			core: core,
		}
		if sym.Value < end {
			fn.code = data[sym.Value:end]
		}
		// Without BTF for its functions the kernel checks none on its own.
		if isLocal(sym) || l.btf == nil || len(l.btf.ext.funcs) == 0 {
			fn.fn.Linkage = ir.Static
		}
		if fn.btf = protos[sym.Value]; fn.btf == nil && l.btf != nil {
			fn.btf = l.btf.funcs[sym.Name]
		}
		l.setParams(fn)
		l.funcs = append(l.funcs, fn)
		l.funcAt[symKey{s.index, sym.Value}] = fn
		l.unit.Funcs = append(l.unit.Funcs, fn.fn)
		if prog {
			l.addProgram(sym.Name, s, fn)
		}
	}
}

func (l *loader) addProgram(name string, s *section, fn *function) {
	l.unit.Programs = append(l.unit.Programs, &ir.Program{
		Name:    name,
		Section: s.Name,
		Func:    fn.fn,
		Info:    kernel.ParseSection(s.Name),
	})
}

// protosIn gives the BTF of the functions of a section by offset.
func (b *btfData) protosIn(section string) map[uint64]*btf.Func {
	out := make(map[uint64]*btf.Func)
	for _, fi := range b.ext.funcs[section] {
		if t, err := b.spec.TypeByID(fi.typ); err == nil {
			if fn, ok := t.(*btf.Func); ok {
				out[fi.off] = fn
			}
		}
	}
	return out
}

// setParams gives a function its parameters: a program its context, a global
// function those of its prototype, and a static one all five, because assembly
// may pass registers that the prototype does not tell of (the verifier, too,
// checks static functions without their prototype).
func (l *loader) setParams(fn *function) {
	n := arity(fn.btf)
	switch {
	case fn.prog:
		n = max(n, 1)
	case n < 0 || fn.fn.Linkage == ir.Static:
		n = maxArgs
	}
	for i := range n {
		fn.fn.Params = append(fn.fn.Params, ir.Reg(regArg1+i))
	}
	if p := proto(fn.btf); p != nil {
		fn.fn.ParamTypes = l.paramTypes(p, n)
	}
}

// paramTypes converts the first n parameters' types.
func (l *loader) paramTypes(p *btf.FuncProto, n int) []*ir.Type {
	out := make([]*ir.Type, n)
	for i := range min(n, len(p.Params)) {
		if !isVoid(p.Params[i].Type) {
			out[i] = l.types.convert(p.Params[i].Type)
		}
	}
	return out
}
