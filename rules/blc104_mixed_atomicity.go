package rules

import (
	"fmt"

	"github.com/bpflockcheck/bpflockcheck/analyzer/diag"
	"github.com/bpflockcheck/bpflockcheck/analyzer/ir"
	"github.com/bpflockcheck/bpflockcheck/analyzer/model"
)

var mixedAtomicity = &Rule{
	ID: "BLC104", Name: "mixed-atomicity", Severity: diag.Warning,
	Summary: "a place is updated atomically in one place and with a plain store in another",
	Check:   checkMixedAtomicity,
}

func checkMixedAtomicity(p *Pass) {
	for _, a := range p.Model.Accesses {
		if !isPlainWrite(a.Kind) || a.Fresh || a.Place.IsLock || p.lostUpdateNear(a) {
			continue
		}
		s := p.shared(a)
		if !s.shared {
			continue
		}
		atomic, same := p.atomicBeside(a)
		if atomic == nil {
			continue
		}
		if same == maySame && a.Place.Off < 0 {
			s.confidence = min(s.confidence, diag.Medium)
		}
		if a.Place.Size > 0 && atomic.Place.Size > a.Place.Size {
			// A part of a word that is otherwise changed whole, such as the byte
			// by which a queued lock is released: meant, as a rule.
			s.confidence = min(s.confidence, diag.Low)
		}
		if a.Const != nil && p.onlyExchanged(a) {
			// A flag that is set plainly and taken by an exchange, or a lock of the
			// program's own making that is released: nothing is counted.
			s.confidence = min(s.confidence, diag.Low)
		}
		p.Report(a.Site, fmt.Sprintf("a plain store in %s to %s, which is updated atomically elsewhere: an atomic update on another CPU just before it is lost", programs, describe(atomic.Place)),
			func(f *finding) { f.Map, f.Field = owner(atomic.Place), atomic.Place.Field },
			WithConfidence(s.confidence),
			OtherSide(atomic.Pos, "updated atomically here"),
			Help("%s", mixedHelp(a)))
	}
}

func mixedHelp(a *model.Access) string {
	if a.Text != "" && !a.Bulk && (a.Place.Size == 4 || a.Place.Size == 8) {
		return fmt.Sprintf("take the old value out with __sync_lock_test_and_set(%s, ...), or make every access plain under one lock", addressOf(a.Text))
	}
	return "take the old value out with __sync_lock_test_and_set, or make every access plain under one lock"
}

// atomicBeside gives an atomic update of the bytes that a plain store writes,
// which no common lock keeps apart from it.
func (p *Pass) atomicBeside(a *model.Access) (*model.Access, same) {
	var best *model.Access
	how := differs
	for _, b := range p.around(a.Place) {
		if b.Kind != model.AtomicRMW || b.Place.IsLock || somewhere(a.Place) || somewhere(b.Place) {
			continue
		}
		s := samePlace(a.Place, b.Place)
		if s <= how || sameGuard(a, b) {
			continue
		}
		best, how = b, s
	}
	return best, how
}

// onlyExchanged reports whether all atomic operations on a place exchange its
// value, and none computes with it.
func (p *Pass) onlyExchanged(a *model.Access) bool {
	for _, b := range p.around(a.Place) {
		if b.Kind != model.AtomicRMW || somewhere(b.Place) || samePlace(a.Place, b.Place) == differs {
			continue
		}
		if b.Atomic == nil || b.Atomic.Op != ir.AtomicXchg && b.Atomic.Op != ir.AtomicCmpXchg || computes(b) {
			return false
		}
	}
	return true
}

// computes reports whether an exchange puts in what was made from the value that
// was there: a loop that does with a compare-and-swap what has no atomic.
func computes(a *model.Access) bool {
	for _, o := range a.Origins {
		if o.Access != nil && !o.Copied && samePlace(a.Place, o.Access.Place) != differs {
			return true
		}
	}
	return false
}

// somewhere reports whether not even the field of a place is known: it says
// nothing about which bytes are atomic.
func somewhere(pl model.Place) bool { return pl.Off < 0 && pl.Field == "" }
