package rules

import (
	"fmt"

	"github.com/bpflockcheck/bpflockcheck/analyzer/diag"
	"github.com/bpflockcheck/bpflockcheck/analyzer/ir"
	"github.com/bpflockcheck/bpflockcheck/analyzer/model"
)

var insertRace = &Rule{
	ID: "BLC103", Name: "insert-race", Severity: diag.Warning,
	Summary: "after a lookup that found nothing, an element that is then kept up in place is inserted with BPF_ANY",
	Check:   checkInsertRace,
}

func checkInsertRace(p *Pass) {
	for _, u := range p.Model.Updates {
		if u.Missed == nil || u.Map == nil || !u.Map.Type.IsHash() || u.Flags == nil || p.copyUpdateRaces()[u] {
			continue
		}
		if *u.Flags&(flagNoExist|flagExist) != 0 {
			continue
		}
		s := p.sharedUpdate(u)
		if !s.shared {
			continue
		}
		if isAddress(u.Map.Key) {
			// The events of one kernel object come one after the other; its first
			// two would have to meet.
			s.confidence = min(s.confidence, diag.Low)
		}
		kept := p.keptUp(u)
		if kept == nil {
			continue
		}
		fix, why := p.insertFix(u)
		p.Report(u.Site, fmt.Sprintf("two CPUs that run %s at once can both miss this key of %s and both insert it: the second insert wipes out what was counted in the first one's element", programs, u.Map.Name),
			OnMap(u.Map.Name), WithConfidence(s.confidence),
			Related(u.Missed.Site.Pos, "the lookup that found nothing"),
			OtherSide(kept.Pos, "%s is kept up in place here", describe(kept.Place)),
			Help("insert with BPF_NOEXIST, whatever it returns look the key up again, and work on what is found%s", why), WithFix(fix))
	}
}

// insertFix makes the insert fail where another CPU was faster. It is not
// safe: what the loser's own initial value said is dropped where the code looks
// the key up again by itself.
func (p *Pass) insertFix(u *model.Update) (*diag.Fix, string) {
	rw := p.Model.Unit.Rewrite
	if rw == nil || u.Func == nil {
		return nil, ""
	}
	if u.Missed.Site.Func != u.Func {
		return nil, noFix + "the lookup is in another function"
	}
	edits, why := rw.InsertOnce(u.Func.Name, u.Pos, u.Missed.Site.Pos)
	if why != "" {
		return nil, noFix + why
	}
	return &diag.Fix{Title: "insert with BPF_NOEXIST and go on with the element that is there", Edits: edits}, ""
}

// keptUp gives a change in place to the elements that an update inserts, nil
// when programs only ever insert, read and delete them.
func (p *Pass) keptUp(u *model.Update) *model.Access {
	for _, a := range p.facts.byContainer[container{m: u.Map}] {
		if isWrite(a.Kind) && !a.Place.IsLock {
			return a
		}
	}
	return nil
}

// isAddress reports whether a map's keys are addresses of kernel objects.
func isAddress(key *ir.Type) bool {
	u := key.Underlying()
	return u != nil && u.Kind == ir.Pointer
}
