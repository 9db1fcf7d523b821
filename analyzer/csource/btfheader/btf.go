// Package btfheader makes C declarations from the kernel's BTF, one at a time and
// on demand: what bpftool's vmlinux.h would hold, for projects that generate that
// file when they are built.
//
// It reads BTF itself rather than through cilium/ebpf, because it needs an index of
// enumerators and must not spend more than a few milliseconds on 126,000 types. The
// format: Documentation/bpf/btf.rst of Linux.
package btfheader

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"

	"github.com/bpflockcheck/bpflockcheck/analyzer/csource/cpp"
)

// Kinds of types, as numbered in include/uapi/linux/btf.h.
const (
	kInt       = 1
	kPtr       = 2
	kArray     = 3
	kStruct    = 4
	kUnion     = 5
	kEnum      = 6
	kFwd       = 7
	kTypedef   = 8
	kVolatile  = 9
	kConst     = 10
	kRestrict  = 11
	kFunc      = 12
	kFuncProto = 13
	kVar       = 14
	kDatasec   = 15
	kFloat     = 16
	kDeclTag   = 17
	kTypeTag   = 18
	kEnum64    = 19
)

// Header is the set of declarations that a BTF blob describes. Its methods may be
// called at the same time.
type Header struct {
	types []byte
	strs  []byte
	offs  []uint32 // of each type in types; index 0 is void
	tags  map[string]int32
	names map[string]int32

	mu    sync.Mutex
	cache map[int][]cpp.Token
	sizes map[int][2]int64 // size and alignment in bytes
	// budget is what is left of maxSteps.
	budget int
}

// Load reads a file that holds BTF: the kernel's /sys/kernel/btf/vmlinux, or an ELF
// file with a .BTF section.
func Load(path string) (*Header, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	const limit = 256 << 20
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, err
	}
	if len(data) > limit {
		return nil, fmt.Errorf("larger than %d MB", limit>>20)
	}
	if bytes.HasPrefix(data, []byte(elf.ELFMAG)) {
		ef, err := elf.NewFile(bytes.NewReader(data))
		if err != nil {
			return nil, err
		}
		s := ef.Section(".BTF")
		if s == nil {
			return nil, errors.New("no .BTF section")
		}
		if data, err = s.Data(); err != nil {
			return nil, err
		}
	}
	return New(data)
}

var le = binary.LittleEndian

// New reads raw BTF.
func New(data []byte) (*Header, error) {
	if len(data) < 24 || le.Uint16(data) != 0xeb9f {
		return nil, errors.New("not BTF of a little-endian machine")
	}
	hdr := le.Uint32(data[4:])
	typeOff, typeLen := uint64(le.Uint32(data[8:])), uint64(le.Uint32(data[12:]))
	strOff, strLen := uint64(le.Uint32(data[16:])), uint64(le.Uint32(data[20:]))
	n := uint64(len(data))
	base := uint64(hdr)
	if base > n || base+typeOff+typeLen > n || base+strOff+strLen > n {
		return nil, errors.New("truncated BTF")
	}
	h := &Header{
		types: data[base+typeOff : base+typeOff+typeLen],
		strs:  data[base+strOff : base+strOff+strLen],
		tags:  make(map[string]int32, 16<<10),
		names: make(map[string]int32, 48<<10),
		cache: map[int][]cpp.Token{},
		sizes: map[int][2]int64{},
	}
	return h, h.index()
}

// typ is one type's head.
type typ struct {
	name string
	kind int
	vlen int
	flag bool   // kind_flag
	arg  uint32 // size or type
	rest []byte // what follows
}

// at reads type id; ok is false for void and what does not exist.
func (h *Header) at(id int) (t typ, ok bool) {
	if id <= 0 || id >= len(h.offs) {
		return t, false
	}
	b := h.types[h.offs[id]:]
	info := le.Uint32(b[4:])
	t.name = h.str(le.Uint32(b))
	t.kind, t.vlen, t.flag = int(info>>24&0x1f), int(info&0xffff), info>>31 != 0
	t.arg = le.Uint32(b[8:])
	t.rest = b[12:]
	return t, true
}

