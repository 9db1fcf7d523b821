package object

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"github.com/cilium/ebpf/btf"
)

// extInfo is what .BTF.ext says about instructions, by section name and sorted
// by byte offset (struct btf_ext_header and the records after it,
// tools/lib/bpf/libbpf_internal.h).
type extInfo struct {
	funcs map[string][]funcInfo
	lines map[string][]lineInfo
	core  map[string]map[uint64]coreRelo
}

type funcInfo struct {
	off uint64
	typ btf.TypeID
}

type lineInfo struct {
	off       uint64
	file      string
	text      string // the source line
	line, col int
}

// coreRelo is a CO-RE relocation.
type coreRelo struct {
	kind   coreKind
	typ    btf.TypeID
	access string // indexes from the type to the field: "0:1:2"
}

// coreKind is enum bpf_core_relo_kind (include/uapi/linux/bpf.h).
type coreKind uint32

// decidedAtLoad reports whether a CO-RE relocation puts a value in the
// instruction that depends on the running kernel and not on a layout: whether
// something exists, or an enumerator's value. The constant in the object is
// then only the compiler's guess.
func (k coreKind) decidedAtLoad() bool {
	switch k {
	case 2, // BPF_CORE_FIELD_EXISTS
		8,  // BPF_CORE_TYPE_EXISTS
		10, // BPF_CORE_ENUMVAL_EXISTS
		11, // BPF_CORE_ENUMVAL_VALUE
		12: // BPF_CORE_TYPE_MATCHES
		return true
	}
	return false
}

// Layout of .BTF.ext: the header's fixed part, then for CO-RE two more fields.
const (
	extHeaderSize     = 24
	extCOREHeaderSize = 32
	insnSize          = 8
)

// parseExtInfo reads a .BTF.ext section. Records longer than those known are
// read as far as known, as libbpf does. On an error what was read is returned.
func parseExtInfo(raw []byte, bo binary.ByteOrder, strings []byte) (extInfo, error) {
	e := extInfo{
		funcs: make(map[string][]funcInfo),
		lines: make(map[string][]lineInfo),
		core:  make(map[string]map[uint64]coreRelo),
	}
	if len(raw) < extHeaderSize {
		return e, errors.New("truncated header")
	}
	if bo.Uint16(raw) != btfMagic {
		return e, fmt.Errorf("magic is %#x", bo.Uint16(raw))
	}
	hdr := uint64(bo.Uint32(raw[4:]))
	part := func(at int) ([]byte, error) {
		off, size := hdr+uint64(bo.Uint32(raw[at:])), uint64(bo.Uint32(raw[at+4:]))
		if off+size > uint64(len(raw)) {
			return nil, errors.New("a table is out of bounds")
		}
		return raw[off : off+size], nil
	}
	var errs []error
	each := func(at, want int, fn func(sec string, rec []byte)) {
		p, err := part(at)
		if err == nil {
			err = extRecords(p, bo, strings, want, fn)
		}
		if err != nil {
			errs = append(errs, err)
		}
	}
	each(8, 8, func(sec string, r []byte) {
		e.funcs[sec] = append(e.funcs[sec], funcInfo{uint64(bo.Uint32(r)), btf.TypeID(bo.Uint32(r[4:]))})
	})
	each(16, 16, func(sec string, r []byte) {
		lc := bo.Uint32(r[12:])
		e.lines[sec] = append(e.lines[sec], lineInfo{
			off:  uint64(bo.Uint32(r)),
			file: cstring(strings, bo.Uint32(r[4:])),
			text: cstring(strings, bo.Uint32(r[8:])),
			line: int(lc >> 10), col: int(lc & 0x3ff),
		})
	})
	if hdr >= extCOREHeaderSize && len(raw) >= extCOREHeaderSize && bo.Uint32(raw[28:]) > 0 {
		each(24, 16, func(sec string, r []byte) {
			if e.core[sec] == nil {
				e.core[sec] = make(map[uint64]coreRelo)
			}
			e.core[sec][uint64(bo.Uint32(r))] = coreRelo{
				kind:   coreKind(bo.Uint32(r[12:])),
				typ:    btf.TypeID(bo.Uint32(r[4:])),
				access: cstring(strings, bo.Uint32(r[8:])),
			}
		})
	}
	for _, f := range e.funcs {
		slices.SortStableFunc(f, func(a, b funcInfo) int { return cmpOff(a.off, b.off) })
	}
	for _, li := range e.lines {
		slices.SortStableFunc(li, func(a, b lineInfo) int { return cmpOff(a.off, b.off) })
	}
	return e, errors.Join(errs...)
}

// extRecords calls fn for every record of one table: the record size, then for
// each section a name, a count and that many records.
func extRecords(p []byte, bo binary.ByteOrder, strings []byte, want int, fn func(sec string, rec []byte)) error {
	if len(p) == 0 {
		return nil
	}
	if len(p) < 4 {
		return errors.New("truncated table")
	}
	size := uint64(bo.Uint32(p))
	if size < uint64(want) || size > 4096 {
		return fmt.Errorf("record size %d", size)
	}
	for p = p[4:]; len(p) > 0; {
		if len(p) < 8 {
			return errors.New("truncated section header")
		}
		sec, n := cstring(strings, bo.Uint32(p)), uint64(bo.Uint32(p[4:]))
		p = p[8:]
		if n*size > uint64(len(p)) {
			return fmt.Errorf("section %s: %d records are out of bounds", sec, n)
		}
		for ; n > 0; n-- {
			fn(sec, p[:size])
			p = p[size:]
		}
	}
	return nil
}

func cmpOff(a, b uint64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}
