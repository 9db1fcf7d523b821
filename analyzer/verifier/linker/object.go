package linker

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sort"
	"strings"

	"github.com/cilium/ebpf/btf"

	"github.com/bpflockcheck/bpflockcheck/rules/kernel"
)

// Object is one BPF ELF object.
type Object struct {
	Name    string
	License string
	// BTF is the object's BTF as the kernel wants it, nil when there is none.
	BTF []byte
	// Types is the same BTF, decoded; nil when there is none.
	Types    *btf.Spec
	Maps     []*Map
	Programs []*Program
	// Kconfig lists the extern configuration variables, in the order of the
	// .kconfig map.
	Kconfig []KconfigVar

	file   *elf.File
	syms   []elf.Symbol // syms[i] is symbol number i
	data   map[int][]byte
	relocs map[int][]reloc // by the section they apply to, ordered by offset
	funcs  map[int][]*function
	ext    *extInfo
	core   *btf.ExtInfos
	bySec  map[int]*Map // maps of data sections, by section number
	kconf  *Map
	arena  *Map
	btfMod *rawBTF
	// externs has the BTF identifier of each extern function and variable.
	externs map[string]uint32
}

// reloc is one relocation of a section.
type reloc struct {
	off uint64 // in the section, bytes
	sym int
}

// Errors of Open.
var (
	ErrNotBPF    = errors.New("not a BPF object")
	ErrBigEndian = errors.New("an object for a big-endian machine")
)

const maxSection = 256 << 20

// Open reads the object in a file.
func Open(path string) (*Object, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, withoutPath(err)
	}
	defer f.Close()
	return Read(path, f)
}

// withoutPath gives an error of a file without its name: the caller names it as
// the user did.
func withoutPath(err error) error {
	if pe := (*fs.PathError)(nil); errors.As(err, &pe) {
		return pe.Err
	}
	return err
}

// Read reads an object. It gives an error for anything that is no BPF object;
// a program that cannot be linked has its own error in Program.Err.
func Read(name string, r io.ReaderAt) (o *Object, err error) {
	// debug/elf and the BTF decoder are not proof against every hostile file.
	defer func() {
		if p := recover(); p != nil {
			o, err = nil, fmt.Errorf("malformed object: %v", p)
		}
	}()
	magic := make([]byte, len(elf.ELFMAG))
	if _, err := r.ReadAt(magic, 0); err != nil && err != io.EOF {
		return nil, withoutPath(err)
	}
	if string(magic) != elf.ELFMAG {
		return nil, fmt.Errorf("%w: no ELF file; of a C source, give what clang -target bpf -g -O2 -c makes of it", ErrNotBPF)
	}
	f, err := elf.NewFile(r)
	if err != nil {
		return nil, err
	}
	if f.Machine != elf.EM_BPF && f.Machine != elf.EM_NONE || f.Class != elf.ELFCLASS64 {
		return nil, ErrNotBPF
	}
	if f.ByteOrder != binary.LittleEndian {
		return nil, ErrBigEndian
	}
	o = &Object{
		Name: name, file: f, data: map[int][]byte{}, relocs: map[int][]reloc{}, funcs: map[int][]*function{},
		bySec: map[int]*Map{}, externs: map[string]uint32{},
	}
	if err := o.readSections(); err != nil {
		return nil, err
	}
	o.readLicense()
	if err := o.readBTF(r); err != nil {
		return nil, err
	}
	if err := o.readMaps(); err != nil {
		return nil, err
	}
	o.readFunctions()
	for _, p := range o.Programs {
		o.link(p)
	}
	o.linkStructOps()
	return o, nil
}

