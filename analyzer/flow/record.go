package flow

import (
	"fmt"
	"slices"
	"strings"

	"github.com/bpflockcheck/bpflockcheck/analyzer/ir"
	"github.com/bpflockcheck/bpflockcheck/analyzer/model"
)

// access is an access as the interpreter knows it: one per operation, call
// path, place and locks held. Its identity is stable through the fixpoint, so
// that values can name the loads they derive from.
type access struct {
	id       int
	m        *model.Access
	obj      *object
	path     int32 // the call path's number
	recorded bool
	// moved: a load whose value is stored as it is, or the store of such a one.
	moved   bool
	origins origins
	conds   []*condition
	// pointee is what a pointer that is loaded points to, nil when not known.
	pointee *ir.Type
	// consts: the value stored, as far as it is the same on all paths.
	constKnown, notConst bool
	stored               bool // Again is set
	// after are the changes of the same element that may come before.
	after []*access
}

type accessKey struct {
	path     int32
	in       ir.Instr
	n        int
	kind     model.AccessKind
	obj      *object
	off      int64
	variable bool
	varSym   sym
	size     int64
	locks    string
}

// access interns (and, in the recording pass, logs) an access of size bytes
// through the pointer p into o. It gives nil for memory that no program can
// write.
func (x *exec) access(in ir.Instr, kind model.AccessKind, p *value, o *object, size int64, n int) *access {
	if o.region == model.RegionGlobal && o.global.Const && kind == model.Load {
		return nil
	}
	s := x.s
	k := accessKey{path: x.path.id, in: in, n: n, kind: kind, obj: o, off: p.off, variable: p.variable, varSym: p.varSym, size: size, locks: s.lockKey()}
	a, ok := x.e.accesses[k]
	if !ok {
		a = &access{id: len(x.e.accesses) + 1, obj: o, path: x.path.id}
		a.m = &model.Access{Site: x.e.site(x.path, in), Kind: kind, Place: x.e.place(p, o, size), Locks: s.locks(), Sections: s.sections(), Failed: s.failed}
		switch in := in.(type) {
		case *ir.Store:
			a.m.Text, a.m.Bitfield, a.m.Compound = in.Name, in.Bitfield, in.Compound
		case *ir.Call:
			a.m.Callee = in.Name
		}
		if kind == model.Load && size == 8 {
			a.pointee = pointee(o.layout(), p.off-o.typOff)
		}
		x.e.accesses[k] = a
	}
	if !x.e.recording {
		return a
	}
	first := !a.recorded
	if first {
		a.recorded = true
		x.e.order = append(x.e.order, a)
		// Keys may have widened since the access was first seen.
		a.m.Place = x.e.place(p, o, size)
		a.conds = s.conds
		a.m.Fresh = slices.Contains(s.fresh, o)
	} else {
		a.conds, _ = joinConds(a.conds, s.conds, false, nil)
		a.m.Fresh = a.m.Fresh && slices.Contains(s.fresh, o)
	}
	if i := slices.IndexFunc(s.deleted, func(d deletion) bool { return d.obj == o }); i >= 0 && a.m.Deleted == nil {
		a.m.Deleted = s.deleted[i].site
	}
	if kind == model.Load || kind == model.HelperRead {
		if f, ok := fillPlace(p, o, size); ok {
			for _, g := range s.fills {
				if g.place.overlaps(f) {
					a.m.FilledBefore = g.store.m
					break
				}
			}
		}
	}
	if kind == model.Load && p.variable && a.m.FilledAround == nil {
		a.m.FilledAround = s.filledAround(p, o)
	}
	return a
}

// filledAround gives the first of several stores to slots of an array that is
// loaded from at a variable index; nil where there are less than two.
func (s *state) filledAround(p *value, o *object) *model.Access {
	if o.region != model.RegionGlobal || p.index != model.KeyUnknown {
		return nil
	}
	if t := o.global.Type.Underlying(); t == nil || t.Kind != ir.Array {
		return nil
	}
	var first *access
	n := 0
	for _, f := range s.fills {
		if f.place.global == o.global && f.store.m.Const == nil {
			if n++; n == 1 {
				first = f.store
			}
		}
	}
	if n < 2 {
		return nil
	}
	return first.m
}

// place describes the memory that p points to in o.
func (e *engine) place(p *value, o *object, size int64) model.Place {
	pl := model.Place{Region: o.region, Map: o.mapv, Elem: o.elem, Global: o.global, Off: p.off - o.typOff, Size: size}
	if pl.Off < 0 && !p.variable {
		// Before what the pointer is known to point to: around it.
		pl.Off, pl.IndexKey = -1, fmt.Sprintf("o%d+%d", o.id, p.off)
		return pl
	}
	describe(&pl, o.layout())
	if p.variable {
		// The path is that of the element at the constant part of the offset;
		// array elements are not told apart in it.
		pl.Off, pl.Index, pl.IsLock = -1, p.index, false
		// A variable offset into what is no array tells of no member.
		if p.loose || !strings.Contains(pl.Field, "[]") {
			pl.Field, pl.Tags = "", nil
			if o.global != nil {
				pl.Tags = o.global.Tags
			}
		}
		pl.IndexKey = fmt.Sprintf("?%d", o.id)
		if p.varSym != 0 {
			pl.IndexKey = fmt.Sprintf("s%d+%d", p.varSym, p.off)
		}
	}
	return pl
}

