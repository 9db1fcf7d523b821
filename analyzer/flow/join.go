package flow

import (
	"math"
	"slices"

	"github.com/bpflockcheck/bpflockcheck/analyzer/ir"
	"github.com/bpflockcheck/bpflockcheck/analyzer/model"
)

// joiner merges states at one place of the program.
type joiner struct {
	e    *engine
	path *callPath
	at   any // what the syms made here belong to: a block, or a call
	live []uint64
	// widen: a loop has come round often enough; let intervals go.
	widen bool
	// implicit are the loads tested by the branches that only one of the sides
	// took: what differs between the sides depends on them.
	implicit origins
}

// phi gives the identity of what is merged at a location.
type phiAt struct {
	at   any
	kind string
	obj  *object
}

func (j *joiner) phi(kind string, obj *object, n int64) sym {
	return j.e.syms.fresh("phi", j.path.id, phiAt{j.at, kind, obj}, n)
}

// restrict drops what is dead here, so that it cannot make states differ.
func (j *joiner) restrict(s *state) {
	if j.live == nil {
		return
	}
	vals := s.own()
	for r := range vals {
		if vals[r] != nil && j.live[r/64]&(1<<(r%64)) == 0 {
			vals[r] = nil
		}
	}
}

// merge gives the join of a and b, and whether it differs from a. Neither is
// changed. Both have the same key.
func (j *joiner) merge(a, b *state) (*state, bool) {
	out := a.clone()
	changed := false
	j.implicit = tested(a.conds, b.conds).union(tested(b.conds, a.conds))
	// Frames.
	for i := range a.frames {
		fa, fb := a.frames[i], b.frames[i]
		if fa == fb {
			continue
		}
		var vals []*value
		for r := range fa.vals {
			va, vb := fa.vals[r], fb.vals[r]
			if va == vb {
				continue
			}
			n := j.value(a, va, b, vb, func() sym { return j.phi("reg", nil, int64(i)<<32|int64(r)) })
			if n != va && !n.equal(va) {
				if vals == nil {
					vals = slices.Clone(fa.vals)
				}
				vals[r] = n
			}
		}
		if vals != nil {
			out.frames[i] = &registers{vals: vals, owner: out}
			changed = true
		}
	}
	// Memory. A slot that one side knows nothing of is unknown.
	for o, ca := range a.mem {
		cb, ok := b.mem[o]
		if !ok {
			cb = unknownContent
		}
		if ca == cb {
			continue
		}
		n := j.content(a, ca, b, cb, o)
		if !n.equal(ca) {
			out.mem[o] = n
			changed = true
		}
	}
	// What a per-CPU value derives from on one of the ways, it may derive from.
	for o, cb := range b.mem {
		if _, ok := a.mem[o]; !ok && o.ownCPUs() {
			out.mem[o] = j.content(a, unknownContent, b, cb, o)
			changed = true
		}
	}
	// Facts.
	for k, fa := range a.facts {
		fb, ok := b.facts[k]
		if !ok {
			delete(out.facts, k)
			changed = true
			continue
		}
		n := fact{iv: fa.iv.join(fb.iv), nonzero: fa.nonzero && fb.nonzero}
		switch {
		case fa.not == fb.not, fa.not != 0 && !fb.iv.contains(fa.not):
			n.not = fa.not
		case fb.not != 0 && !fa.iv.contains(fb.not):
			n.not = fb.not
		}
		if j.widen {
			n.iv = widenInterval(fa.iv, n.iv)
		}
		if n != fa {
			changed = true
			if n == noFact {
				delete(out.facts, k)
			} else {
				out.facts[k] = n
			}
		}
	}
	if !slices.Equal(a.configs, b.configs) {
		out.configs, changed = intersect(a.configs, b.configs, func(x, y sym) bool { return x == y }, changed)
	}
	if !slices.Equal(a.asked, b.asked) {
		out.asked, changed = intersect(a.asked, b.asked, func(x, y answer) bool { return x == y }, changed)
	}
	out.conds, changed = joinConds(a.conds, b.conds, changed, j.decides)
	out.missed, changed = intersect(a.missed, b.missed, func(x, y *object) bool { return x == y }, changed)
	sameKey := func(x, y keyed) bool { return x.m == y.m && x.key == y.key && x.obj == y.obj }
	out.insert, changed = intersect(a.insert, b.insert, sameKey, changed)
	out.fresh, changed = intersect(a.fresh, b.fresh, func(x, y *object) bool { return x == y }, changed)
	out.deleted, changed = intersect(a.deleted, b.deleted, func(x, y deletion) bool { return x.obj == y.obj }, changed)
	out.fills, changed = intersect(a.fills, b.fills, func(x, y fill) bool { return x.place == y.place }, changed)
	out.idents, changed = intersect(a.idents, b.idents, func(x, y ident) bool { return x == y }, changed)
	out.changed, changed = unite(a.changed, b.changed, changed)
	out.pending, changed = unite(a.pending, b.pending, changed)
	out.touched, changed = unite(a.touched, b.touched, changed)
	return out, changed
}

