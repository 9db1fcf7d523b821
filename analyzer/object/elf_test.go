package object

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"strings"
	"testing"
	"time"

	"github.com/bpflockcheck/bpflockcheck/analyzer/ir"
)

// image is an ELF object to be written.
type image struct {
	sections []imageSection
	symbols  []elf.Symbol // Section counts from 1 in the order of sections; 0 is undefined
}

type imageSection struct {
	name  string
	typ   elf.SectionType
	flags elf.SectionFlag
	info  uint32
	data  []byte
	// shared: the bytes of the section before, once more.
	shared bool
}

func code(name string, insns ...uint64) imageSection {
	var b []byte
	for _, i := range insns {
		b = binary.LittleEndian.AppendUint64(b, i)
	}
	return imageSection{name: name, typ: elf.SHT_PROGBITS, flags: elf.SHF_ALLOC | elf.SHF_EXECINSTR, data: b}
}

// relocs makes a section of relocations with addends for section target:
// triples of offset, symbol from 1 and addend.
func relocs(target uint32, entries ...uint64) imageSection {
	var b []byte
	for i, v := range entries {
		if i%3 == 1 {
			v = v<<32 | 1
		}
		b = binary.LittleEndian.AppendUint64(b, v)
	}
	return imageSection{name: ".rela", typ: elf.SHT_RELA, info: target, data: b}
}

func fn(name string, sec int, off, size uint64) elf.Symbol {
	return elf.Symbol{Name: name, Info: elf.ST_INFO(elf.STB_GLOBAL, elf.STT_FUNC), Section: elf.SectionIndex(sec), Value: off, Size: size}
}

// bytes writes the object, little endian.
func (im image) bytes() []byte {
	le := binary.LittleEndian
	var strtab bytes.Buffer
	str := func(s string) uint32 {
		n := strtab.Len()
		strtab.WriteString(s + "\x00")
		return uint32(n)
	}
	str("")
	symtab := make([]byte, elf.Sym64Size)
	for _, s := range im.symbols {
		symtab = le.AppendUint32(symtab, str(s.Name))
		symtab = append(symtab, s.Info, s.Other)
		symtab = le.AppendUint16(symtab, uint16(s.Section))
		symtab = le.AppendUint64(symtab, s.Value)
		symtab = le.AppendUint64(symtab, s.Size)
	}
	secs := append([]imageSection{{}}, im.sections...)
	strndx := len(secs) + 1
	secs = append(secs, imageSection{name: ".symtab", typ: elf.SHT_SYMTAB, data: symtab}, imageSection{name: ".strtab", typ: elf.SHT_STRTAB})
	var headers []elf.Section64
	body := make([]byte, 64)
	var before elf.Section64
	for _, s := range secs {
		h := elf.Section64{Name: str(s.name), Type: uint32(s.typ), Flags: uint64(s.flags), Info: s.info, Off: uint64(len(body)), Size: uint64(len(s.data))}
		switch {
		case s.typ == elf.SHT_SYMTAB:
			h.Link, h.Entsize = uint32(strndx), elf.Sym64Size
		case s.name == ".strtab":
			s.data = strtab.Bytes()
			h.Size = uint64(len(s.data))
		case s.shared:
			h.Off, h.Size = before.Off, before.Size
		}
		headers = append(headers, h)
		body, before = append(body, s.data...), h
	}
	copy(body, header(elf.ELFCLASS64, elf.ET_REL, elf.EM_BPF, le))
	le.PutUint64(body[40:], uint64(len(body)))
	le.PutUint16(body[52:], 64)
	le.PutUint16(body[58:], 64)
	le.PutUint16(body[60:], uint16(len(headers)))
	le.PutUint16(body[62:], uint16(strndx))
	var out bytes.Buffer
	out.Write(body)
	if err := binary.Write(&out, le, headers); err != nil {
		panic(err)
	}
	return out.Bytes()
}

// Instructions as numbers: immediate, offset, registers, opcode.
const (
	exit    = 0x95
	mov1    = 0x00000001_0000_00_b7 // r0 = 1
	wideLo  = 0x00000000_0000_01_18 // r1 = ... ll
	wideHi  = 0
	callRel = 0xffffffff_0000_10_85 // call -1, a function
)

