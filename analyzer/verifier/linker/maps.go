package linker

import (
	"debug/elf"
	"errors"
	"fmt"
	"math"

	"github.com/cilium/ebpf/btf"

	"github.com/bpflockcheck/bpflockcheck/rules/kernel"
)

// Map flags, include/uapi/linux/bpf.h.
const (
	flagNoPrealloc = 1
	flagRdonlyProg = 1 << 7
	flagMmapable   = 1 << 10
)

// maxData bounds a data section: an object's header may claim any size.
const maxData = 64 << 20

func (o *Object) readMaps() error {
	if err := o.readBTFMaps(); err != nil {
		return err
	}
	o.readLegacyMaps()
	for i, s := range o.file.Sections {
		switch {
		case isDataSection(s.Name) && s.Size > 0 && s.Flags&elf.SHF_ALLOC != 0:
			o.addDataMap(i, s)
		case s.Name == ".addr_space.1":
			for _, m := range o.Maps {
				if m.Type == kernel.MapTypeArena {
					m.Data, o.arena = o.data[i], m
					break
				}
			}
		}
	}
	if o.btfMod != nil {
		if id := o.btfMod.findDatasec(".kconfig"); id != 0 {
			size := o.btfMod.field(o.btfMod.at[id], 2)
			o.kconf = &Map{Name: ".kconfig", Type: kernel.MapTypeArray, KeySize: 4, ValueSize: size, MaxEntries: 1,
				Flags: flagRdonlyProg, Freeze: true, Kconfig: true, ValueID: id}
			o.Maps = append(o.Maps, o.kconf)
		}
	}
	return nil
}

func (o *Object) addDataMap(i int, s *elf.Section) {
	if s.Size > maxData {
		return
	}
	m := &Map{Name: s.Name, Type: kernel.MapTypeArray, KeySize: 4, ValueSize: uint32(s.Size), MaxEntries: 1}
	m.Data = o.data[i]
	if m.Data == nil {
		m.Data = make([]byte, s.Size)
	}
	if len(s.Name) >= 7 && s.Name[:7] == ".rodata" {
		m.Flags, m.Freeze = flagRdonlyProg, true
	}
	if o.btfMod != nil {
		m.ValueID = o.btfMod.findDatasec(s.Name)
	}
	o.bySec[i] = m
	o.Maps = append(o.Maps, m)
}

// readLegacyMaps reads struct bpf_map_def of SEC("maps").
func (o *Object) readLegacyMaps() {
	sec := o.section("maps")
	if sec < 0 {
		return
	}
	d := o.data[sec]
	for _, s := range o.syms {
		if o.sectionOf(s) != sec || elf.ST_TYPE(s.Info) == elf.STT_SECTION || s.Value+20 > uint64(len(d)) {
			continue
		}
		v := d[s.Value:]
		o.Maps = append(o.Maps, &Map{Name: s.Name, Type: kernel.MapType(le.Uint32(v)), KeySize: le.Uint32(v[4:]),
			ValueSize: le.Uint32(v[8:]), MaxEntries: le.Uint32(v[12:]), Flags: le.Uint32(v[16:])})
	}
}

func (o *Object) readBTFMaps() error {
	if o.btfMod == nil || o.section(".maps") < 0 {
		return nil
	}
	id := o.btfMod.findDatasec(".maps")
	if id == 0 {
		return nil
	}
	off := o.btfMod.at[id]
	for i := range o.btfMod.vlenAt(off) {
		vid := o.btfMod.field(off+12+12*i, 0)
		if !o.btfMod.isKind(vid, kindVar) {
			continue
		}
		name := o.btfMod.typeName(vid)
		t, err := o.Types.TypeByID(btf.TypeID(o.btfMod.field(o.btfMod.at[vid], 2)))
		if err != nil {
			return fmt.Errorf("map %s: %w", name, err)
		}
		m, err := o.btfMap(name, t, false)
		if err != nil {
			return fmt.Errorf("map %s: %w", name, err)
		}
		o.Maps = append(o.Maps, m)
	}
	return nil
}

