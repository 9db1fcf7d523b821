package object

import (
	"github.com/cilium/ebpf/btf"

	"github.com/bpflockcheck/bpflockcheck/analyzer/ir"
)

// maxTypeDepth bounds chains of modifiers, arrays and nested structs. Real
// types stay below 20; a longer chain is a damaged or hostile BTF.
const maxTypeDepth = 64

// typeConverter makes ir types of BTF ones. The result for one BTF type is one
// ir type, so recursive types stay recursive through pointers, and only there.
type typeConverter struct {
	done  map[btf.Type]*ir.Type
	queue []pendingType
	dwarf *dwarfInfo
	paths *pathMapper
	// within has the declarations of types that members of other types have:
	// anonymous ones cannot be found by name.
	within map[btf.Type]*dwarfStruct
	void   *ir.Type
	safe   map[*ir.Type]bool
}

type pendingType struct {
	from btf.Type
	to   *ir.Type
}

func newTypeConverter(d *dwarfInfo, m *pathMapper) *typeConverter {
	return &typeConverter{
		done:   make(map[btf.Type]*ir.Type),
		dwarf:  d,
		paths:  m,
		within: make(map[btf.Type]*dwarfStruct),
		void:   &ir.Type{Kind: ir.Void},
		safe:   make(map[*ir.Type]bool),
	}
}

// convert gives the ir type of t, nil for nil.
func (c *typeConverter) convert(t btf.Type) *ir.Type {
	if t == nil {
		return nil
	}
	out := c.node(t)
	var filled []*ir.Type
	for len(c.queue) > 0 {
		p := c.queue[len(c.queue)-1]
		c.queue = c.queue[:len(c.queue)-1]
		c.fill(p.from, p.to)
		filled = append(filled, p.to)
	}
	for _, t := range filled {
		c.contain(t, make(map[*ir.Type]bool), 0)
	}
	return out
}

// node gives the ir type for t, empty at first and queued to be filled in: a
// deep chain of types takes no stack.
func (c *typeConverter) node(t btf.Type) *ir.Type {
	for i := 0; ; i++ {
		r, ok := t.(*btf.Restrict)
		if !ok || i > maxTypeDepth {
			break
		}
		t = r.Type
	}
	if isVoid(t) {
		return c.void
	}
	if out := c.done[t]; out != nil {
		return out
	}
	out := &ir.Type{}
	c.done[t] = out
	c.queue = append(c.queue, pendingType{t, out})
	return out
}

func (c *typeConverter) fill(t btf.Type, out *ir.Type) {
	out.Size = sizeof(t)
	switch t := t.(type) {
	case *btf.Int:
		out.Kind, out.Name, out.Signed = ir.Int, t.Name, t.Encoding == btf.Signed
	case *btf.Enum:
		out.Kind, out.Name, out.Signed = ir.Enum, t.Name, t.Signed
	case *btf.Float:
		out.Kind, out.Name = ir.Float, t.Name
	case *btf.Pointer:
		out.Kind, out.Elem = ir.Pointer, c.node(t.Target)
	case *btf.Array:
		out.Kind, out.Elem, out.Len = ir.Array, c.node(t.Type), int64(t.Nelems)
	case *btf.Struct:
		out.Kind, out.Name = ir.Struct, t.Name
		out.Fields = c.fields(t, t.Name, out.Size, t.Members)
	case *btf.Union:
		out.Kind, out.Name = ir.Union, t.Name
		out.Fields = c.fields(t, t.Name, out.Size, t.Members)
	case *btf.Fwd:
		out.Kind, out.Name = ir.Struct, t.Name
		if t.Kind == btf.FwdUnion {
			out.Kind = ir.Union
		}
	case *btf.Typedef:
		out.Kind, out.Name, out.Elem = ir.Typedef, t.Name, c.node(t.Type)
	case *btf.Const:
		out.Kind, out.Elem = ir.Const, c.node(t.Type)
	case *btf.Volatile:
		out.Kind, out.Elem = ir.Volatile, c.node(t.Type)
	case *btf.TypeTag:
		out.Kind, out.Name, out.Elem = ir.TypeTag, t.Value, c.node(t.Type)
	case *btf.FuncProto, *btf.Func:
		out.Kind = ir.FuncProto
	case *btf.Restrict: // a chain of them without an end
		out.Kind = ir.Void
	}
}

func (c *typeConverter) fields(t btf.Type, name string, size int64, members []btf.Member) []ir.Field {
	out := make([]ir.Field, 0, len(members))
	decl := c.within[t]
	if decl == nil || len(decl.members) != len(members) {
		decl = c.dwarf.structure(name, size, members)
	}
	for i, m := range members {
		f := ir.Field{
			Name: m.Name,
			Type: c.node(m.Type),
			Off:  int64(m.Offset / 8),
			Tags: m.Tags,
		}
		if m.BitfieldSize > 0 || m.Offset%8 != 0 {
			f.BitSize = int(m.BitfieldSize)
			// The unit is as large as the declared type and aligned to it,
			// unless the struct is packed and the field crosses units.
			unit := sizeof(m.Type) * 8
			if unit > 0 && int64(m.Offset)/unit == (int64(m.Offset)+int64(m.BitfieldSize)-1)/unit &&
				(int64(m.Offset)/unit+1)*unit <= size*8 {
				f.Off = int64(m.Offset) / unit * (unit / 8)
			}
			f.BitOff = int(int64(m.Offset) - f.Off*8)
		}
		if decl != nil && decl.members[i].line > 0 {
			f.File, f.Line = c.paths.resolve(decl.members[i].file), decl.members[i].line
		}
		if decl != nil && c.dwarf.byOffset[decl.types[i]] != nil {
			c.within[m.Type] = c.dwarf.byOffset[decl.types[i]]
		}
		out = append(out, f)
	}
	return out
}

// contain cuts types that contain themselves other than behind a pointer to a
// struct: no C program has them, and code that walks types would not end. It
// reports whether t can be walked to its end; a part of t that cannot is
// replaced by void.
func (c *typeConverter) contain(t *ir.Type, open map[*ir.Type]bool, depth int) bool {
	if t == nil || c.safe[t] {
		return true
	}
	if open[t] || depth > maxTypeDepth {
		return false
	}
	open[t] = true
	defer delete(open, t)
	switch t.Kind {
	case ir.Pointer:
		// Behind a pointer a struct may be anything, itself too.
		if e := t.Elem; e != nil && e.Kind != ir.Struct && e.Kind != ir.Union && !c.contain(e, open, depth+1) {
			t.Elem = c.void
		}
	case ir.Struct, ir.Union:
		for i := range t.Fields {
			if !c.contain(t.Fields[i].Type, open, depth+1) {
				t.Fields[i].Type = c.void
			}
		}
	default:
		if !c.contain(t.Elem, open, depth+1) {
			t.Elem = c.void
		}
	}
	c.safe[t] = true
	return true
}

// sizeof is a type's size in bytes, 0 when it has none.
func sizeof(t btf.Type) int64 {
	if t == nil {
		return 0
	}
	n, err := btf.Sizeof(t)
	if err != nil || n < 0 {
		return 0
	}
	return int64(n)
}
