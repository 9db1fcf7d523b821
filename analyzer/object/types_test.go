package object

import (
	"testing"

	"github.com/cilium/ebpf/btf"

	"github.com/bpflockcheck/bpflockcheck/analyzer/ir"
)

// walk goes through a type as code that looks for fields does: everything
// contained by value.
func walk(t *testing.T, typ *ir.Type, depth int) {
	if typ == nil {
		return
	}
	if depth > 4*maxTypeDepth {
		t.Fatal("the type has no end")
	}
	_ = typ.String()
	u := typ.Underlying()
	if u == nil {
		return
	}
	for _, f := range u.Fields {
		walk(t, f.Type, depth+1)
	}
	if u.Kind == ir.Array {
		walk(t, u.Elem, depth+1)
	}
}

func TestTypesWithoutEnd(t *testing.T) {
	alias := &btf.Typedef{Name: "self"}
	alias.Type = alias
	pointer := &btf.Pointer{}
	pointer.Target = pointer
	a, b := &btf.Const{}, &btf.Volatile{}
	a.Type, b.Type = b, a
	restrict := &btf.Restrict{}
	restrict.Type = restrict
	array := &btf.Array{Nelems: 1}
	array.Type = array
	outer, inner := &btf.Struct{Name: "outer", Size: 8}, &btf.Union{Name: "inner", Size: 8}
	outer.Members = []btf.Member{{Name: "i", Type: inner}}
	inner.Members = []btf.Member{{Name: "o", Type: outer}, {Name: "n", Type: &btf.Int{Name: "int", Size: 4}}}
	var deep btf.Type = &btf.Int{Name: "int", Size: 4}
	for range 100_000 {
		deep = &btf.Pointer{Target: deep}
	}
	for _, typ := range []btf.Type{alias, pointer, a, restrict, array, outer, inner, deep} {
		c := newTypeConverter(&dwarfInfo{}, newPathMapper("x.o", Config{}))
		walk(t, c.convert(typ), 0)
		walk(t, c.convert(&btf.Struct{Members: []btf.Member{{Type: typ}, {Type: &btf.Pointer{Target: typ}}}}), 0)
	}
}

func TestTypes(t *testing.T) {
	c := newTypeConverter(&dwarfInfo{}, newPathMapper("x.o", Config{}))
	list := &btf.Struct{Name: "node", Size: 16}
	list.Members = []btf.Member{
		{Name: "next", Type: &btf.Pointer{Target: list}},
		{Name: "flags", Type: &btf.Int{Name: "unsigned int", Size: 4}, Offset: 64 + 3, BitfieldSize: 5},
		{Name: "packed", Type: &btf.Int{Name: "unsigned int", Size: 4}, Offset: 64 + 30, BitfieldSize: 6},
	}
	n := c.convert(list)
	if n.Kind != ir.Struct || n.Name != "node" || n.Size != 16 || len(n.Fields) != 3 {
		t.Fatalf("struct node is %+v", n)
	}
	if next := n.Fields[0].Type; next.Kind != ir.Pointer || next.Size != 8 || next.Elem != n {
		t.Errorf("next is %+v", next)
	}
	if f := n.Fields[1]; f.Off != 8 || f.BitOff != 3 || f.BitSize != 5 {
		t.Errorf("flags is at %d+%d, %d bits", f.Off, f.BitOff, f.BitSize)
	}
	if f := n.Fields[2]; f.Off != 11 || f.BitOff != 6 || f.BitSize != 6 {
		t.Errorf("packed is at %d+%d, %d bits", f.Off, f.BitOff, f.BitSize)
	}
	if c.convert(list) != n {
		t.Error("one BTF type gives two")
	}

	// Every modifier stays: the kernel sees no lock through one.
	lock := &btf.Struct{Name: "bpf_spin_lock", Size: 4}
	got := c.convert(&btf.Const{Type: &btf.Volatile{Type: &btf.Typedef{Name: "lock_t", Type: &btf.TypeTag{Value: "tag", Type: &btf.Restrict{Type: lock}}}}})
	for _, want := range []ir.Kind{ir.Const, ir.Volatile, ir.Typedef, ir.TypeTag, ir.Struct} {
		if got == nil || got.Kind != want || got.Size != 4 {
			t.Fatalf("want kind %d of 4 bytes, have %+v", want, got)
		}
		got = got.Elem
	}
	if v := c.convert((*btf.Void)(nil)); v == nil || v.Kind != ir.Void {
		t.Errorf("void is %+v", v)
	}
	if c.convert(nil) != nil {
		t.Error("no type becomes one")
	}
	if f := c.convert(&btf.Fwd{Name: "task_struct", Kind: btf.FwdUnion}); f.Kind != ir.Union || f.Size != 0 || f.Name != "task_struct" {
		t.Errorf("a forward declaration is %+v", f)
	}
}