func TestSymbols(t *testing.T) {
	label := elf.Symbol{Name: "LBB0_1", Section: 1, Value: 8}
	old := elf.Symbol{Name: "old", Info: elf.ST_INFO(elf.STB_GLOBAL, elf.STT_NOTYPE), Section: 1, Value: 16}
	local := fn("local", 2, 8, 8)
	local.Info = elf.ST_INFO(elf.STB_LOCAL, elf.STT_FUNC)
	tests := []struct {
		name string
		im   image
		want string // of the dump
	}{
		{"labels and symbols without type and size", image{
			[]imageSection{code("xdp", mov1, exit, mov1, exit)},
			[]elf.Symbol{fn("new", 1, 0, 0), label, old},
		}, `
program new: xdp (xdp "", sleepable false, known true) runs new, struct_ops .
program old: xdp (xdp "", sleepable false, known true) runs old, struct_ops .
func new: linkage 0 params [1] at x.o 
  b0:
      0:0   r10 = frame + 512
      0:0   r0 = 1
      0:1   return r0
func old: linkage 0 params [1] at x.o 
  b0:
      0:0   r10 = frame + 512
      0:0   r0 = 1
      0:1   return r0
`},
		{"an alias, a static function beside a program, an address with addend", image{
			[]imageSection{
				code(".text", exit),
				code("tc", wideLo, wideHi, callRel, exit, exit),
				relocs(2, 0, 5, 4, 16, 3, 0),
				{name: ".data", typ: elf.SHT_PROGBITS, flags: elf.SHF_ALLOC | elf.SHF_WRITE, data: make([]byte, 16)},
			},
			[]elf.Symbol{
				fn("a", 2, 0, 32), fn("b", 2, 0, 32), fn("sub", 1, 0, 8),
				{Name: "beside", Info: elf.ST_INFO(elf.STB_LOCAL, elf.STT_FUNC), Section: 2, Value: 32, Size: 8},
				{Name: "v", Info: elf.ST_INFO(elf.STB_GLOBAL, elf.STT_OBJECT), Section: 4, Value: 8, Size: 8},
			},
		}, `
global v: .data ? size 8 const false static false arena false ksym false weak false tags [] at ?
program a: tc (sched_cls "", sleepable false, known true) runs a, struct_ops .
program b: tc (sched_cls "", sleepable false, known true) runs a, struct_ops .
func sub: linkage 0 params [1 2 3 4 5] at x.o 
  b0:
      0:0   r10 = frame + 512
      0:0   return r0
func a: linkage 0 params [1] at x.o 
  b0:
      0:0   r10 = frame + 512
      0:0   r1 = &v + 4
      0:2   r0 = call func sub(r1, r2, r3, r4, r5)
      0:3   return r0
func beside: linkage 0 params [1 2 3 4 5] at x.o 
  b0:
      0:0   r10 = frame + 512
      0:0   return r0
`},
		{"jumps to nowhere", image{
			[]imageSection{code("xdp",
				0x00000000_7fff_00_05,                       // goto +32767
				0x00000000_0001_01_15, wideLo, wideHi, exit, // if r1 == 0 goto into a wide load
				mov1)}, // off the end
			[]elf.Symbol{fn("out", 1, 0, 8), fn("into", 1, 8, 32), fn("off", 1, 40, 8)},
		}, `
program out: xdp (xdp "", sleepable false, known true) runs out, struct_ops .
program into: xdp (xdp "", sleepable false, known true) runs into, struct_ops .
program off: xdp (xdp "", sleepable false, known true) runs off, struct_ops .
func out: linkage 0 params [1] at x.o 
  b0:
      0:0   r10 = frame + 512
      0:0   unreachable
func into: linkage 0 params [1] at x.o 
  b0:
      0:0   r10 = frame + 512
      0:0   unreachable
func off: linkage 0 params [1] at x.o 
  b0:
      0:0   r10 = frame + 512
      0:0   r0 = 1
      0:0   unreachable
skipped x.o: function out: instruction 0: control goes to no instruction of the function
skipped x.o: function into: instruction 0: control goes to no instruction of the function
skipped x.o: function off: instruction 0: control runs off the function's end
`},
		{"symbols that overlap, code without one, unknown instructions", image{
			[]imageSection{
				code("xdp", mov1, exit, exit),
				code("tc", exit),
				code("socket", 0x00000000_0000_00_ff, 0x00000000_0000_0b_bf, 0x00000000_0000_00_db|0x77<<32, exit),
				relocs(3, 24, 1, 0),
			},
			[]elf.Symbol{fn("a", 1, 0, 24), fn("b", 1, 8, 16), fn("odd", 3, 0, 32)},
		}, `
program a: xdp (xdp "", sleepable false, known true) runs a, struct_ops .
program b: xdp (xdp "", sleepable false, known true) runs b, struct_ops .
program odd: socket (socket_filter "", sleepable false, known true) runs odd, struct_ops .
func a: linkage 0 params [1] at x.o 
  b0:
      0:0   r10 = frame + 512
      0:0   r0 = 1
      0:0   unreachable
func b: linkage 0 params [1] at x.o 
  b0:
      0:0   r10 = frame + 512
      0:0   return r0
func odd: linkage 0 params [1] at x.o 
  b0:
      0:0   r10 = frame + 512
      0:0   r0 = unknown: unknown arithmetic instruction
      0:1   r0 = unknown: there is no such register
      0:2   atomic other64 r0 + 0, r0
      0:3   return r0
skipped x.o: function a: the function's symbol reaches into the next one or beyond its section
skipped x.o: section tc: no symbol names a function in it
skipped x.o: function a: instruction 0: control runs off the function's end
skipped x.o: function odd: instruction 0 (opcode 0xff): unknown arithmetic instruction
skipped x.o: function odd: instruction 1 (opcode 0xbf): there is no such register
skipped x.o: function odd: instruction 2: unknown atomic operation 0x77
skipped x.o: function odd: instruction 3: a relocation where none is expected
`},
	}
	const notes = `note no BTF: map values and variables have no field names, accesses are told apart by offset
note no BTF line information and no DWARF, so positions are instruction numbers
`
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			u, err := LoadReader("x.o", bytes.NewReader(tt.im.bytes()), Config{})
			if err != nil {
				t.Fatal(err)
			}
			checkUnit(t, u)
			if got := dump(u); got != strings.TrimPrefix(tt.want, "\n")+notes {
				t.Errorf("have:\n%s", got)
			}
		})
	}
}

