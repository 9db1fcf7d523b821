package flow

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/bpflockcheck/bpflockcheck/analyzer/ir"
	"github.com/bpflockcheck/bpflockcheck/analyzer/model"
)

// fact is what branches have shown of a sym on the way to a state.
type fact struct {
	iv      interval
	nonzero bool
	// not is one other value that it is known not to be; 0 for none.
	not int64
}

var noFact = fact{iv: anyInt}

// hold is a lock held.
type hold struct {
	serial int // identifies the acquisition: one per operation, path and lock
	lock   model.Lock
	obj    *object // nil when the pointer could not be followed
	flags  string  // identity of the irqsave variable
}

// irqSave is an open bpf_local_irq_save section.
type irqSave struct {
	flags string
	site  *model.Site
}

// condition is a branch taken on the way that tested shared memory.
type condition struct {
	branch *ir.Branch
	path   *callPath
	taken  bool
	// either: both outcomes can lead here, but not always: another test decides
	// on one of the sides, as in "if (a || b)".
	either   bool
	pins     model.KeyKind
	pinnedTo string // the canonical form of what the running id was found equal to
	origins  origins
}

func (c *condition) same(o *condition) bool {
	return c.branch == o.branch && c.path == o.path && (c.either && o.either || !c.either && !o.either && c.taken == o.taken)
}

// of reports whether both are of one branch.
func (c *condition) of(o *condition) bool { return c.branch == o.branch && c.path == o.path }

// pinsSame reports whether both leave only one running thread or CPU, the same.
func (c *condition) pinsSame(o *condition) bool {
	return c.pins != model.KeyUnknown && c.pinnedTo != "" && c.pins == o.pins && c.pinnedTo == o.pinnedTo
}

// keyed names an element of a map by its key's canonical form.
type keyed struct {
	m   *ir.Map
	key string
	obj *object // the element whose own memory gave the key, if any
}

// deletion is an element that was deleted while a pointer to it was kept.
type deletion struct {
	obj  *object
	site *model.Site
}

// ident is an id of the running thread or CPU that was put into this CPU's own
// memory and is still there.
type ident struct {
	place fillKey
	tag   tag
}

// fill is a store to a shared place with a constant key in this invocation.
type fill struct {
	place fillKey
	store *access
}

type fillKey struct {
	mapv   *ir.Map
	global *ir.Global
	key    int64
	off    int64
	size   int64
}

// state is what holds at one point of a program.
type state struct {
	frames  []*registers // innermost last
	mem     map[*object]*content
	facts   map[sym]fact
	holds   []*hold
	rcu     []*model.Site
	preempt []*model.Site
	irq     []irqSave
	failed  []string // locks whose acquisition failed on this path
	conds   []*condition
	missed  []*object // elements that a lookup did not find on this path
	insert  []keyed   // elements inserted by this invocation
	fresh   []*object // elements looked up after their insertion
	deleted []deletion
	fills   []fill
	changed []*object // map values changed in place
	// touched are the changes themselves that may have been made on the way.
	touched []*access
	// pending are those of them that were not deleted since.
	pending []*object
	idents  []ident
	// asked are the kernel functions that branches found to exist.
	asked []answer
	// configs are the syms of read-only globals that branches tested, sorted.
	configs []sym
}

// registers are those of one frame. They are shared between states and copied
// before a change; see state.own.
type registers struct {
	vals  []*value
	owner *state
}

func (s *state) clone() *state {
	c := *s
	c.frames = slices.Clone(s.frames)
	c.mem = maps.Clone(s.mem)
	c.facts = maps.Clone(s.facts)
	// The slices are replaced, never changed in place: see add.
	return &c
}

// add appends without touching the array that other states may share.
func add[T any](s []T, v T) []T { return append(s[:len(s):len(s)], v) }

// top gives the innermost frame's registers for writing.
func (s *state) own() []*value {
	f := s.frames[len(s.frames)-1]
	if f.owner != s {
		f = &registers{vals: slices.Clone(f.vals), owner: s}
		s.frames[len(s.frames)-1] = f
	}
	return f.vals
}

func (s *state) reg(r ir.Reg) *value {
	if r < 0 {
		return top
	}
	vals := s.frames[len(s.frames)-1].vals
	if int(r) >= len(vals) || vals[r] == nil {
		return top
	}
	return vals[r]
}

