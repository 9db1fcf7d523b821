package linker

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"sort"

	"github.com/cilium/ebpf/btf"
)

// BTF kinds and their layout: include/uapi/linux/btf.h.
const (
	kindInt       = 1
	kindArray     = 3
	kindStruct    = 4
	kindUnion     = 5
	kindEnum      = 6
	kindTypedef   = 8
	kindFunc      = 12
	kindFuncProto = 13
	kindVar       = 14
	kindDatasec   = 15
	kindDeclTag   = 17
	kindEnum64    = 19
	kindMax       = 19
)

// rawBTF is a BTF blob that is patched in place.
type rawBTF struct {
	b     []byte
	hdr   int // header length
	types int // offset and length of the types
	tlen  int
	strs  int
	slen  int
	at    []int // offset of each type by identifier; at[0] is unused
}

var le = binary.LittleEndian

func parseRawBTF(b []byte) (*rawBTF, error) {
	if len(b) < 24 || le.Uint16(b) != 0xeb9f {
		return nil, errors.New(".BTF: no BTF header")
	}
	r := &rawBTF{b: b, hdr: int(le.Uint32(b[4:]))}
	r.types, r.tlen = r.hdr+int(le.Uint32(b[8:])), int(le.Uint32(b[12:]))
	r.strs, r.slen = r.hdr+int(le.Uint32(b[16:])), int(le.Uint32(b[20:]))
	if r.types < 24 || r.tlen < 0 || r.types+r.tlen > len(b) || r.strs < 24 || r.slen < 0 || r.strs+r.slen > len(b) {
		return nil, errors.New(".BTF: truncated")
	}
	r.at = []int{0}
	for off, end := r.types, r.types+r.tlen; off < end; {
		n, err := r.size(off, end)
		if err != nil {
			return nil, err
		}
		r.at = append(r.at, off)
		off += n
	}
	return r, nil
}

// size is the length of the type at off.
func (r *rawBTF) size(off, end int) (int, error) {
	if off+12 > end {
		return 0, errors.New(".BTF: truncated type")
	}
	n, vlen := 12, r.vlenAt(off)
	switch k := r.kindAt(off); k {
	case kindInt, kindVar, kindDeclTag:
		n += 4
	case kindArray:
		n += 12
	case kindStruct, kindUnion, kindDatasec, kindEnum64:
		n += 12 * vlen
	case kindEnum, kindFuncProto:
		n += 8 * vlen
	default:
		if k == 0 || k > kindMax {
			return 0, fmt.Errorf(".BTF: unknown kind %d", k)
		}
	}
	if off+n > end {
		return 0, errors.New(".BTF: truncated type")
	}
	return n, nil
}

func (r *rawBTF) kindAt(off int) int { return int(le.Uint32(r.b[off+4:])>>24) & 0x1f }
func (r *rawBTF) vlenAt(off int) int { return int(le.Uint32(r.b[off+4:]) & 0xffff) }
func (r *rawBTF) setInfo(off, kind, vlen int) {
	le.PutUint32(r.b[off+4:], uint32(kind)<<24|uint32(vlen))
}
func (r *rawBTF) field(off, i int) uint32      { return le.Uint32(r.b[off+4*i:]) }
func (r *rawBTF) set(off, i int, v uint32)     { le.PutUint32(r.b[off+4*i:], v) }
func (r *rawBTF) name(off int) string          { return r.str(r.field(off, 0)) }
func (r *rawBTF) valid(id uint32) bool         { return id > 0 && int(id) < len(r.at) }
func (r *rawBTF) typeName(id uint32) string    { return r.name(r.at[id]) }
func (r *rawBTF) isKind(id uint32, k int) bool { return r.valid(id) && r.kindAt(r.at[id]) == k }

func (r *rawBTF) str(off uint32) string {
	if int64(off) >= int64(r.slen) {
		return ""
	}
	s := r.b[r.strs+int(off) : r.strs+r.slen]
	if i := bytes.IndexByte(s, 0); i >= 0 {
		s = s[:i]
	}
	return string(s)
}

