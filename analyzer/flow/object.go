package flow

import (
	"github.com/bpflockcheck/bpflockcheck/analyzer/ir"
	"github.com/bpflockcheck/bpflockcheck/analyzer/model"
)

// object is a piece of memory that pointers point into. Objects are interned:
// one per map value lookup and call path, global, stack slot and so on.
type object struct {
	region model.Region
	id     int
	mapv   *ir.Map        // RegionMapValue, and RegionArena behind a pointer
	elem   *model.Element // likewise
	global *ir.Global     // RegionGlobal, RegionArena
	slot   *ir.Slot       // RegionStack
	// old is the object for the same lookup in an earlier round of a loop, nil
	// until there is one.
	old *object
	// phi and members: this object stands for any of several after a merge, of
	// one map (elem then tells what the elements have in common) or, when alts
	// is set, of different ones.
	phi     sym
	members []*object
	alts    []*object
	path    *callPath // of the frame, for RegionStack
	// elemRecorded: elem's key was set in the recording pass already.
	elemRecorded bool
	// typ is the type of a bpf_obj_new object or of arena memory, nil when not
	// known; it begins typOff bytes from where offsets count.
	typ    *ir.Type
	typOff int64
	// ptr is the sym of the pointer to arena memory.
	ptr sym
	// current, for RegionKernel: the current task.
	current bool
	// goes: the program deletes the element somewhere; stays: it may end without
	// having deleted it after a change. Both are known after the fixpoint.
	goes, stays bool
	// fromCtx, for RegionKernel: passed to the program in its context.
	fromCtx bool
}

// expand gives the objects that o stands for.
func (o *object) expand() []*object {
	if len(o.members) > 0 {
		return o.members
	}
	return []*object{o}
}

// layout gives the type at the start of the object, nil when not known.
func (o *object) layout() *ir.Type {
	switch {
	case o.behindPointer():
		return o.typ
	case o.mapv != nil:
		return o.mapv.Value
	case o.global != nil:
		return o.global.Type
	case o.slot != nil:
		return o.slot.Type
	}
	return o.typ
}

// tracked reports whether what is stored in the object is remembered.
func (o *object) tracked() bool { return o.region == model.RegionStack }

// ownCPUs reports whether the object is the running CPU's value of a per-CPU
// map: a place to make a value that is too large for the stack. What such a
// value derives from is remembered, as of the stack; what it is, is not, since
// another program may have changed it.
func (o *object) ownCPUs() bool {
	return o.region == model.RegionMapValue && o.mapv != nil && o.mapv.Type.IsPerCPU() && (o.elem == nil || !o.elem.PercpuElem)
}

// logged reports whether accesses to the object go into the access log.
func (o *object) logged() bool {
	switch o.region {
	case model.RegionMapValue, model.RegionGlobal, model.RegionArena, model.RegionAlloc:
		return true
	}
	return false
}

type objKey struct {
	kind string
	path int32
	at   any
	n    int
}

type objTable struct {
	byKey map[objKey]*object
	next  int
}

func (t *objTable) get(k objKey, mk func(*object)) *object {
	if o, ok := t.byKey[k]; ok {
		return o
	}
	t.next++
	o := &object{id: t.next}
	mk(o)
	t.byKey[k] = o
	return o
}
