// Package rmw looks values up, changes them and writes them back.
package rmw

import (
	"github.com/cilium/ebpf"

	"example.com/maps/flows"
)

func use(...any) {}

func increment(o *flows.FlowsObjects, k uint32) {
	var v flows.FlowsCounts
	if o.Plain.Lookup(k, &v) != nil {
		return
	}
	v.Bytes++
	_ = o.Plain.Put(k, v) // want `BLC305 user-lost-update: the value of map "plain" .* program count also writes packets`
}

// The lock flag covers each copy, not the time between.
func locked(o *flows.FlowsObjects, k uint32) error {
	var v flows.FlowsStats
	if err := o.Locked.LookupWithFlags(&k, &v, ebpf.LookupLock); err != nil {
		return err
	}
	reset(&v)
	return o.Locked.Update(&k, &v, ebpf.UpdateLock) // want `BLC305`
}

func reset(v *flows.FlowsStats) { v.Packets = 0 }

func iterate(o *flows.FlowsObjects) {
	var k uint32
	var v flows.FlowsCounts
	for it := o.Plain.Iterate(); it.Next(&k, &v); {
		v.Limit = 0
		_ = o.Plain.Update(&k, &v, ebpf.UpdateExist) // want `BLC305`
	}
}

func batch(o *flows.FlowsObjects, cur *ebpf.MapBatchCursor) {
	keys, vals := make([]uint32, 8), make([]flows.FlowsCounts, 8)
	n, _ := o.Plain.BatchLookup(cur, keys, vals, nil)
	for i := range vals[:n] {
		vals[i].Bytes = 0
	}
	_, _ = o.Plain.BatchUpdate(keys, vals, nil) // want `BLC305`
}

// No program writes this one.
func userOnly(o *flows.FlowsObjects, k uint32) {
	var v flows.FlowsCounts
	_ = o.Config.Lookup(k, &v)
	v.Limit++
	_ = o.Config.Put(k, v)
}

// A fresh value, another key, an unchanged value, one that was taken out: no
// update is lost.
func harmless(o *flows.FlowsObjects, k, other uint32) {
	var v, w flows.FlowsCounts
	_ = o.Plain.Lookup(k, &v)
	w.Bytes = 1
	_ = o.Plain.Put(k, w)
	v.Bytes++
	_ = o.Plain.Put(other, v)
	var taken flows.FlowsCounts
	_ = o.Plain.LookupAndDelete(k, &taken)
	taken.Bytes++
	_ = o.Plain.Put(k, taken)
	use(&v, &w)
}

func load(o *flows.FlowsObjects, k uint32) (v flows.FlowsCounts, err error) {
	err = o.Plain.Lookup(k, &v)
	return v, err
}
