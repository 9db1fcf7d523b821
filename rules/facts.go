package rules

import (
	"github.com/bpflockcheck/bpflockcheck/analyzer/ir"
	"github.com/bpflockcheck/bpflockcheck/analyzer/model"
)

// facts are indexes over a model that several rules need.
type facts struct {
	// accesses to memory that can be shared, by container, in the model's order.
	byContainer map[container][]*model.Access
	// containers in the order of their first access.
	containers []container
	// handedOver marks the maps whose elements are changed in place only by runs
	// that delete them.
	handedOver map[container]bool
	// unchecked are the locks whose acquisition a program does not check.
	unchecked map[programLock]bool
	// lost marks the accesses that lost-update reports.
	lost map[*model.Access]bool
	// copyUpdates marks the updates that copy-update-race reports.
	copyUpdates map[*model.Update]bool
}

// programLock is a lock, by its ID, in one program.
type programLock struct {
	program *ir.Program
	lock    string
}

func factsOf(m *model.Model) *facts {
	f := &facts{byContainer: make(map[container][]*model.Access), handedOver: make(map[container]bool), unchecked: make(map[programLock]bool)}
	for _, op := range m.Locks {
		if op.Kind == model.Release && op.Unchecked {
			f.unchecked[programLock{op.Program, op.Lock.ID}] = true
		}
	}
	for _, a := range m.Accesses {
		if !isShareable(a.Place.Region) {
			continue
		}
		c := containerOf(a.Place)
		if c == (container{}) {
			continue
		}
		if _, ok := f.byContainer[c]; !ok {
			f.containers = append(f.containers, c)
		}
		f.byContainer[c] = append(f.byContainer[c], a)
		if isWrite(a.Kind) && !a.Fresh {
			seen, ok := f.handedOver[c]
			f.handedOver[c] = a.Doomed && (seen || !ok)
		}
	}
	return f
}

// around gives the accesses to memory of the same container as pl.
func (p *Pass) around(pl model.Place) []*model.Access { return p.facts.byContainer[containerOf(pl)] }

// lostUpdates gives the accesses that BLC101 reports, so that rules which yield
// to it know.
func (p *Pass) lostUpdates() map[*model.Access]bool {
	if p.facts.lost == nil {
		p.facts.lost = make(map[*model.Access]bool)
		for _, a := range p.Model.Accesses {
			if lostUpdateAt(p, a) != nil {
				p.facts.lost[a] = true
			}
		}
	}
	return p.facts.lost
}

// lostUpdateNear reports whether BLC101 reports the same statement.
func (p *Pass) lostUpdateNear(a *model.Access) bool {
	if p.lostUpdates()[a] {
		return true
	}
	for _, b := range p.around(a.Place) {
		if p.lostUpdates()[b] && samePos(a.Site, b.Site) {
			return true
		}
	}
	return false
}

// copyUpdateRaces gives the updates that BLC102 reports.
func (p *Pass) copyUpdateRaces() map[*model.Update]bool {
	if p.facts.copyUpdates == nil {
		p.facts.copyUpdates = make(map[*model.Update]bool)
		for _, u := range p.Model.Updates {
			if copyUpdateAt(p, u) != nil {
				p.facts.copyUpdates[u] = true
			}
		}
	}
	return p.facts.copyUpdates
}

func samePos(a, b model.Site) bool {
	return a.Pos == b.Pos || a.Pos != nil && b.Pos != nil && a.Pos.Span == b.Pos.Span && a.Pos.Insn == b.Pos.Insn
}