// unite adds to a what only b has.
func unite[T comparable](a, b []T, changed bool) ([]T, bool) {
	for _, o := range b {
		if !slices.Contains(a, o) {
			a, changed = add(a, o), true
		}
	}
	return a, changed
}

func intersect[T any](a, b []T, same func(x, y T) bool, changed bool) ([]T, bool) {
	keep := func(x T) bool { return slices.ContainsFunc(b, func(y T) bool { return same(x, y) }) }
	for i, x := range a {
		if keep(x) {
			continue
		}
		out := slices.Clone(a[:i])
		for _, y := range a[i+1:] {
			if keep(y) {
				out = append(out, y)
			}
		}
		return out, true
	}
	return a, changed
}

// decides reports whether the place of the merge is control dependent on a
// branch, although both outcomes can lead there: one does surely, the other not
// (Ferrante, Ottenstein and Warren, TOPLAS 1987).
func (j *joiner) decides(c *condition) bool {
	b, ok := j.at.(*ir.Block)
	if !ok || c.path != j.path {
		return false
	}
	fi := j.e.info(c.path.fn)
	return fi.postDominates(b, c.branch.True) != fi.postDominates(b, c.branch.False)
}

// tested gives the loads that the branches in a tested which are not in b.
func tested(a, b []*condition) origins {
	var from origins
	for _, x := range a {
		if !slices.ContainsFunc(b, x.same) {
			from = from.union(x.origins.changed())
		}
	}
	return from
}

// joinConds gives the conditions that hold on both ways to a place. keep says of
// a branch whose outcomes both lead there whether it decides on it all the
// same; nil where the place is one operation, reached in several states.
func joinConds(a, b []*condition, changed bool, keep func(*condition) bool) ([]*condition, bool) {
	out := make([]*condition, 0, len(a))
	for _, x := range a {
		i := slices.IndexFunc(b, x.same)
		if i < 0 && slices.ContainsFunc(b, x.pinsSame) {
			// Two branches that let the same thread or CPU through.
			out = append(out, x)
			continue
		}
		if i < 0 {
			i = slices.IndexFunc(b, x.of)
			if i < 0 || keep == nil && !x.either && !b[i].either || keep != nil && !keep(x) {
				changed = true
				continue
			}
			if !x.either {
				c := *x
				c.either, c.pins, c.pinnedTo = true, model.KeyUnknown, ""
				x, changed = &c, true
			}
		}
		if n := x.origins.union(b[i].origins); !n.equal(x.origins) {
			c := *x
			c.origins = n
			x, changed = &c, true
		}
		out = append(out, x)
	}
	return out, changed
}

