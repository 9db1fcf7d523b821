package object

import (
	"cmp"
	"debug/elf"
	"slices"
	"strings"

	"github.com/cilium/ebpf/btf"

	"github.com/bpflockcheck/bpflockcheck/analyzer/ir"
	"github.com/bpflockcheck/bpflockcheck/analyzer/position"
	"github.com/bpflockcheck/bpflockcheck/rules/kernel"
)

// Names of sections with maps: BTF-defined ones and struct bpf_map_def ones.
const (
	btfMapSection    = ".maps"
	legacyMapSection = "maps" // or "maps/NAME"
)

func isLegacyMapSection(name string) bool {
	return name == legacyMapSection || strings.HasPrefix(name, legacyMapSection+"/")
}

// loadMaps fills unit.Maps in the order of sections and offsets.
func (l *loader) loadMaps() {
	l.maps = make(map[int][]mapVar)
	l.mapSecs = make(map[int]bool)
	l.externMaps = make(map[string]*ir.Map)
	for _, s := range l.file.secs {
		switch {
		case s.Name == btfMapSection:
			l.mapSecs[s.index] = true
			l.loadBTFMaps(s)
		case isLegacyMapSection(s.Name) && s.isData():
			l.mapSecs[s.index] = true
			l.loadLegacyMaps(s)
		}
	}
}

// externMap gives the map of another object that an undefined symbol stands
// for, nil when BTF does not list it among the maps.
func (l *loader) externMap(name string) *ir.Map {
	if m := l.externMaps[name]; m != nil || l.btf == nil {
		return m
	}
	v := datasecVars(l.btf.datasecs[btfMapSection])[name]
	if v == nil {
		return nil
	}
	m := &ir.Map{Name: name, Pos: l.dwarf.variable(name, l.paths)}
	l.fillMap(m, v.Type, 0)
	l.unit.Maps = append(l.unit.Maps, m)
	l.externMaps[name] = m
	return m
}

// symbolsIn gives the named data symbols of a section sorted by offset, one
// for each offset: an exported one goes before a local one.
func (l *loader) symbolsIn(s *section) []elf.Symbol {
	var out []elf.Symbol
	for _, sym := range l.file.symsOf[s.index] {
		if typ := elf.ST_TYPE(sym.Info); typ == elf.STT_OBJECT || typ == elf.STT_NOTYPE {
			out = append(out, sym)
		}
	}
	slices.SortStableFunc(out, func(a, b elf.Symbol) int {
		return cmp.Or(cmp.Compare(a.Value, b.Value), -cmp.Compare(elf.ST_BIND(a.Info), elf.ST_BIND(b.Info)),
			-cmp.Compare(a.Size, b.Size))
	})
	return slices.CompactFunc(out, func(a, b elf.Symbol) bool { return a.Value == b.Value })
}

func (l *loader) addMap(s *section, off uint64, m *ir.Map) {
	l.unit.Maps = append(l.unit.Maps, m)
	l.maps[s.index] = append(l.maps[s.index], mapVar{off, m})
}

// loadBTFMaps reads the maps of section .maps: each is a variable of a struct
// type whose members' types carry the parameters.
func (l *loader) loadBTFMaps(s *section) {
	vars := make(map[string]*btf.Var)
	if l.btf != nil {
		vars = datasecVars(l.btf.datasecs[s.Name])
	}
	for _, sym := range l.symbolsIn(s) {
		m := &ir.Map{Name: sym.Name, Pos: l.dwarf.variable(sym.Name, l.paths)}
		v := vars[sym.Name]
		if v == nil {
			l.skip(m.Pos, "", "map %s: there is no BTF for it (clang -g makes it), so its type is not known", sym.Name)
		} else if !l.fillMap(m, v.Type, 0) {
			l.skip(m.Pos, "", "map %s: its BTF is no map definition", sym.Name)
		}
		l.addMap(s, sym.Value, m)
	}
}

// datasecVars indexes a data section's variables by name.
func datasecVars(ds *btf.Datasec) map[string]*btf.Var {
	out := make(map[string]*btf.Var)
	if ds == nil {
		return out
	}
	for _, vs := range ds.Vars {
		if v, ok := vs.Type.(*btf.Var); ok && out[v.Name] == nil {
			out[v.Name] = v
		}
	}
	return out
}

// underlyingStruct strips qualifiers and typedefs.
func underlyingStruct(t btf.Type) *btf.Struct {
	s, _ := btf.As[*btf.Struct](t)
	return s
}