func (s *state) setReg(r ir.Reg, v *value) {
	if r < 0 {
		return
	}
	s.own()[r] = v
}

func (s *state) operand(o ir.Operand) *value {
	if o.IsImm {
		return constValue(o.Imm)
	}
	return s.reg(o.Reg)
}

// factOf gives what is known of a value beyond its own interval.
func (s *state) factOf(v *value) fact {
	if v.sym == 0 {
		return noFact
	}
	if f, ok := s.facts[v.sym]; ok {
		return f
	}
	return noFact
}

// rangeOf is a scalar's interval with the facts.
func (s *state) rangeOf(v *value) interval {
	if v.isPtr() {
		if v.nullable {
			f := s.factOf(v)
			if f.iv == constant(0) {
				return constant(0)
			}
		}
		return anyInt
	}
	iv := v.iv
	if f := s.factOf(v); f.iv != anyInt {
		iv = iv.meet(f.iv)
		if iv.empty() {
			return v.iv
		}
	}
	return iv
}

// isNull and isNonNull say what is certain of a pointer or scalar.
func (s *state) isNull(v *value) bool {
	if v.isPtr() {
		return v.nullable && s.factOf(v).iv == constant(0)
	}
	return s.rangeOf(v) == constant(0)
}

func (s *state) isNonNull(v *value) bool {
	if v.isPtr() {
		return !v.nullable || s.factOf(v).nonzero
	}
	if !s.rangeOf(v).contains(0) {
		return true
	}
	return s.factOf(v).nonzero
}

// key tells states apart at merges: the locks and sections held, and how the
// program is configured as far as branches tested it. The verifier sees the
// read-only globals as constants, so a program runs with one choice only.
//
// So is an element that was deleted on one way and not on the other: a program
// that remembers which it was, and one that forgets, look alike otherwise.
func (s *state) key() string {
	k := s.lockKey()
	if len(s.configs) == 0 && len(s.deleted) == 0 {
		return k
	}
	b := []byte(k)
	for _, d := range s.deleted {
		b = append(b, '-')
		b = strconv.AppendInt(b, int64(d.obj.id), 10)
	}
	for _, c := range s.configs {
		b = append(b, '#')
		b = strconv.AppendInt(b, int64(c), 10)
		f := s.facts[c]
		switch {
		case f.iv.isConst():
			b = append(b, '=')
			b = strconv.AppendInt(b, f.iv.lo, 10)
		default:
			if f.nonzero {
				b = append(b, '!')
			}
			if f.not != 0 {
				b = append(b, '~')
				b = strconv.AppendInt(b, f.not, 10)
			}
		}
	}
	return string(b)
}

// forgetChoices gives up telling the state apart by configuration and by what
// was deleted.
func (s *state) forgetChoices() {
	s.deleted = nil
	for _, c := range s.configs {
		delete(s.facts, c)
	}
	s.configs = nil
}

// lockKey names the locks and sections held.
func (s *state) lockKey() string {
	if len(s.holds) == 0 && len(s.rcu) == 0 && len(s.preempt) == 0 && len(s.irq) == 0 && len(s.failed) == 0 {
		return ""
	}
	var b strings.Builder
	for _, h := range s.holds {
		b.WriteString(h.lock.ID)
		b.WriteByte(';')
	}
	b.WriteByte('|')
	b.WriteString(strconv.Itoa(len(s.rcu)))
	b.WriteByte('|')
	b.WriteString(strconv.Itoa(len(s.preempt)))
	for _, q := range s.irq {
		b.WriteByte('|')
		b.WriteString(q.flags)
	}
	for _, f := range s.failed {
		b.WriteByte('!')
		b.WriteString(f)
	}
	return b.String()
}

// heldSerials lists the acquisitions held, sorted.
func (s *state) heldSerials() []int {
	if len(s.holds) == 0 {
		return nil
	}
	out := make([]int, len(s.holds))
	for i, h := range s.holds {
		out[i] = h.serial
	}
	slices.Sort(out)
	return out
}

func (s *state) locks() []model.Lock {
	if len(s.holds) == 0 {
		return nil
	}
	out := make([]model.Lock, len(s.holds))
	for i, h := range s.holds {
		out[i] = h.lock
	}
	return out
}

