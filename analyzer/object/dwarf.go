package object

import (
	"cmp"
	"debug/dwarf"
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/cilium/ebpf/btf"

	"github.com/bpflockcheck/bpflockcheck/analyzer/position"
)

// dwarfInfo is what DWARF adds to BTF: where maps, variables, functions and
// struct members are declared, and lines for an object without BTF. A zero
// value knows nothing.
type dwarfInfo struct {
	lines map[int][]lineInfo // by section
	vars  map[string]dwarfVar
	funcs map[string]declPos
	// structs by structKey; ambiguous ones (several anonymous structs with
	// equal members) have no members.
	structs  map[string]*dwarfStruct
	byOffset map[dwarf.Offset]*dwarfStruct
}

type declPos struct {
	file string
	line int
}

type dwarfVar struct {
	declPos
	typ dwarf.Offset
}

type dwarfStruct struct {
	names   []string
	members []declPos
	types   []dwarf.Offset // of the members
}

// structKey tells structs apart by name, size and members' names.
func structKey(name string, size int64, members []string) string {
	return fmt.Sprintf("%s/%d/%s", name, size, strings.Join(members, ","))
}

func (p declPos) pos(m *pathMapper) *position.Pos {
	if p.line == 0 {
		return nil
	}
	return &position.Pos{Span: position.Span{File: m.resolve(p.file), Line: p.line}}
}

// variable gives where a map or variable is declared, nil when not known.
func (d *dwarfInfo) variable(name string, m *pathMapper) *position.Pos {
	return d.vars[name].pos(m)
}

// function gives where a function is declared, nil when not known.
func (d *dwarfInfo) function(name string, m *pathMapper) *position.Pos {
	return d.funcs[name].pos(m)
}

// structure finds a struct or union by what BTF says of it, nil when it is not
// known or cannot be told from others.
func (d *dwarfInfo) structure(name string, size int64, members []btf.Member) *dwarfStruct {
	if len(d.structs) == 0 {
		return nil
	}
	names := make([]string, len(members))
	for i, m := range members {
		names[i] = m.Name
	}
	s := d.structs[structKey(name, size, names)]
	if s == nil || len(s.members) != len(members) {
		return nil
	}
	return s
}

// definition gives the struct that a variable is declared with, nil when not
// known. Qualifiers and typedefs around it are not looked through.
func (d *dwarfInfo) definition(variable string) *dwarfStruct {
	v, ok := d.vars[variable]
	if !ok {
		return nil
	}
	return d.byOffset[v.typ]
}

// loadDWARF reads the debugging sections. Without them, or with damaged ones,
// less is known of where things are declared, which is worth a note only when
// there is no BTF line information either.
func (l *loader) loadDWARF() {
	l.dwarf = &dwarfInfo{}
	if l.btf != nil {
		l.paths.learn(l.btf.ext.lines)
	}
	noLines := l.btf == nil || len(l.btf.ext.lines) == 0
	err := l.readDWARF()
	if !noLines {
		return
	}
	switch {
	case err == nil && len(l.dwarf.lines) > 0:
		l.note("no BTF line information, so positions are DWARF's")
	case err != nil && !errors.Is(err, errNoDWARF):
		l.note("no positions, for damaged DWARF (%v)", err)
	default:
		l.note("no BTF line information and no DWARF, so positions are instruction numbers")
	}
}

var errNoDWARF = errors.New("no DWARF")

func (l *loader) readDWARF() (err error) {
	defer func() {
		// debug/dwarf is not hardened against damaged input; what it found
		// before it failed stays.
		if p := recover(); p != nil {
			err = fmt.Errorf("%v", p)
		}
	}()
	data, err := l.file.dwarfData()
	if err != nil {
		return err
	}
	r := dwarfReader{data: data, info: l.dwarf, size: int(l.file.section(".debug_info").Size), tables: make(map[int64][]*dwarf.LineFile)}
	l.dwarf.lines = make(map[int][]lineInfo)
	l.dwarf.vars = make(map[string]dwarfVar)
	l.dwarf.funcs = make(map[string]declPos)
	l.dwarf.structs = make(map[string]*dwarfStruct)
	l.dwarf.byOffset = make(map[dwarf.Offset]*dwarfStruct)
	err = r.read()
	for _, li := range l.dwarf.lines {
		slices.SortStableFunc(li, func(a, b lineInfo) int { return cmp.Compare(a.off, b.off) })
	}
	return err
}

// Code sections all begin at address 0; in the relocated DWARF each gets an
// address range of its own.
const codeBaseShift = 32

func codeBase(section int) uint64 { return uint64(section+1) << codeBaseShift }

