// Package wrapuser calls wrappers of another package.
package wrapuser

import (
	"github.com/cilium/ebpf"

	"example.com/maps/flows"
	"example.com/maps/wrap"
)

func use(...any) {}

func calls(o *flows.Objects, c *ebpf.Collection, k uint32) {
	var v flows.FlowsStats
	_ = wrap.Read(o.Locked, k, &v) // want `BLC301`
	_ = wrap.Read(o.Plain, k, &v)
	_ = wrap.ReadTwice(o.Locked, k, &v) // want `BLC301`
	_ = wrap.ReadLocked(o.Locked, k, &v)
	_ = wrap.ReadLocked(o.Plain, k, &v)    // want `BLC304`
	_ = wrap.ReadFlags(o.Locked, k, &v, 0) // want `BLC301`
	_ = wrap.ReadFlags(o.Locked, k, &v, ebpf.LookupLock)
	_ = wrap.ReadFlags(o.Plain, k, &v, ebpf.LookupLock) // want `BLC304`
	_ = wrap.WriteExist(o.Locked, k, v, 0)              // want `BLC302`
	_ = wrap.WriteExist(o.Locked, k, v, ebpf.UpdateLock)
	_ = wrap.Batch(o.Locked, k, v, nil) // want `BLC303`
	_ = wrap.Batch(o.Locked, k, v, &ebpf.BatchOptions{ElemFlags: 4})
	_ = wrap.Batch(o.Locked, k, v, &ebpf.BatchOptions{Flags: 4}) // want `BLC304`
	_ = wrap.ReadNamed(c, "locked", k, &v)                       // want `BLC301`
	_ = wrap.ReadNamed(c, "plain", k, &v)
	_ = wrap.Same(o.Locked).Lookup(k, &v) // want `BLC301`
	_ = wrap.ReadAny(o.Locked, k, &v)     // want `BLC301`
	use(&v)
}

func stores(o *flows.Objects, k uint32) {
	s := wrap.New(o.Locked) // want `BLC301`
	var v flows.FlowsStats
	_ = s.Get(k, &v)
	s.Open = o.Locked // want `BLC301`
	_ = wrap.New(o.Plain)
	use(&v)
}

// own has a wrapper and its calls in one package.
func own(m *ebpf.Map, k uint32) (v flows.FlowsStats, err error) {
	err = m.Lookup(k, &v)
	return v, err
}

type keeper struct{ m *ebpf.Map }

func newKeeper(m *ebpf.Map) *keeper { return &keeper{m} }

func (k *keeper) get(key uint32) (v flows.FlowsStats) {
	_ = k.m.Lookup(key, &v) // want `BLC301`
	return v
}

func (k *keeper) flagged(key uint32, f ebpf.MapLookupFlags) (v flows.FlowsStats) {
	_ = k.m.LookupWithFlags(key, &v, f)
	return v
}

func ownCalls(o *flows.Objects) {
	v, _ := own(o.Locked, 1) // want `BLC301`
	w, _ := own(o.Plain, 1)
	k := newKeeper(o.Locked)
	use(v, w, k.get(1), k.flagged(1, ebpf.LookupLock))
	use(k.flagged(1, 0)) // want `BLC301`
}
