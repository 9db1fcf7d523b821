package flow

import (
	"fmt"
	"slices"

	"github.com/bpflockcheck/bpflockcheck/analyzer/ir"
	"github.com/bpflockcheck/bpflockcheck/analyzer/model"
	"github.com/bpflockcheck/bpflockcheck/rules/kernel"
)

// Arena memory is reached through pointers that are loaded from elsewhere: a
// variable, a map value, or the arena itself. As long as such a pointer is only
// kept and compared it is a number like others; where it is made an address of
// the kernel's (ir.AddrSpaceCast) it points to an object, one for each pointer.

// behindPointer reports whether the object is arena memory behind a pointer,
// and no variable.
func (o *object) behindPointer() bool { return o.region == model.RegionArena && o.global == nil }

// arena gives the unit's arena, nil when there is none: a program can use one
// only (kernel/bpf/verifier.c check_and_resolve_insns, "Only one arena per
// program").
func (e *engine) arena() *ir.Map {
	for _, m := range e.unit.Maps {
		if m.Type == kernel.MapTypeArena {
			return m
		}
	}
	return nil
}

// arenaAddress makes a pointer of a number.
func (x *exec) arenaAddress(in *ir.AddrSpaceCast) *value {
	v := x.s.operand(in.Src)
	switch {
	case v.obj != nil:
		v.obj.holds(in.Type, v)
		return v
	case v.isPtr() || x.s.rangeOf(v).isConst():
		return v
	}
	base, plus := x.e.syms.split(v.sym)
	if base == 0 {
		base = x.fresh("arena", in, 0)
	}
	o := x.e.behind(base)
	x.traced(in, o, v)
	out := &value{iv: anyInt, obj: o, off: plus, origins: v.origins}
	o.holds(in.Type, out)
	if o.typ == nil {
		o.holds(sharedPointee(v.origins), out)
	}
	return out
}

// behind gives the memory behind a pointer that is no constant.
func (e *engine) behind(ptr sym) *object {
	return e.objs.get(objKey{kind: "arena", n: int(ptr)}, func(o *object) {
		e.elems++
		o.region, o.mapv, o.ptr = model.RegionArena, e.arena(), ptr
		o.elem = &model.Element{ID: e.elems}
		// What it was in an earlier round of a loop.
		e.elems++
		id := e.elems
		o.old = e.objs.get(objKey{kind: "old", n: o.id}, func(p *object) {
			p.region, p.mapv = o.region, o.mapv
			p.elem = &model.Element{ID: id, KeyKind: model.KeyUntraced}
			p.old = p
		})
	})
}

// traced notes where the pointer to o came from.
func (x *exec) traced(in ir.Instr, o *object, ptr *value) {
	kind, key := model.KeyUntraced, ""
	for i, from := range ptr.origins {
		k := keptBy(from.load.m.Place)
		switch {
		case i == 0:
			kind = k
		case kind != k:
			kind = model.KeyUntraced
		}
	}
	if len(ptr.origins) == 1 && ptr.origins[0].copied {
		key = placeKey(ptr.origins[0].load.m.Place)
	}
	if o.elemRecorded || !x.e.recording {
		if o.elem.Site.Func == nil {
			o.elem.Site, o.elem.KeyKind, o.elem.Key = x.e.site(x.path, in), kind, key
		}
		weaken(o.elem, kind, key)
	} else {
		o.elemRecorded = true
		o.elem.Site, o.elem.KeyKind, o.elem.Key = x.e.site(x.path, in), kind, key
	}
	o.old.elem.KeyKind = o.elem.KeyKind
}

// weaken makes e stand for what another pointer points to as well.
func weaken(e *model.Element, kind model.KeyKind, key string) {
	if e.KeyKind != kind {
		e.KeyKind = model.KeyUntraced
	}
	if e.Key != key {
		e.Key = ""
	}
}

