package object

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Limits on what is read from one object, so that a hostile one cannot make
// its sections, which may all name the same bytes of the file, fill the memory.
const (
	maxSectionBytes = 256 << 20 // over all sections read
	maxInsns        = 2 << 20   // over all functions; the kernel takes a million for a program
)

// BPF relocation types (LLVM, llvm/include/llvm/BinaryFormat/ELFRelocs/BPF.def).
const (
	relAbs64   = 2
	relAbs32   = 3
	relNoDyl32 = 4
)

// file is an ELF object with its symbols and relocations.
type file struct {
	*elf.File
	name    string
	secs    []*section
	syms    []elf.Symbol         // the null symbol left out
	symsOf  map[int][]elf.Symbol // the named ones by section
	data    int                  // bytes read so far
	skipped []string             // relocation sections that could not be read
}

// section is an ELF section.
type section struct {
	*elf.Section
	index  int
	relocs map[uint64]reloc // by offset, of sections that are needed
	data   []byte
	read   bool
	err    error
}

// reloc is a relocation entry.
type reloc struct {
	sym    elf.Symbol
	typ    uint32
	addend int64
	rela   bool // addend counts; otherwise it stands at the place relocated
}

// openFile checks that r is a BPF object and reads its tables.
func openFile(name string, r io.ReaderAt) (*file, error) {
	var head [headerLen]byte
	n, err := r.ReadAt(head[:], 0)
	if n < len(head) {
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if IsELF(head[:n]) {
			return nil, fmt.Errorf("%s: truncated ELF header", name)
		}
		return nil, fmt.Errorf("%s: %w", name, ErrNotELF)
	}
	if !IsELF(head[:]) {
		return nil, fmt.Errorf("%s: %w", name, ErrNotELF)
	}
	ef, err := elf.NewFile(r)
	if err != nil {
		return nil, fmt.Errorf("%s: damaged ELF file: %w", name, err)
	}
	switch {
	case ef.Machine != elf.EM_BPF && ef.Machine != elf.EM_NONE:
		return nil, fmt.Errorf("%s: %w: it is for machine %s", name, ErrNotBPF, ef.Machine)
	case ef.Class != elf.ELFCLASS64:
		return nil, fmt.Errorf("%s: %w: it is of class %s", name, ErrNotBPF, ef.Class)
	case ef.Type != elf.ET_REL:
		return nil, fmt.Errorf("%s: %w: want a relocatable object (ET_REL), have %s", name, ErrNotBPF, ef.Type)
	}
	f := &file{File: ef, name: name}
	for i, s := range ef.Sections {
		f.secs = append(f.secs, &section{Section: s, index: i})
	}
	f.syms, err = ef.Symbols()
	switch {
	case errors.Is(err, elf.ErrNoSymbols):
		return nil, fmt.Errorf("%s: %w", name, ErrStripped)
	case err != nil:
		return nil, fmt.Errorf("%s: damaged symbol table: %w", name, err)
	}
	f.symsOf = make(map[int][]elf.Symbol)
	for _, sym := range f.syms {
		if sym.Name != "" {
			f.symsOf[int(sym.Section)] = append(f.symsOf[int(sym.Section)], sym)
		}
	}
	f.readRelocs()
	return f, nil
}

// contents gives a section's bytes: none for one that takes no room in the
// file. A section is read once.
func (f *file) contents(s *section) ([]byte, error) {
	if s.read {
		return s.data, s.err
	}
	s.read = true
	switch {
	case s.Type == elf.SHT_NOBITS || s.Type == elf.SHT_NULL:
	case s.Flags&elf.SHF_COMPRESSED != 0:
		s.err = fmt.Errorf("section %s is compressed", s.Name)
	case s.Size > maxSectionBytes || f.data+int(s.Size) > maxSectionBytes:
		s.err = fmt.Errorf("section %s: the object's sections are larger than %d bytes", s.Name, maxSectionBytes)
	default:
		f.data += int(s.Size)
		if s.data, s.err = s.Section.Data(); s.err != nil {
			s.err = fmt.Errorf("section %s: %w", s.Name, s.err)
		}
	}
	return s.data, s.err
}

