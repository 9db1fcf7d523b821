package linker

import (
	"strings"

	"github.com/cilium/ebpf/btf"
)

// linkStructOps finds out which callback each struct_ops program implements:
// the variables of the .struct_ops sections hold the programs' addresses.
func (o *Object) linkStructOps() {
	if o.Types == nil {
		return
	}
	for sec, s := range o.file.Sections {
		if !strings.HasPrefix(strings.TrimPrefix(s.Name, "?"), ".struct_ops") {
			continue
		}
		id := o.btfMod.findDatasec(s.Name)
		if id == 0 {
			continue
		}
		ds := o.btfMod.at[id]
		for i := range o.btfMod.vlenAt(ds) {
			e := ds + 12 + 12*i
			vid, off := o.btfMod.field(e, 0), uint64(o.btfMod.field(e, 1))
			if !o.btfMod.isKind(vid, kindVar) {
				continue
			}
			t, err := o.Types.TypeByID(btf.TypeID(o.btfMod.field(o.btfMod.at[vid], 2)))
			if err != nil {
				continue
			}
			st, ok := btf.UnderlyingType(t).(*btf.Struct)
			if !ok {
				continue
			}
			o.structOpsMembers(sec, off, st)
		}
	}
}

func (o *Object) structOpsMembers(sec int, base uint64, st *btf.Struct) {
	for _, m := range st.Members {
		rel, ok := o.relocAt(sec, base+uint64(m.Offset.Bytes()))
		if !ok {
			continue
		}
		sym := o.syms[rel.sym]
		for _, p := range o.Programs {
			if p.start.sec == o.sectionOf(sym) && p.start.off == sym.Value && p.Member == "" {
				// A flavour (tcp_congestion_ops___v2) names the same struct.
				p.StructOps, _, _ = strings.Cut(st.Name, "___")
				p.Member, _, _ = strings.Cut(m.Name, "___")
			}
		}
	}
}
