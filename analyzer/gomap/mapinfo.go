package gomap

import (
	"cmp"
	"slices"

	"github.com/bpflockcheck/bpflockcheck/analyzer/diag"
	"github.com/bpflockcheck/bpflockcheck/analyzer/ir"
	"github.com/bpflockcheck/bpflockcheck/analyzer/model"
	"github.com/bpflockcheck/bpflockcheck/rules/kernel"
)

// MapInfo is what the BPF side says about one map. It is a fact, so it holds
// plain data only.
type MapInfo struct {
	Name string
	Type kernel.MapType
	// Lock is the path of the bpf_spin_lock that the kernel recognises in the
	// value, "" when there is none: then BPF_F_LOCK is EINVAL.
	Lock string
	// NearLock says why a bpf_spin_lock in the value is not recognised
	// ("typedef", "union", ...), "" when there is none.
	NearLock string
	// Taken: a program takes the lock, first at TakenAt in TakenIn.
	Taken   bool
	TakenAt Where
	TakenIn string
	// Writes are the places where programs write the value. Known says whether
	// the programs were analysed at all.
	Writes []Write
	Known  bool
	// Word is the path of the value's only field beside the lock when it is of 8
	// bytes or fewer, so that nothing can be torn.
	Word string
	// Evidence is FromObject or FromSource, File what was read, Unit its stem:
	// "flows_bpfel" for flows_bpfel.o, the identifier for bpf2go's source.
	Evidence diag.Evidence
	File     string
	Unit     string
	// DeclaredAt is the map's declaration, where known.
	DeclaredAt Where
}

// Write is a store of a BPF program into a map's value.
type Write struct {
	Field   string // path, "" when not known or the whole value
	Program string
	At      Where
	// Update: through bpf_map_update_elem.
	Update bool
}

// PerCPU reports whether every CPU has a value of its own.
func (m *MapInfo) PerCPU() bool { return m.Type.IsPerCPU() }

// maxWrites bounds the writes kept for one map.
const maxWrites = 16

// mapsOf reduces a unit, and what the interpreter found in it, to its maps.
// locate finds source files as the unit names them.
func mapsOf(u *ir.Unit, m *model.Model, unit string, locate func(string) string) []MapInfo {
	infos := make([]MapInfo, 0, len(u.Maps))
	at := make(map[*ir.Map]int)
	for _, im := range u.Maps {
		info := MapInfo{Name: im.Name, Type: im.Type, Evidence: u.Evidence, File: u.Name, Unit: unit, Known: m != nil && len(u.Programs) > 0}
		if im.Pos != nil {
			info.DeclaredAt = Where{locate(im.Pos.File), im.Pos.Line, im.Pos.Col}
		}
		if im.Value != nil && !im.Legacy {
			describeValue(&info, im.Value)
		}
		at[im] = len(infos)
		infos = append(infos, info)
	}
	if m != nil {
		addEvents(infos, at, m, locate)
	}
	slices.SortStableFunc(infos, func(a, b MapInfo) int { return cmp.Compare(a.Name, b.Name) })
	return infos
}

// describeValue finds the value's lock and counts its other fields.
func describeValue(info *MapInfo, t *ir.Type) {
	for _, s := range t.Specials() {
		if s.Kind != "bpf_spin_lock" {
			continue
		}
		if s.Unrecognised == "" {
			info.Lock = s.Path
		} else {
			info.NearLock = s.Unrecognised
		}
	}
	if info.Lock == "" {
		return
	}
	leaves := leafFields(t, "", nil)
	if len(leaves) == 1 {
		info.Word = leaves[0]
	}
}

// leafFields lists the scalar members of a value other than locks. More than
// one or none of at most eight bytes is all that matters, so an array or a
// larger member counts as two.
func leafFields(t *ir.Type, path string, out []string) []string {
	u := t.Underlying()
	if u == nil || len(out) > 1 {
		return out
	}
	switch u.Kind {
	case ir.Struct, ir.Union:
		if u.Name == "bpf_spin_lock" {
			return out
		}
		if u.Kind == ir.Union && u.Size <= 8 {
			return append(out, path)
		}
		for i := range u.Fields {
			f := &u.Fields[i]
			p := path
			if f.Name != "" && p != "" {
				p += "."
			}
			p += f.Name
			if f.Type != nil {
				out = leafFields(f.Type, p, out)
			}
		}
		return out
	case ir.Array:
		if u.Size > 8 {
			return append(out, path, path)
		}
		if u.Len == 1 && u.Elem != nil {
			return leafFields(u.Elem, path, out)
		}
	}
	return append(out, path)
}

// addEvents records who takes the lock of each map and who writes its values.
func addEvents(infos []MapInfo, at map[*ir.Map]int, m *model.Model, locate func(string) string) {
	find := func(im *ir.Map) *MapInfo {
		if i, ok := at[im]; ok && im != nil {
			return &infos[i]
		}
		return nil
	}
	for _, l := range m.Locks {
		if l.Kind != model.Acquire || l.Lock.Res {
			continue
		}
		if info := find(l.Lock.Place.Map); info != nil && !info.Taken {
			info.Taken, info.TakenAt, info.TakenIn = true, whereOf(&l.Site, locate), programOf(&l.Site)
		}
	}
	write := func(im *ir.Map, w Write) {
		info := find(im)
		if info == nil || len(info.Writes) >= maxWrites || slices.Contains(info.Writes, w) {
			return
		}
		info.Writes = append(info.Writes, w)
	}
	for _, a := range m.Accesses {
		switch a.Kind {
		case model.Store, model.AtomicRMW, model.AtomicStore, model.HelperWrite:
		default:
			continue
		}
		if a.Place.Region != model.RegionMapValue || a.Place.IsLock {
			continue
		}
		if a.Fresh {
			continue // filled before anyone else knows the element
		}
		write(a.Place.Map, Write{Field: a.Place.Field, Program: programOf(&a.Site), At: whereOf(&a.Site, locate)})
	}
	for _, up := range m.Updates {
		if up.Flags != nil && *up.Flags&noExistFlag != 0 {
			continue // changes no element that is there
		}
		write(up.Map, Write{Program: programOf(&up.Site), At: whereOf(&up.Site, locate), Update: true})
	}
}

func whereOf(s *model.Site, locate func(string) string) Where {
	if s.Pos == nil {
		return Where{}
	}
	return Where{locate(s.Pos.File), s.Pos.Line, s.Pos.Col}
}

func programOf(s *model.Site) string {
	if s.Program != nil {
		return s.Program.Name
	}
	if s.Func != nil {
		return s.Func.Name
	}
	return ""
}