var widenSteps = []int64{math.MinInt64, math.MinInt32, 0, 1<<31 - 1, 1<<32 - 1, math.MaxInt64}

// widenInterval lets a bound that still moves jump to the next step.
func widenInterval(old, n interval) interval {
	if n.lo < old.lo {
		for i := len(widenSteps) - 1; i >= 0; i-- {
			if widenSteps[i] <= n.lo {
				n.lo = widenSteps[i]
				break
			}
		}
	}
	if n.hi > old.hi {
		for _, s := range widenSteps {
			if s >= n.hi {
				n.hi = s
				break
			}
		}
	}
	return n
}

func (j *joiner) content(a *state, ca *content, b *state, cb *content, o *object) *content {
	if o.ownCPUs() {
		// Of a per-CPU value only what is in it is kept, and of one that a way did
		// not come by nothing: that says nothing of what was tested on the other.
		implicit := j.implicit
		j.implicit = nil
		defer func() { j.implicit = implicit }()
	}
	out := &content{zero: ca.zero && cb.zero}
	for _, x := range ca.cells {
		var vb *value
		i, ok := slices.BinarySearchFunc(cb.cells, x.off, func(c cell, off int64) int { return int(c.off - off) })
		switch {
		case ok && cb.cells[i].size == x.size:
			vb = cb.cells[i].v
		default:
			// Cut differently on the other side: keep only where it comes from.
			if vb = cb.load(x.off, x.size); vb == nil {
				vb = top
			}
		}
		out.cells = append(out.cells, cell{x.off, x.size, j.value(a, x.v, b, vb, func() sym { return j.phi("mem", o, x.off) })})
	}
	rest := func(y cell, lo, hi int64) {
		if lo >= hi {
			return
		}
		va := top
		if ca.zero {
			va = constValue(0)
		}
		out = out.store(lo, hi-lo, j.value(a, va, b, piece(y, lo, hi-lo), func() sym { return j.phi("mem", o, lo) }))
	}
	for _, y := range cb.cells {
		// What lies between a's cells.
		at := y.off
		for _, x := range ca.cells {
			if x.off < y.off+y.size && at < x.off+x.size {
				rest(y, at, x.off)
				at = x.off + x.size
			}
		}
		rest(y, at, y.off+y.size)
	}
	return out
}

// value joins va as known in a with vb as known in b.
func (j *joiner) value(a *state, va *value, b *state, vb *value, phi func() sym) *value {
	switch {
	case va == nil:
		return vb
	case vb == nil:
		return va
	case va.equal(vb):
		return va
	}
	from := va.origins.union(vb.origins)
	switch {
	case va.obj != nil && vb.obj != nil:
		return j.pointers(a, va, b, vb, phi)
	case va.obj != nil && !vb.isPtr() && b.isNull(vb):
		return j.orNull(va, from, phi)
	case vb.obj != nil && !va.isPtr() && a.isNull(va):
		return j.orNull(vb, from, phi)
	case va.mapv != nil && va.mapv == vb.mapv, va.fn != nil && va.fn == vb.fn:
		return va
	case va.mapv != nil && !vb.isPtr() && b.isNull(vb):
		return va
	case vb.mapv != nil && !va.isPtr() && a.isNull(va):
		return vb
	case va.isPtr() || vb.isPtr():
		return &value{iv: anyInt, origins: from, sym: phi()}
	}
	if !va.origins.equal(vb.origins) {
		from = from.changed() // x = n < x ? n : x is no copy of x
	}
	n := &value{iv: a.rangeOf(va).join(b.rangeOf(vb)), origins: from.union(j.implicit), sym: va.sym}
	if j.widen {
		n.iv = widenInterval(va.iv, n.iv)
	}
	if va.sym != vb.sym || va.sym == 0 {
		n.sym = phi()
	}
	if va.tag == vb.tag {
		n.tag = va.tag
	}
	if va.unchecked == vb.unchecked {
		n.unchecked = va.unchecked
	}
	if n.iv.isConst() && len(from) == 0 && n.tag == tagNone {
		n.sym = 0
	}
	return n
}

