package rules

import (
	"fmt"

	"github.com/bpflockcheck/bpflockcheck/analyzer/diag"
	"github.com/bpflockcheck/bpflockcheck/analyzer/model"
)

var copyUpdateRace = &Rule{
	ID: "BLC102", Name: "copy-update-race", Severity: diag.Warning,
	Summary: "a value is looked up, changed and written back with bpf_map_update_elem",
	Check: func(p *Pass) {
		races := p.copyUpdateRaces()
		for _, u := range p.Model.Updates {
			if races[u] {
				copyUpdateAt(p, u).report(p)
			}
		}
	},
}

// copyRace is one racy write-back.
type copyRace struct {
	update *model.Update
	load   *model.Access // what the written value derives from; nil for inPlace
	sharing
	// inPlace: the element's own pointer is written back over it.
	inPlace bool
}

// copyUpdateAt gives the race that an update makes, nil when there is none.
func copyUpdateAt(p *Pass, u *model.Update) *copyRace {
	if u.Map == nil || flagSet(u.Flags, flagNoExist) {
		return nil
	}
	s := p.sharedUpdate(u)
	if !s.shared {
		return nil
	}
	if v := u.FromValue; v != nil && v.Map == u.Map {
		if u.ChangedInPlace && sameKey(u, v.Elem) == isSame {
			return &copyRace{update: u, sharing: s, inPlace: true}
		}
	}
	if !u.Changed {
		return nil
	}
	for _, o := range u.Origins {
		if o.Access == nil || o.Access.Place.Map != u.Map || o.Copied && len(u.Origins) == 1 && !u.Changed {
			continue
		}
		switch sameKey(u, o.Access.Place.Elem) {
		case isSame:
			return &copyRace{update: u, load: o.Access, sharing: s}
		case maySame:
			// Perhaps one element computed from another.
			r := &copyRace{update: u, load: o.Access, sharing: s}
			r.confidence = diag.Low
			return r
		}
	}
	return nil
}

func (r *copyRace) report(p *Pass) {
	u := r.update
	if r.inPlace {
		p.Report(u.Site, fmt.Sprintf("in %s, a value of %s is changed in place and then written back over its own element: that undoes what other CPUs changed in between", programs, u.Map.Name),
			OnMap(u.Map.Name), WithConfidence(r.confidence), Help("leave bpf_map_update_elem out: the change in place is enough; make it atomic if it counts"))
		return
	}
	p.Report(u.Site, fmt.Sprintf("in %s, a changed copy of a value of %s is written back: an update that another CPU makes between the lookup and this is lost", programs, u.Map.Name),
		OnMap(u.Map.Name), WithConfidence(r.confidence),
		Related(r.load.Pos, "the old value is read here"),
		Help("change the value in place, with an atomic or under a bpf_spin_lock in it, or use a per-CPU map"))
}

// Flags of bpf_map_update_elem (include/uapi/linux/bpf.h).
const (
	flagNoExist = 1
	flagExist   = 2
	flagLock    = 4
)

// flagSet reports whether the flags are known and hold f.
func flagSet(flags *int64, f int64) bool { return flags != nil && *flags&f != 0 }

// sharedUpdate judges who else may use the element that is updated.
func (p *Pass) sharedUpdate(u *model.Update) sharing {
	e := &model.Element{KeyKind: u.KeyKind, KeyConst: u.KeyConst, Key: u.Key}
	return p.sharedPlace(u.Site, model.Place{Region: model.RegionMapValue, Map: u.Map, Elem: e, Size: u.Map.ValueSize}, u.Conditions)
}

// sameKey compares the element that is updated with one that was looked up.
func sameKey(u *model.Update, e *model.Element) same {
	switch {
	case e == nil:
		return maySame
	case u.Key != "" && e.Key != "":
		if u.Key == e.Key {
			return isSame
		}
		if u.KeyKind == model.KeyConst && e.KeyKind == model.KeyConst {
			return differs
		}
		return maySame
	case u.KeyKind == e.KeyKind && (e.KeyKind == model.KeyProcess || e.KeyKind == model.KeyThread):
		return isSame
	}
	return maySame
}