// describe fills in what the type of the value tells.
func describe(pl *model.Place, t *ir.Type) {
	pl.Field, pl.Tags, pl.IsLock = "", nil, false
	if pl.Global != nil {
		pl.Tags = pl.Global.Tags
	}
	if t == nil {
		return
	}
	if ref, ok := t.FieldAt(pl.Off, pl.Size); ok {
		pl.Field = ref.Path
		pl.Tags = append(slices.Clone(pl.Tags), ref.Tags()...)
	}
	for _, sp := range t.Specials() {
		if sp.IsLock() && pl.Size > 0 && sp.Off < pl.Off+pl.Size && pl.Off < sp.Off+sp.Size {
			pl.IsLock = true
		}
	}
}

func (a *access) addOrigins(e *engine, from origins) { a.origins = a.origins.union(from) }

func (a *access) storeConst(iv interval, v *value) {
	if a.notConst {
		return
	}
	if v.isPtr() || !iv.isConst() || a.constKnown && *a.m.Const != iv.lo {
		a.notConst, a.m.Const = true, nil
		return
	}
	c := iv.lo
	a.constKnown, a.m.Const = true, &c
}

// originList converts origins for the model.
func (e *engine) originList(from origins) []model.Origin {
	var out []model.Origin
	for _, o := range from {
		out = append(out, model.Origin{Access: narrowed(o), Unbroken: e.locksOf(o.held), Copied: o.copied})
	}
	return out
}

// narrowed gives the load for the bytes that the value really came from.
func narrowed(o *origin) *model.Access {
	m := o.load.m
	if o.off == 0 && (o.size == m.Place.Size || o.size == 0) {
		return m
	}
	c := *m
	if c.Place.Off < 0 {
		return m
	}
	c.Place.Off += o.off
	c.Place.Size = o.size
	var t *ir.Type
	switch {
	case c.Place.Map != nil:
		t = c.Place.Map.Value
	case c.Place.Global != nil:
		t = c.Place.Global.Type
	}
	describe(&c.Place, t)
	return &c
}

func (e *engine) conditionList(conds []*condition, store *access) []model.Condition {
	var out []model.Condition
	for _, c := range conds {
		site := e.site(c.path, c.branch)
		mc := model.Condition{Site: site, Taken: c.taken, Either: c.either, Pins: c.pins, Origins: e.originList(c.origins)}
		if store != nil && store.constKnown && !store.notConst {
			mc.Idempotent = e.idempotent(c)
		}
		out = append(out, mc)
	}
	return out
}

// finish hands the accesses over to the model.
func (e *engine) finish() {
	// Elements may have widened since others were merged from them.
	for _, o := range e.phis {
		e.describePhi(o)
	}
	for _, u := range e.updateOrder {
		u.m.Origins = slices.DeleteFunc(e.originList(u.from), func(o model.Origin) bool { return o.Access.Place.Map != u.m.Map })
		u.m.Conditions = e.conditionList(u.conds, nil)
		e.m.Updates = append(e.m.Updates, u.m)
	}
	for _, c := range e.callOrder {
		c.m.Conditions = e.conditionList(c.conds, nil)
		e.m.Calls = append(e.m.Calls, c.m)
	}
	for _, a := range e.order {
		a.m.Origins = e.originList(a.origins)
		a.m.Conditions = e.conditionList(a.conds, a)
		slices.SortFunc(a.after, func(b, c *access) int { return b.id - c.id })
		for _, b := range a.after {
			a.m.After = append(a.m.After, b.m)
		}
		a.m.Doomed = a.obj.goes && !a.obj.stays && !e.exhausted
		e.m.Accesses = append(e.m.Accesses, a.m)
	}
	e.joinPieces()
}

// seen reports whether an event of this kind at this operation, call path and
// with these locks was logged already, and logs it as seen.
func (x *exec) seen(kind string, in ir.Instr, detail string) bool {
	k := serialKey{kind: kind, path: x.path.id, in: in, detail: detail + x.s.lockKey()}
	if _, ok := x.e.serials[k]; ok {
		return true
	}
	x.e.serials[k] = 0
	return false
}

type serialKey struct {
	kind   string
	path   int32
	in     ir.Instr
	detail string
}

func (x *exec) exitEvent(in ir.Instr, how string, held []*hold, sec model.Sections) {
	if !x.e.recording || x.seen("exit", in, how) {
		return
	}
	ex := &model.Exit{Site: x.e.site(x.path, in), Sections: sec, How: how}
	for _, h := range held {
		ex.Held = append(ex.Held, h.lock)
	}
	x.e.m.Exits = append(x.e.m.Exits, ex)
}

func (x *exec) legacyPacketLoad(in *ir.LegacyPacketLoad) {
	if x.e.recording && !x.seen("ldabs", in, "") {
		x.e.m.Calls = append(x.e.m.Calls, &model.Call{Site: x.e.site(x.path, in), LegacyPacketLoad: true, Held: x.s.locks(), Sections: x.s.sections()})
	}
}

// ref notes the first mention of a map or global.
func (x *exec) ref(in ir.Instr, m *ir.Map, g *ir.Global) {
	if !x.e.recording {
		return
	}
	k := refKey{m, g}
	if x.e.refs[k] {
		return
	}
	x.e.refs[k] = true
	x.e.m.Refs = append(x.e.m.Refs, &model.Ref{Site: x.e.site(x.path, in), Map: m, Global: g})
}

type refKey struct {
	m *ir.Map
	g *ir.Global
}