func (s *state) sections() model.Sections {
	sec := model.Sections{RCU: len(s.rcu), Preempt: len(s.preempt), IRQ: len(s.irq)}
	if n := len(s.rcu); n > 0 {
		sec.RCUAt = s.rcu[n-1]
	}
	if n := len(s.preempt); n > 0 {
		sec.PreemptAt = s.preempt[n-1]
	}
	if n := len(s.irq); n > 0 {
		sec.IRQAt = s.irq[n-1].site
	}
	return sec
}

// rewrite applies f to every value of the state: registers of all frames and
// everything stored. f returns its argument when nothing changes.
func (s *state) rewrite(f func(*value) *value) {
	seen := make(map[*value]*value)
	g := func(v *value) *value {
		if v == nil {
			return nil
		}
		if n, ok := seen[v]; ok {
			return n
		}
		n := f(v)
		seen[v] = n
		return n
	}
	for i, fr := range s.frames {
		var vals []*value
		for j, v := range fr.vals {
			if n := g(v); n != v {
				if vals == nil {
					vals = slices.Clone(fr.vals)
				}
				vals[j] = n
			}
		}
		if vals != nil {
			s.frames[i] = &registers{vals: vals, owner: s}
		}
	}
	for o, c := range s.mem {
		if n := c.rewrite(g); n != c {
			s.mem[o] = n
		}
	}
}

// releaseOrigins forgets a lock in every origin: from now on it was not held
// without a break since the load.
func (s *state) releaseOrigins(serial int) {
	s.rewrite(func(v *value) *value {
		n := v.origins.release(serial)
		if len(n) == len(v.origins) && (len(n) == 0 || &n[0] == &v.origins[0]) {
			return v
		}
		return v.with(func(v *value) { v.origins = n })
	})
	for i, c := range s.conds {
		n := c.origins.release(serial)
		if len(n) > 0 && &n[0] != &c.origins[0] {
			d := *c
			d.origins = n
			s.conds = slices.Clone(s.conds)
			s.conds[i] = &d
		}
	}
}

// forget drops everything known of what was computed from the sym base: the
// operation that makes it is about to run again. What branches showed of the
// old value is kept in the value itself.
func (s *state) forget(t *symTable, base sym) {
	s.rewrite(func(v *value) *value {
		old := t.dependsOn(v.sym, base)
		index := t.dependsOn(v.varSym, base)
		comparison := v.cmp != nil && (t.dependsOn(v.cmp.a.sym, base) || t.dependsOn(v.cmp.b.sym, base))
		behind := v.obj != nil && t.dependsOn(v.obj.ptr, base)
		if !old && !index && !comparison && !behind {
			return v
		}
		return v.with(func(c *value) {
			if behind {
				c.obj = v.obj.old
			}
			if old {
				if v.isPtr() {
					c.nullable = v.nullable && !s.isNonNull(v)
				} else {
					c.iv = s.rangeOf(v)
				}
				c.sym = 0
			}
			if index {
				c.varSym = 0
			}
			if comparison {
				c.cmp = nil
			}
		})
	})
	for f := range s.facts {
		if t.dependsOn(f, base) {
			delete(s.facts, f)
		}
	}
}

// age makes every pointer to o one to the object of the loop's earlier round.
func (s *state) age(o *object) {
	old := o.old
	if slices.Contains(s.pending, o) {
		o.stays = true // which of the rounds' elements is deleted is not followed
	}
	s.rewrite(func(v *value) *value {
		if v.obj != o {
			return v
		}
		return v.with(func(v *value) { v.obj, v.sym = old, 0 })
	})
	s.untouch([]*value{{obj: o}})
	if o.ownCPUs() {
		delete(s.mem, o)
	}
	for i, h := range s.holds {
		if h.obj == o {
			n := *h
			n.obj = old
			n.lock.Place.Elem = old.elem
			n.lock.ID = lockID(old, n.lock.Place.Off, "")
			s.holds = slices.Clone(s.holds)
			s.holds[i] = &n
		}
	}
}

// untouch forgets changes of what the pointers point to: it is another element
// from now on.
func (s *state) untouch(ptrs []*value) {
	gone := func(a *access) bool {
		return slices.ContainsFunc(ptrs, func(v *value) bool { return v != nil && v.obj == a.obj })
	}
	if slices.ContainsFunc(s.touched, gone) {
		s.touched = slices.DeleteFunc(slices.Clone(s.touched), gone)
	}
}
