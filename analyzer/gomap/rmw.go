package gomap

import (
	"fmt"
	"go/types"

	"golang.org/x/tools/go/ssa"

	"github.com/bpflockcheck/bpflockcheck/analyzer/diag"
)

// lostUpdates finds values that userspace looks up, changes and writes back to
// the same key while a program writes them too (BLC305). The lock flag does not
// help: it covers each copy, not the time between them.
func (c *collector) lostUpdates() {
	type event struct {
		access
		memory ssa.Value // the variable that the value is copied from or to
		key    ssa.Value
	}
	byFunc := make(map[*ssa.Function][2][]event)
	for _, a := range c.judged {
		call, ok := a.site.(ssa.CallInstruction)
		if !ok || a.value == nil || a.wrapped {
			continue
		}
		ev := event{access: a, memory: memoryOf(a.value), key: keyOf(a, call)}
		if ev.memory == nil {
			continue
		}
		pair := byFunc[a.fn]
		switch a.op.kind {
		case opLookup, opNext, opBatchLookup:
			if a.op.deletes {
				continue // the element was taken out: it is ours
			}
			pair[0] = append(pair[0], ev)
		case opUpdate, opBatchUpdate:
			pair[1] = append(pair[1], ev)
		}
		byFunc[a.fn] = pair
	}
	for _, pair := range byFunc {
		for _, up := range pair[1] {
			for _, get := range pair[0] {
				if !sameMemory(get.memory, up.memory) || !sameKey(get.key, up.key) || !reaches(get.site, up.site) {
					continue
				}
				m, w, ok := c.writtenByBPF(get.access, up.access)
				if !ok || !changedBetween(get.memory, up.memory, get.site, up.site) {
					continue
				}
				if !c.reopened(up.recv) && c.beforeAttach(up.site) {
					continue
				}
				c.reportLostUpdate(get.access, up.access, m, w)
				break
			}
		}
	}
}

func (c *collector) reportLostUpdate(get, up access, m MapInfo, w Write) {
	who := "a program"
	if w.Program != "" {
		who = "program " + w.Program
	}
	what := "the value"
	if w.Field != "" {
		what = w.Field
	}
	f := goFinding{
		rule: ruleLostUpdate, confidence: diag.High, mapName: m.Name, field: w.Field,
		message: fmt.Sprintf("the value of map %q is looked up, changed and written back, while %s also writes %s: what it writes in between is lost, with or without BPF_F_LOCK",
			m.Name, who, what),
		help:     "let only one side write the value, keep userspace's fields in a map of their own, or make the change in a BPF program",
		evidence: []diag.Evidence{m.Evidence},
		related:  []relatedWhere{{get.where, "looked up here"}},
	}
	if w.At.Line > 0 {
		f.related = append(f.related, relatedWhere{w.At, fmt.Sprintf("%s writes %s here", who, what)})
	}
	if m.PerCPU() {
		f.confidence = diag.Medium
	}
	c.report(up, f)
}

// writtenByBPF gives the map that both accesses concern and a program's write
// to it.
func (c *collector) writtenByBPF(get, up access) (MapInfo, Write, bool) {
	for _, o := range get.recv {
		for _, p := range up.recv {
			if o.kind != p.kind || o.name != p.name || o.name == "" {
				continue
			}
			for _, m := range c.pk.resolve(o) {
				if len(m.Writes) > 0 {
					return m, m.Writes[0], true
				}
			}
		}
	}
	return MapInfo{}, Write{}, false
}

// memoryOf is the variable behind a value argument: &v, v, vals.
func memoryOf(v ssa.Value) ssa.Value {
	v = stripConversions(v)
	switch x := v.(type) {
	case *ssa.UnOp:
		// v passed by value, or through a pointer variable.
		return memoryOf(x.X)
	case *ssa.Slice:
		return memoryOf(x.X)
	}
	return v
}

func keyOf(a access, call ssa.CallInstruction) ssa.Value {
	args := call.Common().Args
	if !call.Common().IsInvoke() && call.Common().Signature().Recv() != nil && len(args) > 0 {
		args = args[1:]
	}
	if a.op.key < 0 || a.op.key >= len(args) {
		return nil
	}
	return args[a.op.key]
}

// sameMemory reports whether two value arguments are the same variable.
func sameMemory(a, b ssa.Value) bool {
	if a == b {
		return true
	}
	if fa, ok := a.(*ssa.FieldAddr); ok {
		if fb, ok := b.(*ssa.FieldAddr); ok {
			return fa.Field == fb.Field && sameMemory(memoryOf(fa.X), memoryOf(fb.X))
		}
	}
	if ia, ok := a.(*ssa.IndexAddr); ok {
		if ib, ok := b.(*ssa.IndexAddr); ok {
			return sameMemory(memoryOf(ia.X), memoryOf(ib.X))
		}
	}
	return false
}

// sameKey reports whether two key arguments are the same variable or constant.
func sameKey(a, b ssa.Value) bool {
	if a == nil || b == nil {
		return false
	}
	a, b = stripConversions(a), stripConversions(b)
	if ca, ok := a.(*ssa.Const); ok {
		cb, ok := b.(*ssa.Const)
		return ok && ca.Value != nil && cb.Value != nil && ca.Value.ExactString() == cb.Value.ExactString()
	}
	return sameMemory(memoryOf(a), memoryOf(b))
}

// changedBetween reports whether the variable that a lookup filled is written
// after the lookup and before the update: a store into it or a part of it, or a
// call that gets its address.
func changedBetween(get, up ssa.Value, from, to ssa.Instruction) bool {
	changed := false
	var visit func(addr ssa.Value, depth int)
	visit = func(addr ssa.Value, depth int) {
		refs := addr.Referrers()
		if refs == nil || depth > 6 || changed {
			return
		}
		for _, r := range *refs {
			between := r != from && r != to && r.Block() != nil && reaches(from, r) && reaches(r, to)
			switch r := r.(type) {
			case *ssa.Store:
				if r.Addr == addr && between {
					changed = true
				}
			case *ssa.FieldAddr, *ssa.IndexAddr, *ssa.Slice, *ssa.ChangeType:
				visit(r.(ssa.Value), depth+1)
			case *ssa.UnOp:
				// vals[i] of a slice or a pointer kept in a variable.
				switch r.Type().Underlying().(type) {
				case *types.Pointer, *types.Slice:
					visit(r, depth+1)
				}
			case ssa.CallInstruction:
				if between && !isMapCall(r) {
					changed = true
				}
			}
		}
	}
	visit(get, 0)
	if up != get {
		visit(up, 0)
	}
	return changed
}

// isMapCall reports whether a call is a map operation.
func isMapCall(in ssa.CallInstruction) bool {
	if fn := in.Common().StaticCallee(); fn != nil {
		if obj, ok := fn.Object().(*types.Func); ok {
			return opOf(obj) != nil
		}
	}
	return false
}
