package flow

import (
	"cmp"
	"math"
	"slices"

	"github.com/bpflockcheck/bpflockcheck/analyzer/ir"
	"github.com/bpflockcheck/bpflockcheck/analyzer/model"
)

// tag says what a scalar means, as far as it decides who shares what.
type tag uint8

const (
	tagNone    tag = iota
	tagPidTgid     // whole bpf_get_current_pid_tgid()
	tagTid         // its low half, or a value that holds it whole
	tagTgid        // its high half
	tagCPU         // the running CPU
	tagTaskCPU     // the CPU that a scheduler callback is about
	tagRxQueue     // the receive queue of an XDP program's packet
	tagTask        // the current task's address
	tagCtx         // loaded from the program's context
	tagOther       // an address or number that identifies something else
)

// numbers reports whether t is a small number that stays one of a kind when it
// is cut to a table's size.
func (t tag) numbers() bool { return t == tagCPU || t == tagTaskCPU || t == tagRxQueue }

// interval is a range of signed 64-bit values.
type interval struct{ lo, hi int64 }

var anyInt = interval{math.MinInt64, math.MaxInt64}

func constant(c int64) interval          { return interval{c, c} }
func (i interval) isConst() bool         { return i.lo == i.hi }
func (i interval) contains(c int64) bool { return i.lo <= c && c <= i.hi }
func (i interval) empty() bool           { return i.lo > i.hi }
func (i interval) meet(o interval) interval {
	return interval{max(i.lo, o.lo), min(i.hi, o.hi)}
}
func (i interval) join(o interval) interval {
	return interval{min(i.lo, o.lo), max(i.hi, o.hi)}
}

// width gives the values that bits bits can hold.
func width(bits int, signed bool) interval {
	switch {
	case bits >= 64:
		return anyInt
	case signed:
		return interval{-1 << (bits - 1), 1<<(bits-1) - 1}
	}
	return interval{0, 1<<bits - 1}
}

// comparison is kept with a 0/1 value so that a later branch on it refines the
// operands.
type comparison struct {
	op     ir.BinOp
	a, b   *value
	bits   int
	signed bool
}

// value is what a register or a piece of a slot holds. It is never changed
// after it was made. A value is a pointer when obj is set or fn or mapv.
type value struct {
	iv  interval
	sym sym
	tag tag
	cmp *comparison
	// low is set when the value is another one shifted up by 32: the first half
	// of a zero- or sign-extension, as compilers write it without 32-bit moves.
	low *value
	// origins are the loads of shared memory the value derives from.
	origins origins

	// obj is what a pointer points into, at off plus, when variable, an
	// unknown part with the identity varSym.
	obj      *object
	off      int64
	variable bool
	// loose: off is no sure constant part either (a merge of two offsets).
	loose    bool
	varSym   sym
	index    model.KeyKind
	nullable bool

	mapv *ir.Map  // the address of a map
	fn   *ir.Func // the address of a function
	// unchecked names the lock whose acquisition gave this value
	// (bpf_res_spin_lock); empty otherwise.
	unchecked string
}

// top is the scalar nothing is known of.
var top = &value{iv: anyInt}

func constValue(c int64) *value { return &value{iv: constant(c)} }

func (v *value) isPtr() bool { return v.obj != nil || v.mapv != nil || v.fn != nil }

func (v *value) with(f func(*value)) *value {
	c := *v
	f(&c)
	return &c
}

// equal is structural equality, used to see whether a state changed.
func (v *value) equal(o *value) bool {
	if v == o {
		return true
	}
	if v == nil || o == nil {
		return false
	}
	return v.iv == o.iv && v.sym == o.sym && v.tag == o.tag && v.obj == o.obj && v.off == o.off &&
		v.variable == o.variable && v.loose == o.loose && v.varSym == o.varSym && v.index == o.index && v.nullable == o.nullable &&
		v.mapv == o.mapv && v.fn == o.fn && v.unchecked == o.unchecked && (v.low == o.low || v.low.equal(o.low)) && sameComparison(v.cmp, o.cmp) &&
		v.origins.equal(o.origins)
}

func sameComparison(a, b *comparison) bool {
	if a == b {
		return true
	}
	if a == nil || b == nil {
		return false
	}
	return a.op == b.op && a.bits == b.bits && a.signed == b.signed && a.a.equal(b.a) && a.b.equal(b.b)
}

// origin is one load that a value derives from.
type origin struct {
	load *access
	// off and size narrow the place within the load (a member of a struct that
	// was copied whole).
	off, size int64
	// held are the locks held without a break since the load, by hold.id.
	held []int
	// copied: unchanged since the load.
	copied bool
}

func (a *origin) compare(b *origin) int {
	return cmp.Or(
		cmp.Compare(a.load.id, b.load.id),
		cmp.Compare(a.off, b.off),
		cmp.Compare(a.size, b.size),
		slices.Compare(a.held, b.held),
		boolCompare(a.copied, b.copied),
	)
}

func boolCompare(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

// origins is a sorted set.
type origins []*origin

// maxOrigins bounds the set; a value that derives from more loads than this
// keeps the first ones.
const maxOrigins = 24

func (s origins) equal(o origins) bool {
	return slices.EqualFunc(s, o, func(a, b *origin) bool { return a == b || a.compare(b) == 0 })
}

func (s origins) union(o origins) origins {
	if len(o) == 0 || len(s) > 0 && len(o) > 0 && &s[0] == &o[0] && len(s) == len(o) {
		return s
	}
	if len(s) == 0 {
		return o
	}
	out := make(origins, 0, len(s)+len(o))
	for i, j := 0, 0; i < len(s) || j < len(o); {
		switch {
		case j == len(o):
			out, i = append(out, s[i]), i+1
		case i == len(s):
			out, j = append(out, o[j]), j+1
		default:
			c := s[i].compare(o[j])
			if c <= 0 {
				out = append(out, s[i])
				i++
				if c == 0 {
					j++
				}
			} else {
				out = append(out, o[j])
				j++
			}
		}
	}
	if len(out) > maxOrigins {
		out = out[:maxOrigins]
	}
	return out
}

// changed marks every origin as no longer a plain copy.
func (s origins) changed() origins {
	if !slices.ContainsFunc(s, func(o *origin) bool { return o.copied }) {
		return s
	}
	var out origins
	for _, o := range s {
		if o.copied {
			c := *o
			c.copied = false
			o = &c
		}
		out = append(out, o)
	}
	return out.sorted()
}

func (s origins) sorted() origins {
	slices.SortFunc(s, (*origin).compare)
	return slices.CompactFunc(s, func(a, b *origin) bool { return a.compare(b) == 0 })
}

// narrow gives the origins of the bytes [off, off+size) of a copied struct.
func (s origins) narrow(off, size int64) origins {
	var out origins
	for _, o := range s {
		if o.copied && (off != 0 || size != o.size) && o.size > 0 && off+size <= o.size {
			c := *o
			c.off, c.size = o.off+off, size
			o = &c
		}
		out = append(out, o)
	}
	return out.sorted()
}

// release takes a lock out of every origin's held set.
func (s origins) release(hold int) origins {
	if !slices.ContainsFunc(s, func(o *origin) bool { return slices.Contains(o.held, hold) }) {
		return s
	}
	var out origins
	for _, o := range s {
		if slices.Contains(o.held, hold) {
			c := *o
			c.held = slices.DeleteFunc(slices.Clone(o.held), func(h int) bool { return h == hold })
			o = &c
		}
		out = append(out, o)
	}
	return out.sorted()
}