// findDatasec gives the identifier of a DATASEC, 0 when there is none.
func (r *rawBTF) findDatasec(name string) uint32 {
	for id := 1; id < len(r.at); id++ {
		if r.kindAt(r.at[id]) == kindDatasec && r.name(r.at[id]) == name {
			return uint32(id)
		}
	}
	return 0
}

func (o *Object) readBTF(r interface {
	ReadAt([]byte, int64) (int, error)
}) error {
	sec := o.section(".BTF")
	if sec < 0 {
		return nil
	}
	raw, err := parseRawBTF(append([]byte(nil), o.data[sec]...))
	if err != nil {
		return err
	}
	spec, ext, err := btf.LoadSpecAndExtInfosFromReader(r)
	if err != nil && errors.Is(err, btf.ErrNotFound) {
		// No .BTF.ext.
		spec, err = btf.LoadSpecFromReader(r)
	}
	if err != nil {
		return fmt.Errorf("BTF: %w", err)
	}
	o.btfMod, o.Types, o.core = raw, spec, ext
	if i := o.section(".BTF.ext"); i >= 0 {
		if o.ext, err = parseExtInfo(o.data[i], raw); err != nil {
			return err
		}
	}
	o.fixBTF()
	o.BTF = raw.b
	return nil
}

// fixBTF does what libbpf does to an object's BTF before it loads it: it fills
// in the layout of data sections, and replaces what is extern, which the
// kernel does not take (btf_fixup_datasec, bpf_object__collect_externs).
func (o *Object) fixBTF() {
	r := o.btfMod
	bySec := map[string]map[string]elf.Symbol{}
	hiddenFuncs := map[string]bool{}
	for _, s := range o.syms {
		if i := o.sectionOf(s); i >= 0 {
			n := o.file.Sections[i].Name
			if bySec[n] == nil {
				bySec[n] = map[string]elf.Symbol{}
			}
			bySec[n][s.Name] = s
			if elf.ST_TYPE(s.Info) == elf.STT_FUNC && elf.ST_BIND(s.Info) != elf.STB_LOCAL && hidden(s) {
				hiddenFuncs[s.Name] = true
			}
		}
	}
	var intID uint32
	for id := 1; id < len(r.at); id++ {
		if off := r.at[id]; r.kindAt(off) == kindInt && r.field(off, 2) == 4 {
			intID = uint32(id)
			break
		}
	}
	for id := 1; id < len(r.at); id++ {
		off := r.at[id]
		switch r.kindAt(off) {
		case kindFunc:
			switch linkage := r.vlenAt(off); {
			case linkage == 2:
				o.externs[r.name(off)] = uint32(id)
				r.setInfo(off, kindTypedef, 0)
			case linkage == 1 && hiddenFuncs[r.name(off)]:
				r.setInfo(off, kindFunc, 0)
			}
		case kindVar:
			if r.field(off, 3) == 2 {
				o.externs[r.name(off)] = uint32(id)
			}
		}
	}
	for id := 1; id < len(r.at); id++ {
		off := r.at[id]
		if r.kindAt(off) == kindDatasec {
			o.fixDatasec(off, bySec[r.name(off)], intID)
		}
	}
}