// btfMap reads a map definition: a struct whose members' types hold the
// attributes (libbpf's parse_btf_map_def).
func (o *Object) btfMap(name string, t btf.Type, inner bool) (*Map, error) {
	def, ok := btf.UnderlyingType(t).(*btf.Struct)
	if !ok {
		return nil, fmt.Errorf("its definition is no struct but %T", btf.UnderlyingType(t))
	}
	m := &Map{Name: name}
	var err error
	for _, f := range def.Members {
		switch f.Name {
		case "type":
			var n uint32
			n, err = attribute(f.Type)
			m.Type = kernel.MapType(n)
		case "max_entries":
			m.MaxEntries, err = attribute(f.Type)
		case "map_flags":
			m.Flags, err = attribute(f.Type)
		case "key_size":
			m.KeySize, err = attribute(f.Type)
		case "value_size":
			m.ValueSize, err = attribute(f.Type)
		case "map_extra":
			var n uint64
			n, err = attribute64(f.Type)
			m.Extra = n
		case "key":
			m.KeyID, m.KeySize, err = o.pointee(f.Type)
		case "value":
			m.ValueID, m.ValueSize, err = o.pointee(f.Type)
		case "values":
			if inner {
				return nil, errors.New("maps nested more than once")
			}
			err = o.innerMap(m, f.Type)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.Name, err)
		}
	}
	return m, nil
}

// innerMap reads the template of __array(values, struct { ... }).
func (o *Object) innerMap(m *Map, t btf.Type) error {
	arr, ok := btf.UnderlyingType(t).(*btf.Array)
	if !ok {
		return errors.New("no array")
	}
	ptr, ok := btf.UnderlyingType(arr.Type).(*btf.Pointer)
	if !ok {
		return errors.New("no array of pointers")
	}
	m.ValueSize = 4
	switch btf.UnderlyingType(ptr.Target).(type) {
	case *btf.FuncProto: // a program array
		return nil
	case *btf.Struct:
		in, err := o.btfMap(m.Name+".inner", ptr.Target, true)
		m.Inner = in
		return err
	}
	return errors.New("array of an unknown kind")
}

func (o *Object) pointee(t btf.Type) (id, size uint32, err error) {
	ptr, ok := btf.UnderlyingType(t).(*btf.Pointer)
	if !ok {
		return 0, 0, errors.New("no pointer")
	}
	n, err := btf.Sizeof(ptr.Target)
	if err != nil {
		return 0, 0, err
	}
	tid, err := o.Types.TypeID(ptr.Target)
	return uint32(tid), uint32(n), err
}

// attribute decodes __uint(name, value): a pointer to an array of value ints.
func attribute(t btf.Type) (uint32, error) {
	n, err := attribute64(t)
	if n > math.MaxUint32 {
		return 0, errors.New("too large")
	}
	return uint32(n), err
}

// attribute64 also decodes __ulong(name, value): an enum of one value.
func attribute64(t btf.Type) (uint64, error) {
	if e, ok := btf.UnderlyingType(t).(*btf.Enum); ok && len(e.Values) == 1 {
		return e.Values[0].Value, nil
	}
	ptr, ok := btf.UnderlyingType(t).(*btf.Pointer)
	if !ok {
		return 0, errors.New("no pointer")
	}
	arr, ok := btf.UnderlyingType(ptr.Target).(*btf.Array)
	if !ok {
		return 0, errors.New("no pointer to an array")
	}
	return uint64(arr.Nelems), nil
}

// mapBySymbol finds the map that a symbol of .maps or maps names.
func (o *Object) mapBySymbol(s elf.Symbol) *Map {
	for _, m := range o.Maps {
		if m.Name == s.Name {
			return m
		}
	}
	return nil
}