func (o *Object) readSections() error {
	syms, err := o.file.Symbols()
	if err != nil {
		return fmt.Errorf("no symbol table: %w", err)
	}
	o.syms = append([]elf.Symbol{{}}, syms...)
	for i, s := range o.file.Sections {
		if s.Type == elf.SHT_NOBITS || s.Type == elf.SHT_NULL || strings.HasPrefix(s.Name, ".debug") || strings.HasPrefix(s.Name, ".rel.debug") {
			continue
		}
		if s.FileSize > maxSection {
			return fmt.Errorf("section %s: %d bytes", s.Name, s.FileSize)
		}
		d, err := s.Data()
		if err != nil {
			return fmt.Errorf("section %s: %w", s.Name, err)
		}
		o.data[i] = d
	}
	for _, s := range o.file.Sections {
		if s.Type != elf.SHT_REL || strings.HasPrefix(s.Name, ".rel.debug") || int(s.Info) >= len(o.file.Sections) {
			continue
		}
		d, err := s.Data()
		if err != nil {
			return fmt.Errorf("section %s: %w", s.Name, err)
		}
		var rs []reloc
		for ; len(d) >= 16; d = d[16:] {
			info := binary.LittleEndian.Uint64(d[8:])
			if sym := int(info >> 32); sym < len(o.syms) {
				rs = append(rs, reloc{off: binary.LittleEndian.Uint64(d), sym: sym})
			}
		}
		sort.SliceStable(rs, func(i, j int) bool { return rs[i].off < rs[j].off })
		o.relocs[int(s.Info)] = append(o.relocs[int(s.Info)], rs...)
	}
	return nil
}

// relocAt finds the relocation at a byte offset of a section.
func (o *Object) relocAt(sec int, off uint64) (reloc, bool) {
	rs := o.relocs[sec]
	i := sort.Search(len(rs), func(i int) bool { return rs[i].off >= off })
	if i < len(rs) && rs[i].off == off {
		return rs[i], true
	}
	return reloc{}, false
}

func (o *Object) section(name string) int {
	for i, s := range o.file.Sections {
		if s.Name == name {
			return i
		}
	}
	return -1
}

func (o *Object) readLicense() {
	if i := o.section("license"); i >= 0 {
		o.License = string(bytes.TrimRight(o.data[i], "\x00"))
	}
}

// sectionOf gives the number of the section that a symbol is defined in, or
// -1.
func (o *Object) sectionOf(s elf.Symbol) int {
	if s.Section == elf.SHN_UNDEF || s.Section >= elf.SHN_LORESERVE || int(s.Section) >= len(o.file.Sections) {
		return -1
	}
	return int(s.Section)
}

func isDataSection(name string) bool {
	for _, p := range []string{".data", ".rodata", ".bss"} {
		if name == p || strings.HasPrefix(name, p+".") {
			return true
		}
	}
	return false
}

func hidden(s elf.Symbol) bool {
	v := elf.ST_VISIBILITY(s.Other)
	return v == elf.STV_HIDDEN || v == elf.STV_INTERNAL
}

// Map is a map to create.
type Map struct {
	Name           string
	Type           kernel.MapType
	KeySize        uint32
	ValueSize      uint32
	MaxEntries     uint32
	Flags          uint32
	Extra          uint64
	KeyID, ValueID uint32 // in Object.BTF; 0: none
	Inner          *Map   // template, for maps of maps
	// Data is the initial contents of a data section's only element, or of an
	// arena.
	Data []byte
	// Freeze: a .rodata or .kconfig section, which the verifier may trust.
	Freeze bool
	// Kconfig marks the .kconfig map: Data is to be filled in.
	Kconfig bool
}

// KconfigVar is one extern __kconfig variable.
type KconfigVar struct {
	Name      string
	Off, Size uint32
	// Bool and Char tell tristate "y" apart from 1; Array: a string.
	Kind KconfigKind
	Weak bool
}

// KconfigKind is the C type of a configuration variable.
type KconfigKind int

// Kinds of configuration variables.
const (
	KconfigInt KconfigKind = iota
	KconfigBool
	KconfigChar
	KconfigString
	KconfigTristate
)