func (o *Object) fixDatasec(off int, syms map[string]elf.Symbol, intID uint32) {
	r := o.btfMod
	name, vlen := r.name(off), r.vlenAt(off)
	entry := func(i int) int { return off + 12 + 12*i }
	switch name {
	case ".ksyms":
		// Functions cannot be variables of a section: a struct of ints keeps
		// the shape.
		for i := range vlen {
			e := entry(i)
			r.set(e, 0, 0)
			r.set(e, 1, intID)
			r.set(e, 2, uint32(i)*32)
		}
		kconfig := o.kconfigVars()
		for i := 1; i < len(r.at); i++ {
			if v := r.at[i]; r.kindAt(v) == kindVar && r.field(v, 3) == 2 && !kconfig[uint32(i)] {
				r.set(v, 3, 1)
				r.set(v, 2, intID)
			}
		}
		r.set(off, 0, 0)
		r.setInfo(off, kindStruct, vlen)
		r.set(off, 2, uint32(vlen)*4)
		return
	case ".kconfig":
		o.layoutKconfig(off)
		return
	}
	sec := o.section(name)
	if sec < 0 {
		return
	}
	r.set(off, 2, uint32(o.file.Sections[sec].Size))
	type member struct{ typ, off, size uint32 }
	ms := make([]member, vlen)
	for i := range ms {
		e := entry(i)
		ms[i] = member{r.field(e, 0), r.field(e, 1), r.field(e, 2)}
		if !r.isKind(ms[i].typ, kindVar) {
			continue
		}
		v := r.at[ms[i].typ]
		s, ok := syms[r.name(v)]
		if !ok {
			continue
		}
		ms[i].off = uint32(s.Value)
		if r.field(v, 3) == 1 && hidden(s) {
			r.set(v, 3, 0) // static
		}
	}
	sort.SliceStable(ms, func(i, j int) bool { return ms[i].off < ms[j].off })
	for i, m := range ms {
		e := entry(i)
		r.set(e, 0, m.typ)
		r.set(e, 1, m.off)
		r.set(e, 2, m.size)
	}
}

// kconfigVars are the VARs listed in .kconfig.
func (o *Object) kconfigVars() map[uint32]bool {
	r, vars := o.btfMod, map[uint32]bool{}
	if ds := r.findDatasec(".kconfig"); ds != 0 {
		off := r.at[ds]
		for i := range r.vlenAt(off) {
			vars[r.field(off+12+12*i, 0)] = true
		}
	}
	return vars
}

// layoutKconfig lays the .kconfig variables out one after another, and makes
// them global.
func (o *Object) layoutKconfig(off int) {
	r := o.btfMod
	weak := o.weakExterns()
	var pos uint32
	for i := range r.vlenAt(off) {
		e := off + 12 + 12*i
		id := r.field(e, 0)
		if !r.isKind(id, kindVar) {
			continue
		}
		v := r.at[id]
		r.set(v, 3, 1)
		typ, size := o.typeAndSize(r.field(v, 2))
		if align := min(max(size, 1), 8); align == 1 || align == 2 || align == 4 || align == 8 {
			if _, isArray := btf.UnderlyingType(typ).(*btf.Array); !isArray {
				pos = (pos + align - 1) &^ (align - 1)
			}
		}
		r.set(e, 1, pos)
		r.set(e, 2, size)
		name := r.name(v)
		o.Kconfig = append(o.Kconfig, KconfigVar{Name: name, Off: pos, Size: size, Kind: kconfigKind(typ), Weak: weak[name]})
		pos += size
	}
	r.set(off, 2, pos)
}

func (o *Object) typeAndSize(id uint32) (btf.Type, uint32) {
	t, err := o.Types.TypeByID(btf.TypeID(id))
	if err != nil {
		return nil, 4
	}
	n, err := btf.Sizeof(t)
	if err != nil {
		return t, 4
	}
	return t, uint32(n)
}

func kconfigKind(t btf.Type) KconfigKind {
	switch t := btf.UnderlyingType(t).(type) {
	case *btf.Int:
		switch {
		case t.Encoding == btf.Bool:
			return KconfigBool
		case t.Size == 1:
			return KconfigChar
		}
	case *btf.Enum:
		return KconfigTristate
	case *btf.Array:
		return KconfigString
	}
	return KconfigInt
}

// weakExterns are the undefined symbols with weak binding.
func (o *Object) weakExterns() map[string]bool {
	m := map[string]bool{}
	for _, s := range o.syms {
		if s.Section == elf.SHN_UNDEF && elf.ST_BIND(s.Info) == elf.STB_WEAK {
			m[s.Name] = true
		}
	}
	return m
}
