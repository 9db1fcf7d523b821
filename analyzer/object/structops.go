package object

import (
	"strings"

	"github.com/cilium/ebpf/btf"

	"github.com/bpflockcheck/bpflockcheck/analyzer/ir"
	"github.com/bpflockcheck/bpflockcheck/rules/kernel"
)

// isStructOpsSection reports whether a section holds struct_ops variables; a
// leading '?' tells libbpf not to load them by itself.
func isStructOpsSection(name string) bool {
	name = strings.TrimPrefix(name, "?")
	return name == ".struct_ops" || name == ".struct_ops.link"
}

// loadStructOps finds out which callback each struct_ops program implements: a
// variable's members are relocated to the programs. The variables themselves
// are maps.
func (l *loader) loadStructOps() {
	programs := make(map[*ir.Func][]*ir.Program)
	for _, p := range l.unit.Programs {
		programs[p.Func] = append(programs[p.Func], p)
	}
	for _, s := range l.file.secs {
		if !isStructOpsSection(s.Name) || !s.isData() {
			continue
		}
		vars := make(map[string]*btf.Var)
		if l.btf != nil {
			vars = datasecVars(l.btf.datasecs[s.Name])
		}
		data, err := l.file.contents(s)
		if err != nil {
			l.skip(nil, "", "struct_ops: %v", err)
		}
		for _, sym := range l.symbolsIn(s) {
			v := vars[sym.Name]
			var st *btf.Struct
			if v != nil {
				st = underlyingStruct(v.Type)
			}
			if st == nil {
				l.skip(nil, "", "struct_ops variable %s: there is no BTF for it, so its programs' callbacks are not known", sym.Name)
				continue
			}
			l.unit.Maps = append(l.unit.Maps, &ir.Map{
				Name:       sym.Name,
				Pos:        l.dwarf.variable(sym.Name, l.paths),
				Type:       kernel.MapTypeStructOps,
				KeySize:    4,
				ValueSize:  int64(st.Size),
				MaxEntries: 1,
				Value:      l.types.convert(v.Type),
			})
			for _, m := range st.Members {
				at := sym.Value + uint64(m.Offset/8)
				fn := l.funcReferredTo(s, at, data)
				if fn == nil {
					continue
				}
				for _, p := range programs[fn.fn] {
					if p.StructOps == "" {
						// "tcp_congestion_ops___local" is a flavour of the
						// kernel's struct.
						p.StructOps, _, _ = strings.Cut(st.Name, "___")
						p.Member = m.Name
					}
				}
			}
		}
	}
}

// funcReferredTo gives the function whose address is put at a place of a data
// section, nil when there is none.
func (l *loader) funcReferredTo(s *section, at uint64, data []byte) *function {
	r, ok := s.relocs[at]
	if !ok {
		return nil
	}
	sec := l.file.sectionOf(r.sym)
	if sec == nil || !sec.isCode() {
		return nil
	}
	addend := r.addend
	if !r.rela && at+8 <= uint64(len(data)) {
		addend = int64(l.file.ByteOrder.Uint64(data[at:]))
	}
	return l.funcAt[symKey{sec.index, r.sym.Value + uint64(addend)}]
}