func (j *joiner) orNull(p *value, from origins, phi func() sym) *value {
	return p.with(func(v *value) {
		v.origins = from
		v.nullable = true
		v.sym = phi()
	})
}

func (j *joiner) pointers(a *state, va *value, b *state, vb *value, phi func() sym) *value {
	n := *va
	n.origins = va.origins.union(vb.origins)
	n.nullable = va.nullable && !a.isNonNull(va) || vb.nullable && !b.isNonNull(vb)
	n.cmp, n.unchecked = nil, ""
	if va.sym != vb.sym || va.sym == 0 {
		n.sym = phi()
	}
	if va.obj != vb.obj {
		n.obj = j.mergeObjects(va.obj, vb.obj, phi)
	}
	if va.off != vb.off || va.loose != vb.loose || va.variable != vb.variable || va.varSym != vb.varSym {
		n.variable = true
		n.loose = va.off != vb.off || va.loose || vb.loose
		n.varSym = phi()
		// Both may be indexed by the CPU, and differ in the member only.
		if va.index != vb.index {
			n.index = model.KeyUnknown
		}
	}
	return &n
}

// mergeObjects gives the object that stands for either of two.
func (j *joiner) mergeObjects(a, b *object, phi func() sym) *object {
	if slices.Contains(a.members, b) {
		return a
	}
	id := phi()
	if a.phi == id || b.phi == id {
		if b.phi == id {
			a, b = b, a
		}
		for _, m := range b.expand() {
			if !slices.Contains(a.members, m) {
				a.members = append(a.members, m)
				j.e.describePhi(a)
			}
		}
		return a
	}
	o := j.e.objs.get(objKey{kind: "phi", n: int(id)}, func(o *object) {
		o.phi = id
		j.e.phis = append(j.e.phis, o)
	})
	for _, m := range append(slices.Clone(a.expand()), b.expand()...) {
		if !slices.Contains(o.members, m) {
			o.members = append(o.members, m)
		}
	}
	j.e.describePhi(o)
	return o
}

// describePhi works out what a merged object is from its members.
func (e *engine) describePhi(o *object) {
	first := o.members[0]
	o.region, o.mapv, o.global, o.slot = first.region, first.mapv, first.global, first.slot
	o.alts = nil
	same := true
	for _, m := range o.members[1:] {
		if m.region != first.region || m.mapv != first.mapv || m.global != first.global || m.slot != first.slot || m.elem == nil || first.elem == nil {
			same = false
		}
	}
	if !same {
		o.region, o.mapv, o.global, o.slot, o.elem = model.RegionUnknown, nil, nil, nil, nil
		o.alts = slices.Clone(o.members)
		return
	}
	if o.elem == nil {
		e.elems++
		o.elem = &model.Element{ID: e.elems}
	}
	id := o.elem.ID
	members := othersValues(o.members)
	*o.elem = *members[0].elem
	o.elem.ID = id
	o.typ, o.typOff = first.typ, first.typOff
	for _, m := range members[1:] {
		if o.region == model.RegionArena {
			weaken(o.elem, m.elem.KeyKind, m.elem.Key)
		} else {
			o.elem.Weaken(m.elem.KeyKind, m.elem.KeyConst, m.elem.Key)
		}
		if m.typ != first.typ || m.typOff != first.typOff {
			o.typ, o.typOff, o.elem.Type = nil, 0, nil
		}
	}
}

// othersValues gives, of values of a per-CPU map, those that may be another
// CPU's, where there are any: they decide who shares what is either.
func othersValues(members []*object) []*object {
	var others []*object
	for _, m := range members {
		if m.elem.PercpuElem {
			others = append(others, m)
		}
	}
	if len(others) > 0 {
		return others
	}
	return members
}

var _ = ir.NoReg
