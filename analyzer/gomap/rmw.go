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
	events := c.copies()
	// A getter or setter of this package stands for the access in it.
	for _, ev := range events {
		events = append(events, c.lift(ev)...)
	}
	byFunc := make(map[*ssa.Function][]copyEvent)
	for _, ev := range events {
		byFunc[ev.fn] = append(byFunc[ev.fn], ev)
	}
	for _, fn := range c.pk.funcs {
		for _, up := range byFunc[fn] {
			if !up.update {
				continue
			}
			for _, get := range byFunc[fn] {
				if !get.update && c.isLostUpdate(get, up) {
					break
				}
			}
		}
	}
}

// isLostUpdate judges a lookup and an update, and reports.
func (c *collector) isLostUpdate(get, up copyEvent) bool {
	changed := sameMemory(get.memory, up.memory) && sameKey(get.key, up.key) && reaches(get.site, up.site) && changedBetween(get, up)
	if !changed && !isReset(get, up) {
		return false
	}
	m, w, ok := c.writtenByBPF(get.access, up.access)
	if !ok {
		return false
	}
	if !c.reopened(up.recv) && c.beforeAttach(up.site) {
		return false
	}
	if changed {
		c.reportLostUpdate(get.access, up.access, m, w)
	} else {
		c.reportReset(get.access, up.access, m, w)
	}
	return true
}

// copyEvent is an access with the variable that the value is copied to or from.
type copyEvent struct {
	access
	memory, key ssa.Value
	update      bool
	// result is what a getter returned before it was put into memory.
	result ssa.Value
}

// copies lists the direct accesses whose value is a variable.
func (c *collector) copies() []copyEvent {
	var out []copyEvent
	for _, a := range c.judged {
		call, ok := a.site.(ssa.CallInstruction)
		if !ok || a.value == nil || a.wrapped {
			continue
		}
		ev := copyEvent{access: a, memory: memoryOf(a.value), key: keyOf(a, call)}
		switch a.op.kind {
		case opLookup, opNext, opBatchLookup:
			if a.op.deletes {
				continue // the element was taken out: it is ours
			}
		case opUpdate, opBatchUpdate:
			ev.update = true
		default:
			continue
		}
		if ev.memory != nil {
			out = append(out, ev)
		}
	}
	return out
}

// lift gives the calls in this package of a function that looks a value up for
// its caller, or writes one for it, as if they were the access.
func (c *collector) lift(ev copyEvent) []copyEvent {
	fn := ev.fn
	param := paramBehind(ev.memory, fn)
	res := -1
	if !ev.update && param < 0 {
		res = resultBehind(ev.memory, fn)
	}
	if param < 0 && res < 0 {
		return nil
	}
	var out []copyEvent
	for _, call := range c.pk.flow.callers[fn] {
		args := call.Common().Args
		up := ev
		up.site, up.fn = call, call.Parent()
		up.recv = nil
		for _, o := range ev.given {
			if o.kind == fromParam && o.fn == fn && o.idx < len(args) {
				up.recv = append(up.recv, c.pk.flow.origins(args[o.idx])...)
			} else {
				up.recv = append(up.recv, o)
			}
		}
		if k := paramBehind(ev.key, fn); k >= 0 && k < len(args) {
			up.key = args[k]
		}
		if param >= 0 {
			if param >= len(args) {
				continue
			}
			up.memory = memoryOf(args[param])
		} else {
			up.memory, up.result = storedResult(call, res)
		}
		if up.memory != nil {
			out = append(out, up)
		}
	}
	return out
}

// paramBehind is the number of the parameter that a value is, or that the
// variable behind it was made of; -1 when it is none.
func paramBehind(v ssa.Value, fn *ssa.Function) int {
	if v == nil {
		return -1
	}
	v = memoryOf(v)
	if a, ok := v.(*ssa.Alloc); ok {
		stores := storesTo(a)
		if len(stores) != 1 {
			return -1
		}
		v = stores[0]
	}
	if p, ok := v.(*ssa.Parameter); ok && p.Parent() == fn {
		return paramIndex(p)
	}
	return -1
}

// resultBehind is the number of the result through which a function returns a
// variable, or a pointer to it; -1 when it does not.
func resultBehind(v ssa.Value, fn *ssa.Function) int {
	for _, b := range fn.Blocks {
		ret, ok := b.Instrs[len(b.Instrs)-1].(*ssa.Return)
		if !ok {
			continue
		}
		for i, r := range ret.Results {
			if memoryOf(r) == v {
				return i
			}
		}
	}
	return -1
}

// storedResult is the variable that a call's result is put into.
func storedResult(call ssa.CallInstruction, idx int) (memory, res ssa.Value) {
	v := call.Value()
	if v == nil || v.Referrers() == nil {
		return nil, nil
	}
	res = v
	if call.Common().Signature().Results().Len() > 1 {
		res = nil
		for _, r := range *v.Referrers() {
			if e, ok := r.(*ssa.Extract); ok && e.Index == idx {
				res = e
			}
		}
		if res == nil {
			return nil, nil
		}
	}
	if _, ptr := res.Type().Underlying().(*types.Pointer); ptr {
		return res, res
	}
	for _, r := range *res.Referrers() {
		if s, ok := r.(*ssa.Store); ok && s.Val == res {
			return s.Addr, res
		}
	}
	return nil, nil
}

// writer names the program that writes, and what it writes.
func writer(w Write) (who, what string) {
	who, what = "a program", "the value"
	if w.Program != "" {
		who = "program " + w.Program
	}
	if w.Field != "" {
		what = w.Field
	}
	return who, what
}

func (c *collector) reportLostUpdate(get, up access, m MapInfo, w Write) {
	who, what := writer(w)
	f := goFinding{
		rule: ruleLostUpdate, confidence: diag.High, mapName: m.Name, field: w.Field,
		message: fmt.Sprintf("the value of map %q is looked up, changed and written back, while %s also writes %s: what it writes in between is lost, with or without BPF_F_LOCK",
			m.Name, who, what),
		help:     "let only one side write the value, keep userspace's fields in a map of their own, or make the change in a BPF program",
		evidence: []diag.Evidence{m.Evidence},
		related:  []relatedWhere{{get.where, "looked up here", diag.Before}},
	}
	if w.At.Line > 0 {
		f.related = append(f.related, relatedWhere{w.At, fmt.Sprintf("%s writes %s here", who, what), diag.OtherSide})
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
func changedBetween(get, up copyEvent) bool {
	from, to := get.site, up.site
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
				if r.Addr == addr && between && (get.result == nil || r.Val != get.result) {
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
	visit(get.memory, 0)
	if up.memory != get.memory {
		visit(up.memory, 0)
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
