package flow

import (
	"math/rand"
	"slices"
	"testing"

	"github.com/bpflockcheck/bpflockcheck/analyzer/ir"
	"github.com/bpflockcheck/bpflockcheck/analyzer/model"
)

// The laws that the fixpoint rests on, on random values.

func randomInterval(r *rand.Rand) interval {
	a, b := int64(r.Intn(21)-10), int64(r.Intn(21)-10)
	if r.Intn(5) == 0 {
		a = anyInt.lo
	}
	if r.Intn(5) == 0 {
		b = anyInt.hi
	}
	return interval{min(a, b), max(a, b)}
}

func within(a, b interval) bool { return a.lo >= b.lo && a.hi <= b.hi }

func TestIntervalLaws(t *testing.T) {
	r := rand.New(rand.NewSource(1))
	for range 5000 {
		a, b, c := randomInterval(r), randomInterval(r), randomInterval(r)
		if a.join(b) != b.join(a) || a.join(a) != a || a.join(b).join(c) != a.join(b.join(c)) {
			t.Fatalf("join is no join: %v %v %v", a, b, c)
		}
		if !within(a, a.join(b)) || !within(b, a.join(b)) {
			t.Fatalf("join is no upper bound: %v %v", a, b)
		}
		if w := widenInterval(a, a.join(b)); !within(a.join(b), w) {
			t.Fatalf("widening %v by %v to %v loses values", a, b, w)
		}
	}
}

func TestWideningEnds(t *testing.T) {
	r := rand.New(rand.NewSource(2))
	for range 500 {
		iv := randomInterval(r)
		steps := 0
		for {
			n := widenInterval(iv, iv.join(randomInterval(r)))
			if n == iv {
				steps++
				if steps > 50 {
					break
				}
				continue
			}
			if !within(iv, n) {
				t.Fatalf("%v is not below %v", iv, n)
			}
			iv = n
		}
	}
}

// TestArithIsSound: the interval of an operation holds every result on values
// of the operands' intervals.
func TestArithIsSound(t *testing.T) {
	r := rand.New(rand.NewSource(3))
	ops := []ir.BinOp{ir.Add, ir.Sub, ir.Mul, ir.Div, ir.Mod, ir.And, ir.Or, ir.Xor, ir.Shl, ir.Shr, ir.Sar}
	pick := func(i interval) int64 {
		lo, hi := max(i.lo, -1<<40), min(i.hi, 1<<40)
		if lo > hi {
			return i.lo
		}
		return lo + r.Int63n(hi-lo+1)
	}
	for range 50000 {
		op := ops[r.Intn(len(ops))]
		a, b := randomInterval(r), randomInterval(r)
		if r.Intn(2) == 0 {
			b = constant(int64(r.Intn(40)))
		}
		n := 64
		signed := r.Intn(2) == 0
		if r.Intn(2) == 0 {
			// Operands of 32-bit operations fit in 32 bits.
			n = 32
			w := width(32, signed)
			if a, b = a.meet(w), b.meet(w); a.empty() || b.empty() {
				continue
			}
		}
		x, y := pick(a), pick(b)
		c, ok := fold(op, x, y, n)
		if !ok {
			continue
		}
		if n == 32 {
			if signed {
				c = int64(int32(c))
			} else {
				c = int64(uint32(c))
			}
		}
		if got := arith(op, a, b, n, signed); !got.contains(c) {
			t.Fatalf("%v %s %v in %d bits (signed %v) gives %v, but %d %s %d is %d", a, opNames[op], b, n, signed, got, x, opNames[op], y, c)
		}
	}
}

func randomOrigins(r *rand.Rand, loads []*access) origins {
	var out origins
	for range r.Intn(4) {
		o := &origin{load: loads[r.Intn(len(loads))], size: 8, copied: r.Intn(2) == 0}
		for h := 1; h < 4; h++ {
			if r.Intn(2) == 0 {
				o.held = append(o.held, h)
			}
		}
		out = append(out, o)
	}
	return out.sorted()
}

func TestOriginLaws(t *testing.T) {
	r := rand.New(rand.NewSource(4))
	var loads []*access
	for i := range 4 {
		loads = append(loads, &access{id: i + 1, m: &model.Access{}})
	}
	for range 5000 {
		a, b, c := randomOrigins(r, loads), randomOrigins(r, loads), randomOrigins(r, loads)
		if !a.union(b).equal(b.union(a)) || !a.union(a).equal(a) || !a.union(b).union(c).equal(a.union(b.union(c))) {
			t.Fatal("union is no join")
		}
		if !slices.IsSortedFunc(a.union(b), (*origin).compare) {
			t.Fatal("union is not sorted")
		}
		for _, o := range a.release(2) {
			if slices.Contains(o.held, 2) {
				t.Fatal("a released lock is still held")
			}
		}
		if !a.union(b).changed().equal(a.changed().union(b.changed())) {
			t.Fatal("changed does not distribute over union")
		}
	}
}

// TestContentStoreLoad: what is stored is what is loaded, and no more.
func TestContentStoreLoad(t *testing.T) {
	r := rand.New(rand.NewSource(5))
	for range 2000 {
		c := &content{zero: true}
		var mirror [64]byte // 0: zero, else the number of the store
		for k := 1; k < 8; k++ {
			size := int64(1) << r.Intn(4)
			off := int64(r.Intn(64-int(size))) / size * size
			c = c.store(off, size, &value{iv: constant(int64(k))})
			for i := off; i < off+size; i++ {
				mirror[i] = byte(k)
			}
		}
		if !slices.IsSortedFunc(c.cells, func(a, b cell) int { return int(a.off - b.off) }) {
			t.Fatal("cells are not sorted")
		}
		for _, x := range c.cells {
			if x.size <= 0 {
				t.Fatal("an empty cell")
			}
		}
		for off := int64(0); off < 64; off += 8 {
			v := c.load(off, 8)
			whole := true
			for i := off; i < off+8; i++ {
				whole = whole && mirror[i] == mirror[off]
			}
			if whole && mirror[off] == 0 && (v == nil || v.iv != constant(0)) {
				t.Fatalf("untouched zero at %d gives %v", off, v)
			}
		}
	}
}