// dwarfData reads and relocates the debugging sections: debug/elf knows no
// relocations for BPF.
func (f *file) dwarfData() (*dwarf.Data, error) {
	if f.section(".debug_info") == nil {
		return nil, errNoDWARF
	}
	sections := make(map[string][]byte)
	for _, s := range f.secs {
		if !s.isDebug() || s.Type != elf.SHT_PROGBITS || sections[s.Name] != nil {
			continue
		}
		data, err := f.contents(s)
		if err != nil {
			return nil, err
		}
		sections[s.Name] = data
	}
	for _, s := range f.secs {
		if t := f.relocTarget(s); t != nil && t.isDebug() && sections[t.Name] != nil {
			if err := f.relocate(s, sections[t.Name]); err != nil {
				return nil, err
			}
		}
	}
	// debug/dwarf reads a unit's first entry once with a string base of 0 to
	// find the base, so that it takes the table's header for offsets of strings
	// and may fail on them. It never uses the header.
	if h := sections[".debug_str_offsets"]; len(h) >= 8 {
		clear(h[:8])
	}
	data, err := dwarf.New(sections[".debug_abbrev"], nil, nil, sections[".debug_info"], sections[".debug_line"],
		nil, sections[".debug_ranges"], sections[".debug_str"])
	if err != nil {
		return nil, err
	}
	for _, name := range []string{".debug_addr", ".debug_line_str", ".debug_str_offsets", ".debug_rnglists"} {
		if b := sections[name]; b != nil {
			if err := data.AddSection(name, b); err != nil {
				return nil, err
			}
		}
	}
	return data, nil
}

// relocate applies a debugging section's relocations in place.
func (f *file) relocate(rel *section, data []byte) error {
	entries, err := f.contents(rel)
	if err != nil {
		return err
	}
	size := 16
	if rel.Type == elf.SHT_RELA {
		size = 24
	}
	bo := f.ByteOrder
	for ; len(entries) >= size; entries = entries[size:] {
		off, info := bo.Uint64(entries), bo.Uint64(entries[8:])
		no := int(elf.R_SYM64(info))
		if no == 0 || no > len(f.syms) {
			continue
		}
		sym := f.syms[no-1]
		value := sym.Value
		if sec := f.sectionOf(sym); sec != nil && sec.isCode() {
			value += codeBase(sec.index)
		}
		width := uint64(8)
		if t := elf.R_TYPE64(info); t == relAbs32 || t == relNoDyl32 {
			width = 4
		}
		if off > uint64(len(data)) || width > uint64(len(data))-off {
			return fmt.Errorf("relocation at %d is out of bounds", off)
		}
		at := data[off : off+width]
		addend := readInt(bo, at)
		if rel.Type == elf.SHT_RELA {
			addend = bo.Uint64(entries[16:])
		}
		if width == 4 {
			bo.PutUint32(at, uint32(value+addend))
		} else {
			bo.PutUint64(at, value+addend)
		}
	}
	return nil
}

// dwarfReader collects declarations.
type dwarfReader struct {
	data  *dwarf.Data
	info  *dwarfInfo
	files []*dwarf.LineFile
	// tables has the file names of the line tables read, by their offset.
	tables map[int64][]*dwarf.LineFile
	// size is that of .debug_info, in bytes; the rest counts what was read.
	size, entries, fields, lines int
}

func (r *dwarfReader) read() error {
	rd := r.data.Reader()
	for {
		cu, err := r.next(rd)
		if err != nil || cu == nil {
			return err
		}
		if cu.Tag == dwarf.TagCompileUnit {
			if err := r.readLines(cu); err != nil {
				return err
			}
			if cu.Children {
				err = r.readChildren(rd, "", 0)
			}
		} else {
			err = r.skipChildren(rd, cu)
		}
		if err != nil {
			return err
		}
	}
}

// Limits on damaged or hostile DWARF.
const (
	maxDwarfDepth  = 64       // of nested functions and blocks
	maxDwarfFields = 16 << 20 // attributes over all entries
	maxDwarfLines  = maxInsns
)

var errDwarfSize = errors.New("more than can be read")

// next reads the next entry, whatever its depth: always onwards.
func (r *dwarfReader) next(rd *dwarf.Reader) (*dwarf.Entry, error) {
	e, err := rd.Next()
	if e != nil {
		// An entry takes a byte or more: the Reader can get stuck at the end
		// of a damaged unit and give empty entries for ever.
		r.entries++
		r.fields += len(e.Field)
		if r.entries > r.size || r.fields > maxDwarfFields {
			return nil, errDwarfSize
		}
	}
	return e, err
}

// skipChildren reads past the entries below e. The Reader's own method follows
// an entry's pointer to its sibling, which may lead back.
func (r *dwarfReader) skipChildren(rd *dwarf.Reader, e *dwarf.Entry) error {
	depth := 0
	for e != nil {
		if e.Children {
			depth++
		} else if e.Tag == 0 {
			depth--
		}
		if depth <= 0 {
			return nil
		}
		var err error
		if e, err = r.next(rd); err != nil {
			return err
		}
	}
	return nil
}

