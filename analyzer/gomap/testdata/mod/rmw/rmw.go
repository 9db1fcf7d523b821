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
	_ = o.Created.Lookup(k, &v)
	v.Limit++
	_ = o.Created.Put(k, v)
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

// A getter and a setter.
type table struct{ m *ebpf.Map }

func (t *table) get(k uint32) (v flows.FlowsCounts, err error) {
	err = t.m.Lookup(k, &v)
	return v, err
}

func (t *table) set(k uint32, v flows.FlowsCounts) error { return t.m.Put(k, v) }

func newTable(o *flows.FlowsObjects) *table { return &table{o.Plain} }

func viaMethods(t *table, k uint32) error {
	v, err := t.get(k)
	if err != nil {
		return err
	}
	v.Bytes = 0
	return t.set(k, v) // want `BLC305`
}

func unchangedViaMethods(t *table, k, other uint32) error {
	v, err := t.get(k)
	if err != nil {
		return err
	}
	if err := t.set(k, v); err != nil {
		return err
	}
	v.Bytes = 1
	return t.set(other, v)
}

func read(m *ebpf.Map, k uint32, v *flows.FlowsCounts) error { return m.Lookup(&k, v) }

func write(m *ebpf.Map, k uint32, v *flows.FlowsCounts) error { return m.Put(&k, v) }

func viaWrappers(o *flows.FlowsObjects, k uint32) {
	var v flows.FlowsCounts
	if read(o.Plain, k, &v) == nil {
		v.Bytes++
		_ = write(o.Plain, k, &v) // want `BLC305`
	}
	if read(o.Config, k, &v) == nil {
		v.Bytes++
		_ = write(o.Config, k, &v)
	}
}

// Read and set to zero: what a program adds in between is lost.
func drain(o *flows.FlowsObjects, k uint32) uint64 {
	var v, zero flows.FlowsCounts
	if o.Plain.Lookup(k, &v) != nil {
		return 0
	}
	_ = o.Plain.Put(k, zero) // want `BLC305 user-lost-update: the value of map "plain" is read and then set to zero, while program count also writes packets`
	return v.Bytes
}

func drainAll(o *flows.FlowsObjects) (sum uint64) {
	zeros := make([]flows.FlowsCounts, 4)
	for k := uint32(0); k < 16; k++ {
		var all []flows.FlowsCounts
		if o.Plain.Lookup(k, &all) != nil {
			return sum
		}
		for _, v := range all {
			sum += v.Bytes
		}
		_ = o.Plain.Put(k, zeros) // want `BLC305`
	}
	return sum
}

// Nobody wanted the value, or it is another's that is set, or not to zero.
func harmlessZeros(o *flows.FlowsObjects, k, other uint32) uint64 {
	var v, w, zero flows.FlowsCounts
	if o.Plain.Lookup(k, &v) == nil {
		_ = o.Plain.Put(k, zero)
	}
	_ = o.Plain.Lookup(other, &w)
	_ = o.Config.Lookup(k, &v)
	_ = o.Config.Put(k, zero)
	three := flows.FlowsCounts{Bytes: 3}
	_ = o.Plain.Put(other, three)
	return w.Bytes
}