// keptBy tells from the place that a pointer is kept in who else finds it.
func keptBy(pl model.Place) model.KeyKind {
	kind := model.KeyUnknown
	switch {
	case pl.Map == nil:
	case pl.Region == model.RegionArena:
		// What a thread's or a CPU's own memory points to may be its own or not.
		if kind = pl.Elem.KeyKind; kind != model.KeyUnknown {
			kind = model.KeyUntraced
		}
	case pl.Map.Type.IsPerCPU():
		kind = model.KeyCPU
	case pl.Elem == nil:
	case pl.Elem.KeyKind == model.KeyConst || pl.Elem.KeyKind == model.KeyIter:
	default:
		kind = pl.Elem.KeyKind
	}
	if pl.Off < 0 && (pl.Index == model.KeyThread || pl.Index == model.KeyCPU || pl.Index == model.KeyTaskCPU) {
		kind = pl.Index
	}
	return kind
}

// placeKey gives a canonical form of a place whose content can be loaded again,
// "" when it has none.
func placeKey(pl model.Place) string {
	switch {
	case pl.Off < 0:
	case pl.Global != nil:
		return fmt.Sprintf("*%s+%d", pl.Global.Name, pl.Off)
	case pl.Map == nil || pl.Elem == nil || pl.Elem.PercpuElem:
	case pl.Elem.KeyKind == model.KeyConst:
		return fmt.Sprintf("*%s[%d]+%d", pl.Map.Name, pl.Elem.KeyConst, pl.Off)
	case pl.Elem.Key != "":
		return fmt.Sprintf("*%s[%s]+%d", pl.Map.Name, pl.Elem.Key, pl.Off)
	}
	return ""
}

// holds notes what lies where v points to. A pointer to a member, such as a
// list's node, says less than one to the struct around it.
func (o *object) holds(t *ir.Type, v *value) {
	u := t.Underlying()
	if !o.behindPointer() || v.variable || u == nil || u.Kind == ir.Void || o.typ != nil && u.Size <= o.typ.Underlying().Size {
		return
	}
	o.typ, o.typOff = t, v.off
	if o.elem != nil {
		o.elem.Type = t
	}
}

// sharedPointee gives what all of the pointers loaded point to, nil when that is
// not known.
func sharedPointee(from origins) *ir.Type {
	var t *ir.Type
	for _, o := range from {
		u := o.load.pointee.Underlying()
		if u == nil || t != nil && (u.Name != t.Name || u.Kind != t.Kind || u.Size != t.Size) {
			return nil
		}
		t = u
	}
	return t
}

// pointee gives what the pointer at an offset of a type points to, nil when
// there is none or it is not known.
func pointee(t *ir.Type, off int64) *ir.Type {
	if t == nil {
		return nil
	}
	ref, ok := t.FieldAt(off, 8)
	if !ok {
		return nil
	}
	if u := ref.Type.Underlying(); u != nil && u.Kind == ir.Pointer {
		return u.Elem
	}
	return nil
}

// newPages makes the pointer that bpf_arena_alloc_pages returns.
func (x *exec) newPages(in *ir.Call) *value {
	o := x.e.objs.get(objKey{kind: "pages", path: x.path.id, at: in}, func(o *object) {
		x.e.elems++
		o.region, o.mapv = model.RegionArena, x.e.arena()
		o.elem = &model.Element{ID: x.e.elems, Site: x.e.site(x.path, in)}
	})
	if !slices.Contains(x.s.fresh, o) {
		x.s.fresh = add(x.s.fresh, o)
	}
	return &value{iv: anyInt, obj: o, nullable: true, sym: x.fresh("obj", in, 0)}
}

// publish notes that a pointer is stored where others find it. What is private
// itself keeps the pointer private; when it is published, whatever it may point
// to is, too.
func (x *exec) publish(v, p *value, to *object) {
	if v.obj == nil || !v.obj.behindPointer() {
		return
	}
	if v.obj.typ == nil {
		v.obj.holds(pointee(to.layout(), p.off-to.typOff), v)
	}
	if !slices.Contains(x.s.fresh, v.obj) || slices.Contains(x.s.fresh, to) {
		return
	}
	x.s.fresh = slices.DeleteFunc(slices.Clone(x.s.fresh), (*object).behindPointer)
}