// readLines reads a unit's file names and line table. Units may share one.
func (r *dwarfReader) readLines(cu *dwarf.Entry) error {
	table, _ := cu.Val(dwarf.AttrStmtList).(int64)
	if files, ok := r.tables[table]; ok {
		r.files = files
		return nil
	}
	r.files = nil
	lr, err := r.data.LineReader(cu)
	if err != nil || lr == nil {
		return err
	}
	r.files = lr.Files()
	r.tables[table] = r.files
	var e dwarf.LineEntry
	for {
		if err := lr.Next(&e); err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
		if r.lines++; r.lines > maxDwarfLines {
			return errDwarfSize
		}
		sec := int(e.Address>>codeBaseShift) - 1
		if e.EndSequence || sec < 0 || e.File == nil {
			continue
		}
		r.info.lines[sec] = append(r.info.lines[sec], lineInfo{
			off: e.Address & (1<<codeBaseShift - 1), file: e.File.Name, line: e.Line, col: e.Column,
		})
	}
}

// readChildren reads the entries of a unit, or of the function in, up to the
// end of its list.
func (r *dwarfReader) readChildren(rd *dwarf.Reader, in string, depth int) error {
	if depth > maxDwarfDepth {
		return errDwarfSize
	}
	for {
		e, err := r.next(rd)
		if err != nil || e == nil || e.Tag == 0 {
			return err
		}
		name, _ := e.Val(dwarf.AttrName).(string)
		if sym, ok := e.Val(dwarf.AttrLinkageName).(string); ok {
			name = sym // what the symbol table and BTF call it
		}
		switch e.Tag {
		case dwarf.TagVariable:
			if in != "" && name != "" {
				name = in + "." + name // as compilers name a function's static variables
			}
			if _, known := r.info.vars[name]; name != "" && !known {
				typ, _ := e.Val(dwarf.AttrType).(dwarf.Offset)
				r.info.vars[name] = dwarfVar{r.decl(e), typ}
			}
		case dwarf.TagSubprogram:
			if _, known := r.info.funcs[name]; name != "" && !known {
				r.info.funcs[name] = r.decl(e)
			}
			if e.Children {
				if err := r.readChildren(rd, name, depth+1); err != nil {
					return err
				}
				continue
			}
		case dwarf.TagLexDwarfBlock, dwarf.TagNamespace:
			if e.Children && (in != "") == (e.Tag == dwarf.TagLexDwarfBlock) {
				if err := r.readChildren(rd, in, depth+1); err != nil {
					return err
				}
				continue
			}
		case dwarf.TagStructType, dwarf.TagUnionType:
			if err := r.readStruct(rd, e, name, depth); err != nil {
				return err
			}
			continue
		}
		if err := r.skipChildren(rd, e); err != nil {
			return err
		}
	}
}

func (r *dwarfReader) readStruct(rd *dwarf.Reader, e *dwarf.Entry, name string, depth int) error {
	if !e.Children {
		return nil
	}
	if depth > maxDwarfDepth {
		return errDwarfSize
	}
	s := &dwarfStruct{}
	for {
		m, err := r.next(rd)
		if err != nil || m == nil {
			return err
		}
		if m.Tag == 0 {
			break
		}
		n, _ := m.Val(dwarf.AttrName).(string)
		switch m.Tag {
		case dwarf.TagMember:
			typ, _ := m.Val(dwarf.AttrType).(dwarf.Offset)
			s.names = append(s.names, n)
			s.members = append(s.members, r.decl(m))
			s.types = append(s.types, typ)
		case dwarf.TagStructType, dwarf.TagUnionType:
			if err := r.readStruct(rd, m, n, depth+1); err != nil {
				return err
			}
			continue
		}
		if err := r.skipChildren(rd, m); err != nil {
			return err
		}
	}
	r.info.byOffset[e.Offset] = s
	size, _ := e.Val(dwarf.AttrByteSize).(int64)
	key := structKey(name, size, s.names)
	switch known := r.info.structs[key]; {
	case known == nil:
		r.info.structs[key] = s
	case !slices.Equal(known.members, s.members):
		r.info.structs[key] = &dwarfStruct{}
	}
	return nil
}

// decl gives where an entry is declared.
func (r *dwarfReader) decl(e *dwarf.Entry) declPos {
	line, _ := e.Val(dwarf.AttrDeclLine).(int64)
	file, ok := e.Val(dwarf.AttrDeclFile).(int64)
	if line <= 0 || !ok || file < 0 || file >= int64(len(r.files)) || r.files[file] == nil {
		return declPos{}
	}
	return declPos{r.files[file].Name, int(line)}
}
