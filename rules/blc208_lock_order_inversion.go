package rules

import (
	"fmt"

	"github.com/bpflockcheck/bpflockcheck/analyzer/diag"
	"github.com/bpflockcheck/bpflockcheck/analyzer/model"
)

var lockOrderInversion = &Rule{
	ID: "BLC208", Name: "lock-order-inversion", Severity: diag.Error,
	Summary: "two bpf_res_spin_locks are taken in both orders, or one twice",
	Check:   checkLockOrderInversion,
}

// lockClass is what a lock's order is judged by: the lock itself where it is
// one for all, else the field that it is in each element of a map.
type lockClass struct {
	container
	off int64
	key string // of a constant key, "" otherwise
	one bool   // stands for one lock
}

func classOf(l model.Lock) lockClass {
	c := lockClass{container: containerOf(l.Place), off: l.Place.Off}
	switch {
	case l.Place.Global != nil:
		c.one = true
	case l.Place.Elem != nil && l.Place.Elem.KeyKind == model.KeyConst:
		c.one, c.key = true, fmt.Sprint(l.Place.Elem.KeyConst)
	}
	return c
}

// nesting is one lock taken inside another.
type nesting struct {
	outer, inner lockClass
	op           *model.LockOp
	held         model.Lock
}

func checkLockOrderInversion(p *Pass) {
	var nestings []nesting
	for _, op := range p.Model.Locks {
		if op.Kind != model.Acquire || !op.Lock.Res || op.Unknown {
			continue
		}
		for _, held := range op.Held {
			if !held.Res {
				continue
			}
			if held.ID == op.Lock.ID || samePlace(held.Place, op.Lock.Place) == isSame {
				p.Report(op.Site, fmt.Sprintf("in %s, %s is taken twice: the second fails with -EDEADLK (AA deadlock)", programs, lockName(op.Lock)),
					OnLock(op.Lock), Related(held.Since.Pos, "first taken here"), Help("release it before, or take it once around both uses"))
				continue
			}
			nestings = append(nestings, nesting{outer: classOf(held), inner: classOf(op.Lock), op: op, held: held})
		}
	}
	for _, n := range nestings {
		back := reverse(nestings, n)
		if back == nil {
			continue
		}
		confidence := diag.High
		if !n.outer.one || !n.inner.one {
			// Elements of maps: the two programs need not meet on the same ones.
			confidence = diag.Medium
		}
		with := back.op.Program.Name
		message := fmt.Sprintf("in %s, %s is taken while %s is held, and in %s the other way round: each can wait for the other (ABBA deadlock, -EDEADLK or -ETIMEDOUT)",
			programs, lockName(n.op.Lock), lockName(n.held), with)
		if n.outer == n.inner {
			message = fmt.Sprintf("in %s, the locks of two elements of %s are held at once: two CPUs that take them in opposite orders wait for each other (ABBA deadlock, -EDEADLK or -ETIMEDOUT)", programs, owner(n.op.Lock.Place))
		}
		opts := []Option{OnLock(n.op.Lock), WithConfidence(confidence),
			Related(n.held.Since.Pos, "%s is taken here", lockName(n.held)),
			Help("take them in one order everywhere")}
		if back.op != n.op {
			opts = append(opts,
				OtherSide(back.held.Since.Pos, "in %s, %s is taken here", with, lockName(back.held)),
				OtherSide(back.op.Pos, "and here %s is taken inside", lockName(back.op.Lock)))
		}
		p.Report(n.op.Site, message, opts...)
	}
}

// reverse gives the nesting that closes a cycle with n, nil when there is none.
func reverse(all []nesting, n nesting) *nesting {
	if n.outer == n.inner {
		if n.outer.one {
			return nil
		}
		return &n
	}
	// From n.inner along the order that programs take locks in, back to
	// n.outer.
	reached := map[lockClass]*nesting{}
	queue := []lockClass{n.inner}
	for len(queue) > 0 {
		at := queue[0]
		queue = queue[1:]
		for i := range all {
			m := &all[i]
			if m.outer != at || m.outer == m.inner {
				continue
			}
			if m.inner == n.outer {
				return m
			}
			if _, ok := reached[m.inner]; !ok {
				reached[m.inner] = m
				queue = append(queue, m.inner)
			}
		}
	}
	return nil
}
