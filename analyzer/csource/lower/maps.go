package lower

import (
	"strings"

	"modernc.org/cc/v4"

	"github.com/bpflockcheck/bpflockcheck/analyzer/ir"
	"github.com/bpflockcheck/bpflockcheck/analyzer/position"
	"github.com/bpflockcheck/bpflockcheck/rules/kernel"
)

// isMapSection reports whether a section holds map definitions: .maps for
// BTF-defined ones, maps and maps/x for legacy ones.
func isMapSection(sec string) (isMap, legacy bool) {
	switch {
	case sec == ".maps" || strings.HasPrefix(sec, ".maps."):
		return true, false
	case sec == "maps" || strings.HasPrefix(sec, "maps/") || strings.HasPrefix(sec, "maps."):
		return true, true
	}
	return false, false
}

// mapOf gives the map that a variable declares, nil when it is none.
func (l *lowerer) mapOf(e *entity) *ir.Map {
	isMap, legacy := isMapSection(e.attrs.section)
	if !isMap {
		return nil
	}
	if e.bpfMap != nil {
		return e.bpfMap
	}
	t := e.t.underlying()
	for t != nil && t.kind == ir.Array { // an array of maps: one stands for all
		t = t.elem.underlying()
	}
	m := &ir.Map{Name: e.name, Legacy: legacy}
	e.bpfMap = m
	if len(e.refs) > 0 {
		m.Pos = l.pos(e.refs[len(e.refs)-1].d)
	}
	if t != nil && t.isRecord() {
		if legacy && !l.isBTFDef(t) {
			l.legacyMap(m, e, t)
		} else {
			m.Legacy = false
			l.btfMap(m, t)
		}
	}
	l.unit.Maps = append(l.unit.Maps, m)
	return m
}

// isBTFDef reports whether a definition in a legacy section is written in the
// BTF style all the same: its type member is a pointer to an array.
func (l *lowerer) isBTFDef(t *ctype) bool {
	m, ok := l.findMember(t, "type")
	return ok && m.t.isPointer()
}

// btfMap reads a BTF-style definition: every property is the type of a member
// (tools/lib/bpf/libbpf.c parse_btf_map_def).
func (l *lowerer) btfMap(m *ir.Map, t *ctype) {
	l.layout(t)
	for i := range t.fields {
		f := &t.fields[i]
		switch f.name {
		case "type":
			m.Type = kernel.MapType(l.property(f.t))
		case "max_entries":
			m.MaxEntries = l.property(f.t)
		case "map_flags":
			m.Flags = uint32(l.property(f.t))
		case "key_size":
			m.KeySize = l.property(f.t)
		case "value_size":
			m.ValueSize = l.property(f.t)
		case "key":
			if e := elemOf(f.t); e != nil {
				m.Key, m.KeySize = l.irType(e), max(l.sizeOf(e), 0)
			}
		case "value":
			if e := elemOf(f.t); e != nil {
				m.Value, m.ValueSize = l.irType(e), max(l.sizeOf(e), 0)
				m.ValuePos = l.valuePos(e, f)
			}
		case "values":
			l.innerMap(m, f.t)
		}
	}
}

// valuePos is where the value's struct is defined, or else the member that
// names it.
func (l *lowerer) valuePos(t *ctype, f *field) *position.Pos {
	if u := t.underlying(); u != nil && u.spec != nil {
		return l.pos(u.spec)
	}
	return l.pos(f.decl)
}

// property decodes int (*name)[N], and the enum that __ulong declares.
func (l *lowerer) property(t *ctype) int64 {
	if u := t.underlying(); u != nil && u.kind == ir.Enum {
		return l.firstEnumerator(u)
	}
	if a := elemOf(t); a != nil {
		if u := a.underlying(); u != nil && u.kind == ir.Array {
			return max(u.len, 0)
		}
	}
	return 0
}

func (l *lowerer) firstEnumerator(t *ctype) int64 {
	for spec, et := range l.enums {
		if et != t || spec.EnumeratorList == nil || spec.EnumeratorList.Enumerator == nil {
			continue
		}
		if e := l.file.names[spec.EnumeratorList.Enumerator.Token.SrcStr()]; e != nil && e.kind == entEnum {
			return e.value
		}
	}
	return 0
}

// innerMap reads __array(values, struct {...}): the template of the inner maps
// of a map-in-map. For a program array it is a function type.
func (l *lowerer) innerMap(m *ir.Map, t *ctype) {
	elem := elemOf(t) // values is T *[]
	if elem == nil {
		return
	}
	m.ValueSize = 4 // a file descriptor
	if e := elemOf(elem); e != nil && e.isRecord() {
		m.Inner = &ir.Map{Name: m.Name + ".inner", Pos: m.Pos}
		l.btfMap(m.Inner, e.underlying())
	}
}

// legacyNames has the members of struct bpf_map_def and of iproute2's struct
// bpf_elf_map that mean the same.
var legacyNames = map[string]string{
	"type": "type", "key_size": "key", "size_key": "key", "value_size": "value", "size_value": "value",
	"max_entries": "max", "max_elem": "max", "map_flags": "flags", "flags": "flags",
}

// legacyMap reads the initialiser of a struct bpf_map_def or of a struct like
// it.
func (l *lowerer) legacyMap(m *ir.Map, e *entity, t *ctype) {
	var init *cc.Initializer
	for _, r := range e.refs {
		if r.init != nil {
			init = r.init
		}
	}
	if init == nil || init.Case != cc.InitializerInitList {
		return
	}
	saved := l.scope
	l.scope = &l.file
	defer func() { l.scope = saved }()
	l.walkInit(t, init.InitializerList, func(x leaf) {
		v, _ := l.constant(x.expr)
		switch legacyNames[x.path] {
		case "type":
			m.Type = kernel.MapType(v)
		case "key":
			m.KeySize = v
			if kt := l.sizeofArg(x.expr); kt != nil {
				m.Key = l.irType(kt)
			}
		case "value":
			m.ValueSize = v
			if vt := l.sizeofArg(x.expr); vt != nil {
				m.Value = l.irType(vt)
				m.ValuePos = l.valuePos(vt, &field{decl: x.expr})
			}
		case "max":
			m.MaxEntries = v
		case "flags":
			m.Flags = uint32(v)
		}
	})
	l.annotatedTypes(m)
}

// sizeofArg gives the type when an expression is sizeof of one.
func (l *lowerer) sizeofArg(n cc.ExpressionNode) *ctype {
	u, ok := strip(n).(*cc.UnaryExpression)
	switch {
	case !ok:
		return nil
	case u.Case == cc.UnaryExpressionSizeofType:
		return l.typeName(u.TypeName)
	case u.Case == cc.UnaryExpressionSizeofExpr:
		return l.typeOf(u.UnaryExpression)
	}
	return nil
}

// annotatedTypes reads BPF_ANNOTATE_KV_PAIR(map, key, value), which declares
// struct ____btf_map_<map> { key key; value value; }.
func (l *lowerer) annotatedTypes(m *ir.Map) {
	spec := l.recordDefs["____btf_map_"+m.Name]
	if spec == nil {
		return
	}
	t := l.recordType(spec)
	if k, ok := l.findMember(t, "key"); ok {
		m.Key = l.irType(k.t)
	}
	if v, ok := l.findMember(t, "value"); ok {
		m.Value = l.irType(v.t)
	}
}