// TestTooMuch loads objects whose sections all name the same bytes: small
// files that would become large units.
func TestTooMuch(t *testing.T) {
	insns := make([]uint64, 8<<10)
	for i := range insns {
		insns[i] = exit
	}
	im := image{sections: []imageSection{code("xdp", insns...)}}
	for range 1000 {
		im.sections = append(im.sections, imageSection{name: "xdp", typ: elf.SHT_PROGBITS, flags: elf.SHF_ALLOC | elf.SHF_EXECINSTR, shared: true})
	}
	for i := range im.sections {
		im.symbols = append(im.symbols, fn("f", i+1, 0, 0))
	}
	if u, err := LoadReader("x.o", bytes.NewReader(im.bytes()), Config{}); err == nil || !strings.Contains(err.Error(), "more than") {
		t.Errorf("many instructions: %v, %v", u, err)
	}

	// Many odd instructions are not told of one by one.
	for i := range insns {
		insns[i] = 0xff
	}
	im = image{[]imageSection{code("xdp", insns...)}, []elf.Symbol{fn("f", 1, 0, 0)}}
	u, err := LoadReader("x.o", bytes.NewReader(im.bytes()), Config{})
	if err != nil || len(u.Skipped) != maxSkips {
		t.Errorf("many odd instructions: %v, %d reports", err, len(u.Skipped))
	}

	// Many symbols in many sections: work must not grow with their product.
	im = image{}
	for i := range 20_000 {
		im.sections = append(im.sections, code("xdp", exit))
		im.symbols = append(im.symbols, fn("f", i+1, 0, 8))
	}
	start := time.Now()
	if u, err = LoadReader("x.o", bytes.NewReader(im.bytes()), Config{}); err != nil || len(u.Programs) != 20_000 {
		t.Errorf("many sections: %v", err)
	}
	if d := time.Since(start); d > 20*time.Second {
		t.Errorf("many sections took %v", d)
	}
}

func TestHelperNames(t *testing.T) {
	im := image{
		[]imageSection{code("xdp", 0x00000005_0000_00_85, 0x0000ffff_0000_00_85, 0x00000007_0000_20_85, exit)},
		[]elf.Symbol{fn("f", 1, 0, 0)},
	}
	u, err := LoadReader("x.o", bytes.NewReader(im.bytes()), Config{})
	if err != nil {
		t.Fatal(err)
	}
	var kinds []ir.CallKind
	for _, in := range u.Funcs[0].Blocks[0].Instrs {
		if c, ok := in.(*ir.Call); ok {
			kinds = append(kinds, c.Kind)
		}
	}
	if len(kinds) != 3 || kinds[0] != ir.CallHelper || kinds[1] != ir.CallHelper || kinds[2] != ir.CallKfunc || len(u.Skipped) != 1 {
		t.Errorf("kinds %v, skipped %v", kinds, u.Skipped)
	}
}
