package rules

import (
	"fmt"
	"strings"

	"github.com/bpflockcheck/bpflockcheck/analyzer/diag"
	"github.com/bpflockcheck/bpflockcheck/analyzer/model"
)

var unguardedAccess = &Rule{
	ID: "BLC106", Name: "unguarded-access", Severity: diag.Warning,
	Summary: "a field that is written under a lock elsewhere is accessed without it",
	Check:   checkUnguardedAccess,
}

// guard is a reason to take a place for guarded by a lock.
type guard struct {
	lock  string // in words
	write *model.Access
	// declared: by __guarded_by and not by what the code does.
	declared bool
}

func checkUnguardedAccess(p *Pass) {
	// Reads that belong to a statement whose write is reported say nothing new.
	wrote := make(map[*model.Access]bool)
	report := func(a *model.Access) {
		g := p.guardOf(a)
		if g == nil {
			return
		}
		s := p.shared(a)
		if !s.shared {
			return
		}
		if !g.declared && a.Place.Region != model.RegionMapValue {
			// Which variables a global lock is for, the code shows only by use.
			s.confidence = min(s.confidence, diag.Medium)
		}
		verb, severity := "read", diag.Note
		if isWrite(a.Kind) {
			verb, severity = "written", diag.Warning
			wrote[a] = true
		}
		opts := []Option{On(a.Place), WithSeverity(severity), WithConfidence(s.confidence),
			Help("take %s around this access", g.lock)}
		why := "declared as guarded by it"
		if g.write != nil {
			why = "written under it elsewhere"
			opts = append(opts, OtherSide(g.write.Pos, "written here with %s held", g.lock))
		}
		p.Report(a.Site, fmt.Sprintf("in %s, %s is %s without %s, though it is %s", programs, describe(a.Place), verb, g.lock, why), opts...)
	}
	for _, a := range p.Model.Accesses {
		if isWrite(a.Kind) {
			report(a)
		}
	}
	for _, a := range p.Model.Accesses {
		if !isWrite(a.Kind) && !p.partOf(a, wrote) {
			report(a)
		}
	}
}

// partOf reports whether a read stands in one statement with a reported write.
func (p *Pass) partOf(read *model.Access, wrote map[*model.Access]bool) bool {
	for _, b := range p.around(read.Place) {
		if wrote[b] && samePos(read.Site, b.Site) {
			return true
		}
	}
	return false
}

// guardOf gives the lock that an access lacks, nil when it lacks none.
func (p *Pass) guardOf(a *model.Access) *guard {
	if a.Fresh || a.Place.IsLock || !isShareable(a.Place.Region) || isConstVar(a.Place) {
		return nil
	}
	if lock := guardedBy(a.Place); lock != "" {
		for _, l := range a.Locks {
			if namesLock(l, lock) && protects(l, a.Place) {
				return nil
			}
		}
		return &guard{lock: lock, declared: true}
	}
	for _, l := range a.Locks {
		if ownLock(l, a.Place) {
			return nil
		}
	}
	for _, b := range p.around(a.Place) {
		if b == a || !isWrite(b.Kind) || b.Kind == model.AtomicRMW || b.Place.IsLock || !overlap(a.Place, b.Place) {
			continue
		}
		if a.Place.Off < 0 || b.Place.Off < 0 {
			if a.Place.Field == "" || a.Place.Field != b.Place.Field {
				continue
			}
		}
		for _, l := range b.Locks {
			if ownLock(l, b.Place) {
				if a.Place.Global != nil && holds(a.Locks, l) {
					continue
				}
				return &guard{lock: lockName(l), write: b}
			}
		}
	}
	return nil
}

func holds(locks []model.Lock, l model.Lock) bool {
	for _, x := range locks {
		if x.ID == l.ID {
			return true
		}
	}
	return false
}

// ownLock reports whether a lock is the one meant for a place: that of its own
// element, or, for a variable, a variable too.
func ownLock(l model.Lock, pl model.Place) bool {
	switch pl.Region {
	case model.RegionMapValue:
		return l.Place.Region == model.RegionMapValue && l.Place.Map == pl.Map && sameElement(l.Place, pl) == isSame
	case model.RegionGlobal, model.RegionArena:
		return l.Place.Region == model.RegionGlobal
	}
	return false
}

// namesLock reports whether a __guarded_by's text names the lock.
func namesLock(l model.Lock, name string) bool {
	name = strings.TrimPrefix(strings.ReplaceAll(name, "->", "."), "&")
	if i := strings.LastIndexByte(name, '.'); i >= 0 {
		name = name[i+1:]
	}
	f := lockField(l)
	if i := strings.LastIndexByte(f, '.'); i >= 0 {
		f = f[i+1:]
	}
	return f == name || l.Place.Global != nil && l.Place.Global.Name == name
}

// lockField is the path of the lock's member, without the member that the lock
// itself has.
func lockField(l model.Lock) string {
	f := l.Place.Field
	if f == "val" {
		return ""
	}
	return strings.TrimSuffix(f, ".val")
}

// lockName names a lock for a message.
func lockName(l model.Lock) string {
	field := lockField(l)
	switch {
	case l.Place.Global != nil && field != "":
		return "lock " + l.Place.Global.Name + "." + field
	case l.Place.Global != nil:
		return "lock " + l.Place.Global.Name
	case l.Place.Map != nil && field != "":
		return "lock " + l.Place.Map.Name + "." + field
	case field != "":
		return "lock " + field
	case l.Place.Map != nil:
		return "the lock of " + l.Place.Map.Name
	}
	return "the lock"
}
