package object

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/cilium/ebpf/btf"
)

const (
	btfMagic      = 0xeb9f
	btfHeaderSize = 24
	// maxBTFTypes bounds the depth to which the btf package may recurse in a
	// hostile chain of types. The kernel's own BTF has about 150,000.
	maxBTFTypes = 250_000
	// maxBadTypes is how many unreadable types are passed over.
	maxBadTypes = 256
)

// btfData is an object's BTF with indexes over it.
type btfData struct {
	spec     *btf.Spec
	types    int // number of types, IDs 1 to types
	strings  []byte
	datasecs map[string]*btf.Datasec
	funcs    map[string]*btf.Func // by name; the first of several
	structs  map[string]*btf.Struct
	vars     map[string]*btf.Var  // by name; the first of several
	kfuncs   map[string]*btf.Func // filled in by kfunc
	ext      extInfo
}

// loadBTF reads .BTF and .BTF.ext. What is damaged is noted and done without.
func (l *loader) loadBTF() {
	sec := l.file.section(".BTF")
	if sec == nil {
		l.note("no BTF: map values and variables have no field names, accesses are told apart by offset")
		return
	}
	raw, err := l.file.contents(sec)
	if err == nil {
		l.btf, err = parseBTF(raw, l.file.ByteOrder)
	}
	if err != nil {
		l.skip(nil, "", "damaged BTF: %v", err)
		return
	}
	if bad := l.btf.index(); bad != nil {
		l.skip(nil, "", "BTF has types that cannot be read: %v", bad)
	}
	ext := l.file.section(".BTF.ext")
	if ext == nil {
		return
	}
	raw, err = l.file.contents(ext)
	if err == nil {
		l.btf.ext, err = parseExtInfo(raw, l.file.ByteOrder, l.btf.strings)
	}
	if err != nil {
		l.skip(nil, "", "damaged BTF line information: %v", err)
	}
}

// parseBTF reads the contents of a .BTF section. The ELF file is not given to
// the btf package: it would refuse data sections that it does not expect, such
// as typed kernel symbols.
func parseBTF(raw []byte, bo binary.ByteOrder) (*btfData, error) {
	if len(raw) < btfHeaderSize {
		return nil, errors.New("truncated header")
	}
	if bo.Uint16(raw) != btfMagic {
		return nil, fmt.Errorf("magic is %#x", bo.Uint16(raw))
	}
	hdr := uint64(bo.Uint32(raw[4:]))
	table := func(at int) ([]byte, error) {
		off, size := hdr+uint64(bo.Uint32(raw[at:])), uint64(bo.Uint32(raw[at+4:]))
		if off+size > uint64(len(raw)) {
			return nil, errors.New("a table is out of bounds")
		}
		return raw[off : off+size], nil
	}
	types, err := table(8)
	if err != nil {
		return nil, err
	}
	strings, err := table(16)
	if err != nil {
		return nil, err
	}
	n := countTypes(types, bo)
	if n > maxBTFTypes {
		return nil, fmt.Errorf("%d types, more than %d", n, maxBTFTypes)
	}
	spec, err := btf.LoadSpecFromReader(bytes.NewReader(raw))
	if err != nil {
		return nil, err
	}
	return &btfData{spec: spec, types: n, strings: strings}, nil
}

// countTypes counts the types of a BTF type table, stopping at what it cannot
// measure (struct btf_type, include/uapi/linux/btf.h).
func countTypes(types []byte, bo binary.ByteOrder) int {
	n := 0
	for len(types) >= 12 {
		info := bo.Uint32(types[4:])
		vlen := int(info & 0xffff)
		size := 12
		switch info >> 24 & 0x1f {
		case 1, 14, 17: // int, var, decl tag
			size += 4
		case 3: // array
			size += 12
		case 4, 5, 15, 19: // struct, union, data section, enum64
			size += 12 * vlen
		case 6, 13: // enum, function prototype
			size += 8 * vlen
		}
		if size > len(types) {
			break
		}
		types = types[size:]
		n++
	}
	return n
}

// index fills the indexes. The error tells of the first type that could not be
// read; the others are there.
func (b *btfData) index() (bad error) {
	b.datasecs = make(map[string]*btf.Datasec)
	b.funcs = make(map[string]*btf.Func)
	b.structs = make(map[string]*btf.Struct)
	b.vars = make(map[string]*btf.Var)
	errs := 0
	for id := btf.TypeID(1); int(id) <= b.types; id++ {
		t, err := b.spec.TypeByID(id)
		if err != nil {
			if bad == nil {
				bad = err
			}
			// A type that fails is read again for each type that leads to it.
			if errs++; errs > maxBadTypes {
				break
			}
			continue
		}
		switch t := t.(type) {
		case *btf.Datasec:
			if b.datasecs[t.Name] == nil {
				b.datasecs[t.Name] = t
			}
		case *btf.Func:
			if b.funcs[t.Name] == nil {
				b.funcs[t.Name] = t
			}
		case *btf.Var:
			if b.vars[t.Name] == nil {
				b.vars[t.Name] = t
			}
		case *btf.Struct:
			if t.Name != "" && b.structs[t.Name] == nil {
				b.structs[t.Name] = t
			}
		}
	}
	return bad
}

// proto gives a function's prototype, nil when it has none.
func proto(fn *btf.Func) *btf.FuncProto {
	if fn == nil {
		return nil
	}
	p, _ := fn.Type.(*btf.FuncProto)
	return p
}

// arity gives the number of a function's parameters, -1 when not known. A
// variadic one (the last parameter without a type) has all five.
func arity(fn *btf.Func) int {
	p := proto(fn)
	if p == nil {
		return -1
	}
	if n := len(p.Params); n > 0 && isVoid(p.Params[n-1].Type) {
		return maxArgs
	}
	return min(len(p.Params), maxArgs)
}

func isVoid(t btf.Type) bool {
	_, ok := t.(*btf.Void)
	return ok || t == nil
}