// fillMap reads a map definition (parse_btf_map_def, tools/lib/bpf/libbpf.c).
// Members that it does not know are left aside. It gives false when t is no
// struct.
func (l *loader) fillMap(m *ir.Map, t btf.Type, depth int) bool {
	def := underlyingStruct(t)
	if def == nil {
		return false
	}
	for _, mem := range def.Members {
		switch mem.Name {
		case "type":
			m.Type = kernel.MapType(defValue(mem.Type))
		case "key_size":
			m.KeySize = int64(defValue(mem.Type))
		case "value_size":
			m.ValueSize = int64(defValue(mem.Type))
			m.ValuePos = l.valuePos(m.Name, mem.Name)
		case "max_entries":
			m.MaxEntries = int64(defValue(mem.Type))
		case "map_flags":
			m.Flags = uint32(defValue(mem.Type))
		case "key":
			if p, ok := btf.As[*btf.Pointer](mem.Type); ok {
				m.Key = l.types.convert(p.Target)
				m.KeySize = cmp.Or(sizeof(p.Target), m.KeySize)
			}
		case "value":
			if p, ok := btf.As[*btf.Pointer](mem.Type); ok {
				m.Value = l.types.convert(p.Target)
				m.ValueSize = cmp.Or(sizeof(p.Target), m.ValueSize)
				m.ValuePos = l.valuePos(m.Name, mem.Name)
			}
		case "values":
			// An array of pointers to the inner map's definition, or to
			// functions in a program array.
			a, ok := btf.As[*btf.Array](mem.Type)
			if !ok {
				break
			}
			m.ValueSize = cmp.Or(m.ValueSize, 4) // a map or program by number
			p, ok := btf.As[*btf.Pointer](a.Type)
			if !ok || depth > 0 || underlyingStruct(p.Target) == nil {
				break
			}
			m.Inner = &ir.Map{Name: m.Name + ".inner", Pos: m.Pos}
			l.fillMap(m.Inner, p.Target, depth+1)
		}
	}
	return true
}

// valuePos is where the definition of a map variable gives its value.
func (l *loader) valuePos(variable, member string) *position.Pos {
	def := l.dwarf.definition(variable)
	if def == nil {
		return nil
	}
	for i, n := range def.names {
		if n == member {
			return def.members[i].pos(l.paths)
		}
	}
	return nil
}

// defValue reads an integer of a map definition: __uint(x, N) is a pointer to
// an array of N elements, __ulong(x, N) an enum with one enumerator of that
// value.
func defValue(t btf.Type) uint64 {
	if p, ok := btf.As[*btf.Pointer](t); ok {
		if a, ok := btf.As[*btf.Array](p.Target); ok {
			return uint64(a.Nelems)
		}
	}
	if e, ok := btf.As[*btf.Enum](t); ok && len(e.Values) > 0 {
		return e.Values[0].Value
	}
	return 0
}

// loadLegacyMaps reads struct bpf_map_def variables: type, key size, value
// size, entries and flags, 32 bits each. What some loaders append (iproute2's
// ids, aya's pinning) is left aside.
func (l *loader) loadLegacyMaps(s *section) {
	data, err := l.file.contents(s)
	if err != nil {
		l.skip(nil, "", "maps: %v", err)
		return
	}
	bo := l.file.ByteOrder
	for _, sym := range l.symbolsIn(s) {
		m := &ir.Map{Name: sym.Name, Legacy: true, Pos: l.dwarf.variable(sym.Name, l.paths)}
		if sym.Value+16 > uint64(len(data)) {
			l.skip(m.Pos, "", "map %s: its definition is cut short", sym.Name)
			l.addMap(s, sym.Value, m)
			continue
		}
		d := data[sym.Value:]
		m.Type = kernel.MapType(bo.Uint32(d))
		m.KeySize = int64(bo.Uint32(d[4:]))
		m.ValueSize = int64(bo.Uint32(d[8:]))
		m.MaxEntries = int64(bo.Uint32(d[12:]))
		if len(d) >= 20 && (sym.Size == 0 || sym.Size >= 20) {
			m.Flags = bo.Uint32(d[16:])
		}
		l.annotateLegacyMap(m)
		l.addMap(s, sym.Value, m)
	}
}

// annotateLegacyMap finds the key's and value's type in the struct that
// BPF_ANNOTATE_KV_PAIR of libbpf before 1.0 declares for a map. With it the
// map has BTF after all.
func (l *loader) annotateLegacyMap(m *ir.Map) {
	if l.btf == nil {
		return
	}
	kv := l.btf.structs["____btf_map_"+m.Name]
	if kv == nil {
		return
	}
	for _, mem := range kv.Members {
		switch mem.Name {
		case "key":
			m.Key = l.types.convert(mem.Type)
		case "value":
			m.Value = l.types.convert(mem.Type)
			m.Legacy = false
		}
	}
}

// mapVar is a map at its place in a section.
type mapVar struct {
	off uint64
	m   *ir.Map
}

// mapAt finds the map that a relocation against a map section means: the one
// at off, or the one that off lies in.
func (l *loader) mapAt(sec int, off uint64) *ir.Map {
	vars := l.maps[sec]
	i, exact := slices.BinarySearchFunc(vars, off, func(v mapVar, off uint64) int { return cmp.Compare(v.off, off) })
	if !exact {
		i--
	}
	if i < 0 {
		return nil
	}
	return vars[i].m
}