// section finds a section by name, nil when there is none.
func (f *file) section(name string) *section {
	i := slices.IndexFunc(f.secs, func(s *section) bool { return s.Name == name })
	if i < 0 {
		return nil
	}
	return f.secs[i]
}

// sectionOf gives the section that a symbol is defined in, nil for an
// undefined or absolute one.
func (f *file) sectionOf(sym elf.Symbol) *section {
	if sym.Section == elf.SHN_UNDEF || int(sym.Section) >= len(f.secs) || sym.Section >= elf.SHN_LORESERVE {
		return nil
	}
	return f.secs[sym.Section]
}

// isCode reports whether a section holds instructions.
func (s *section) isCode() bool {
	return s.Type == elf.SHT_PROGBITS && s.Flags&elf.SHF_EXECINSTR != 0 && s.Size > 0
}

// isData reports whether a section holds variables.
func (s *section) isData() bool {
	return (s.Type == elf.SHT_PROGBITS || s.Type == elf.SHT_NOBITS) && s.Flags&elf.SHF_ALLOC != 0 &&
		s.Flags&elf.SHF_EXECINSTR == 0
}

// isDebug reports whether a section is debugging information.
func (s *section) isDebug() bool { return strings.HasPrefix(s.Name, ".debug_") }

// readRelocs reads the relocations of all sections but the debugging ones,
// which are read when they are needed.
func (f *file) readRelocs() {
	for _, s := range f.secs {
		target := f.relocTarget(s)
		if target == nil || target.isDebug() || target.Name == ".BTF" || target.Name == ".BTF.ext" {
			continue
		}
		if err := f.readRelocSection(s, target); err != nil {
			f.skipped = append(f.skipped, err.Error())
		}
	}
}

// relocTarget gives the section that relocation section s is about.
func (f *file) relocTarget(s *section) *section {
	if s.Type != elf.SHT_REL && s.Type != elf.SHT_RELA {
		return nil
	}
	if s.Info == 0 || int(s.Info) >= len(f.secs) {
		return nil
	}
	return f.secs[s.Info]
}

func (f *file) readRelocSection(s, target *section) error {
	data, err := f.contents(s)
	if err != nil {
		return fmt.Errorf("relocations of %s: %w", target.Name, err)
	}
	size := 16
	if s.Type == elf.SHT_RELA {
		size = 24
	}
	if target.relocs == nil {
		target.relocs = make(map[uint64]reloc, len(data)/size)
	}
	for ; len(data) >= size; data = data[size:] {
		off, info := f.ByteOrder.Uint64(data), f.ByteOrder.Uint64(data[8:])
		r := reloc{typ: elf.R_TYPE64(info)}
		if s.Type == elf.SHT_RELA {
			r.rela, r.addend = true, int64(f.ByteOrder.Uint64(data[16:]))
		}
		switch no := int(elf.R_SYM64(info)); {
		case no == 0:
			continue // no symbol: nothing to resolve
		case no > len(f.syms):
			err = fmt.Errorf("relocations of %s: entry at %d names symbol %d of %d", target.Name, off, no, len(f.syms))
		default:
			r.sym = f.syms[no-1]
			target.relocs[off] = r
		}
	}
	return err
}

// cstring reads the zero-terminated string at off of a string table.
func cstring(table []byte, off uint32) string {
	if uint64(off) >= uint64(len(table)) {
		return ""
	}
	s := table[off:]
	if i := bytes.IndexByte(s, 0); i >= 0 {
		s = s[:i]
	}
	return string(s)
}

// readInt reads an unsigned integer of 1, 2, 4 or 8 bytes.
func readInt(bo binary.ByteOrder, b []byte) uint64 {
	switch len(b) {
	case 1:
		return uint64(b[0])
	case 2:
		return uint64(bo.Uint16(b))
	case 4:
		return uint64(bo.Uint32(b))
	case 8:
		return bo.Uint64(b)
	}
	return 0
}

// isLocal reports whether a symbol cannot be named by another unit: libbpf
// treats a hidden function as a static one (bpf_object__sanitize_btf,
// mark_btf_static).
func isLocal(sym elf.Symbol) bool {
	vis := elf.ST_VISIBILITY(sym.Other)
	return elf.ST_BIND(sym.Info) == elf.STB_LOCAL || vis == elf.STV_HIDDEN || vis == elf.STV_INTERNAL
}
