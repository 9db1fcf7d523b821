package rules

import (
	"fmt"

	"github.com/bpflockcheck/bpflockcheck/analyzer/diag"
	"github.com/bpflockcheck/bpflockcheck/analyzer/ir"
	"github.com/bpflockcheck/bpflockcheck/analyzer/model"
	"github.com/bpflockcheck/bpflockcheck/rules/kernel"
)

var lostUpdate = &Rule{
	ID: "BLC101", Name: "lost-update", Severity: diag.Warning,
	Summary: "a shared place is loaded, changed and stored without an atomic or one lock held across",
	Check: func(p *Pass) {
		lost := p.lostUpdates()
		for _, a := range p.Model.Accesses {
			if lost[a] {
				lostUpdateAt(p, a).report(p)
			}
		}
	},
}

// lostUpdateRace is one racy read-modify-write.
type lostUpdateRace struct {
	store *model.Access
	load  *model.Access
	cond  *model.Condition // the branch, for test-then-set; nil when the value derives from the load
	sharing
	// wrongLock: a lock is held throughout, but another element's.
	wrongLock bool
}

// lostUpdateAt gives the race that a store completes, nil when there is none.
func lostUpdateAt(p *Pass, a *model.Access) *lostUpdateRace {
	switch a.Kind {
	case model.Store, model.AtomicStore:
	case model.AtomicRMW:
		// x = xchg(&x, f(x)): the exchange is atomic, the change is not. Every
		// other read-modify-write is one step.
		if a.Atomic == nil || a.Atomic.Op != ir.AtomicXchg {
			return nil
		}
	default:
		return nil
	}
	if a.Place.IsLock || !isShareable(a.Place.Region) {
		return nil
	}
	s := p.shared(a)
	if !s.shared {
		return nil
	}
	if r := derivedRace(p, a, s); r != nil {
		return r
	}
	if a.Kind == model.AtomicRMW || a.Bulk || a.Again {
		return nil // with Again, the first store made the claim
	}
	return claimRace(p, a, s)
}

// derivedRace is x = f(x).
func derivedRace(p *Pass, a *model.Access, s sharing) *lostUpdateRace {
	var best *lostUpdateRace
	for _, o := range a.Origins {
		if o.Access == nil || o.Copied || o.Access.Place.IsLock || setBefore(o.Access) {
			continue
		}
		same := samePlace(a.Place, o.Access.Place)
		if same == differs {
			continue
		}
		held := common(o.Unbroken, a.Locks)
		if protected(held, a.Place) {
			continue
		}
		r := &lostUpdateRace{store: a, load: o.Access, sharing: s, wrongLock: len(held) > 0}
		if same == maySame {
			// Perhaps another element, or another slot: a sum over others.
			if a.Text == "" || a.Text != o.Access.Text || sameElement(a.Place, o.Access.Place) != isSame {
				r.confidence = diag.Low
			}
		}
		if r.wrongLock {
			r.confidence = min(r.confidence, diag.Medium)
		}
		if best == nil || r.confidence > best.confidence {
			best = r
		}
	}
	return best
}

// claimRace is test-then-set: if (n > x) x = n; if (x) return; x = 1.
func claimRace(p *Pass, a *model.Access, s sharing) *lostUpdateRace {
	for _, o := range a.Origins {
		if o.Copied && o.Access != nil && samePlace(a.Place, o.Access.Place) == isSame {
			return nil // what was there is stored again
		}
	}
	if testedUnderLock(a) {
		return nil
	}
	own := testedAlone(a)
	for i := range a.Conditions {
		c := &a.Conditions[i]
		if c.Idempotent || c.Either && own {
			continue
		}
		for _, o := range c.Origins {
			if o.Access == nil || o.Access.Place.IsLock || o.Access.Kind == model.AtomicRMW || setBefore(o.Access) {
				continue
			}
			if samePlace(a.Place, o.Access.Place) != isSame {
				continue
			}
			held := common(o.Unbroken, a.Locks)
			if protected(held, a.Place) {
				continue
			}
			if c.Either {
				s.confidence = min(s.confidence, diag.Medium)
			}
			return &lostUpdateRace{store: a, load: o.Access, cond: c, sharing: s, wrongLock: len(held) > 0}
		}
	}
	return nil
}

// testedAlone reports whether a test of its place alone leads to a store: then
// others, which lead there with something else, decide nothing.
func testedAlone(a *model.Access) bool {
	for i := range a.Conditions {
		for _, o := range a.Conditions[i].Origins {
			if !a.Conditions[i].Either && o.Access != nil && samePlace(a.Place, o.Access.Place) == isSame {
				return true
			}
		}
	}
	return false
}

// testedUnderLock reports whether one of the tests that lead to a store was of
// its place and made under a lock that is held up to the store. It decides;
// a test before the lock was taken only saves taking it.
func testedUnderLock(a *model.Access) bool {
	for i := range a.Conditions {
		for _, o := range a.Conditions[i].Origins {
			if o.Access != nil && samePlace(a.Place, o.Access.Place) == isSame && protected(common(o.Unbroken, a.Locks), a.Place) {
				return true
			}
		}
	}
	return false
}