func (h *Header) str(off uint32) string {
	if off == 0 || uint64(off) >= uint64(len(h.strs)) {
		return ""
	}
	s := h.strs[off:]
	if i := bytes.IndexByte(s, 0); i >= 0 {
		s = s[:i]
	}
	return string(s)
}

// tail is the number of bytes after the head of a type.
func tail(kind, vlen int) int {
	switch kind {
	case kInt, kVar, kDeclTag:
		return 4
	case kArray:
		return 12
	case kStruct, kUnion, kDatasec, kEnum64:
		return 12 * vlen
	case kEnum, kFuncProto:
		return 8 * vlen
	}
	return 0
}

// index finds where types start and which names they give.
func (h *Header) index() error {
	h.offs = make([]uint32, 1, len(h.types)/20+1)
	var kfuncs []int32
	for off := 0; off < len(h.types); {
		if off+12 > len(h.types) {
			return errors.New("truncated BTF types")
		}
		b := h.types[off:]
		info := le.Uint32(b[4:])
		kind, vlen := int(info>>24&0x1f), int(info&0xffff)
		size := 12 + tail(kind, vlen)
		if kind == 0 || kind > kEnum64 || off+size > len(h.types) {
			return fmt.Errorf("unknown BTF type at offset %d", off)
		}
		id := int32(len(h.offs))
		h.offs = append(h.offs, uint32(off))
		name := le.Uint32(b)
		switch kind {
		case kStruct, kUnion, kEnum, kEnum64:
			if name != 0 {
				first(h.tags, h.str(name), id)
			}
			if kind == kEnum || kind == kEnum64 {
				step := 8
				if kind == kEnum64 {
					step = 12
				}
				for i := range vlen {
					first(h.names, h.str(le.Uint32(b[12+i*step:])), id)
				}
			}
		case kTypedef:
			first(h.names, h.str(name), id)
		case kDeclTag:
			if h.str(name) == "bpf_kfunc" {
				kfuncs = append(kfuncs, int32(le.Uint32(b[8:])))
			}
		}
		off += size
	}
	for _, id := range kfuncs {
		if t, ok := h.at(int(id)); ok && t.kind == kFunc {
			first(h.names, t.name, id)
		}
	}
	return nil
}

// first keeps the first giver of a name, as names are not unique.
func first(m map[string]int32, name string, id int32) {
	if name == "" {
		return
	}
	if _, ok := m[name]; !ok {
		m[name] = id
	}
}

// Len is the number of types.
func (h *Header) Len() int { return len(h.offs) }

// Tag calls f with the number of the declaration that defines a struct, union or enum.
func (h *Header) Tag(name string, f func(int)) {
	if id, ok := h.tags[name]; ok {
		f(int(id))
	}
}

// Name calls f with the number of the declaration that gives a typedef, an
// enumerator or a kfunc.
func (h *Header) Name(name string, f func(int)) {
	if id, ok := h.names[name]; ok {
		f(int(id))
	}
}

// Ordered reports that numbers say nothing about the order of declarations.
func (h *Header) Ordered() bool { return false }

// maxText bounds one declaration; task_struct takes 10 KB.
const maxText = 1 << 20

// Tokens gives declaration id in C.
func (h *Header) Tokens(id int) []cpp.Token {
	h.mu.Lock()
	defer h.mu.Unlock()
	if toks, ok := h.cache[id]; ok {
		return toks
	}
	text := h.declaration(id)
	t, _ := h.at(id)
	if len(text) > maxText {
		text = ";"
	}
	f := cpp.NewFile("<btf>/"+t.name, text)
	f.System = true
	toks := cpp.Lex(f, 0, uint32(len(text)), nil)
	h.cache[id] = toks
	return toks
}