// setBefore reports whether the same run stored to the place before it loaded
// it, and not just a change of what was there: then it uses the place for
// values of its own, which is shared-scratch's, and no update is lost that
// another run made before.
func setBefore(load *model.Access) bool {
	fill := load.FilledBefore
	if fill == nil {
		return false
	}
	for _, o := range fill.Origins {
		if o.Access != nil && samePlace(fill.Place, o.Access.Place) != differs {
			return false
		}
	}
	return true
}

func (r *lostUpdateRace) report(p *Pass) {
	a := r.store
	what := describeStored(a)
	var message string
	switch {
	case r.cond != nil:
		message = fmt.Sprintf("two CPUs that run %s at once can both pass the test of %s before either stores to it: both go on as if they were alone", programs, what)
	case a.Bitfield:
		message = fmt.Sprintf("two CPUs that run %s at once can both load the unit that holds bit-field %s, and one store undoes the other's, also of the bit-fields beside it", programs, what)
	case r.load.Kind == model.AtomicRMW:
		message = fmt.Sprintf("in %s, a value made from an earlier atomic result is stored to %s: what other CPUs stored in between is lost", programs, what)
	default:
		message = fmt.Sprintf("two CPUs that run %s at once can both load %s and one update is lost", programs, what)
	}
	if r.wrongLock {
		message += "; the lock held is that of another element and keeps nobody out"
	}
	fix, why := r.fix(p)
	help := r.help(p)
	if why != "" {
		help += noFix + why
	}
	opts := []Option{On(a.Place), WithConfidence(r.confidence), Help("%s", help), WithFix(fix)}
	if !samePos(a.Site, r.load.Site) {
		what := "loaded here"
		if r.cond != nil {
			what = "tested here"
		}
		pos := r.load.Pos
		opts = append(opts, Related(pos, "%s", what))
	}
	if b := p.atomicElsewhere(a); b != nil {
		opts = append(opts, OtherSide(b.Pos, "updated atomically here: a plain store beside it loses that update too"))
	}
	p.Report(a.Site, message, opts...)
}

// help proposes what suits the place: an atomic where there is one of the size.
func (r *lostUpdateRace) help(p *Pass) string {
	a := r.store
	target := a.Text
	if target == "" {
		target = "x"
	}
	other := "a per-CPU map"
	if a.Place.Map == nil {
		other = "a per-CPU map instead of the variable"
	}
	if a.Place.Elem != nil && a.Place.Elem.PercpuElem {
		other = "leave each value to its own CPU"
	}
	lock := ""
	if p.mayLock(a) {
		lock = "a bpf_spin_lock held from the load to the store, or "
	}
	atomic := a.Place.Size == 4 || a.Place.Size == 8
	fetch := !p.Kernel.Less(kernel.AtomicsSince)
	switch {
	case r.cond != nil && atomic && fetch:
		return fmt.Sprintf("use __sync_val_compare_and_swap(%s, ...) and look at its result, or %s%s", addressOf(target), lock, other)
	case a.Bitfield, !atomic:
		return fmt.Sprintf("no atomic works on this: give it a 4 or 8 byte field of its own, or use %s%s", lock, other)
	case a.Compound != nil && atomicBuiltin(a.Compound.Op) != "" && (fetch || isSum(a.Compound.Op)):
		return fmt.Sprintf("use %s, or %s%s", atomicCall(a.Compound, target, a.Place.Size), lock, other)
	case fetch:
		return fmt.Sprintf("use an atomic (__sync_fetch_and_add, or a compare-and-swap loop on %s), or %s%s", addressOf(target), lock, other)
	}
	return fmt.Sprintf("use __sync_fetch_and_add(%s, ...) if it is a sum, or %s%s", addressOf(target), lock, other)
}

// mayLock reports whether a bpf_spin_lock is a way out: for the program's type
// and for the place.
func (p *Pass) mayLock(a *model.Access) bool {
	if a.Program == nil {
		return false
	}
	if ok, _ := kernel.MayUseSpinLock(a.Program.Info, p.Kernel); !ok || p.Kernel.Less(kernel.SpinLockSince) {
		return false
	}
	if a.Place.Map != nil {
		return kernel.MayHoldSpinLock(a.Place.Map.Type, p.Kernel)
	}
	return kernel.LockGlobal(p.Kernel)
}

// atomicElsewhere gives an atomic update of the same field, nil when there is
// none.
func (p *Pass) atomicElsewhere(a *model.Access) *model.Access {
	for _, b := range p.around(a.Place) {
		if b.Kind == model.AtomicRMW && b != a && !somewhere(a.Place) && !somewhere(b.Place) && samePlace(a.Place, b.Place) != differs {
			return b
		}
	}
	return nil
}
