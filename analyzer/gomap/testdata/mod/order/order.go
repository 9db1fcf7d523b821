// Package order writes maps before and after programs can run.
package order

import (
	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"

	"example.com/maps/flows"
)

func setup(v flows.FlowsStats) (link.Link, error) {
	var o flows.FlowsObjects
	if err := flows.LoadFlowsObjects(&o, nil); err != nil {
		return nil, err
	}
	if err := o.Locked.Put(uint32(1), v); err != nil { // nothing runs yet
		return nil, err
	}
	fill(o.LockedArray, v) // likewise
	l, err := link.AttachTCX(link.TCXOptions{Program: o.Count, Interface: 1, Attach: ebpf.AttachTCXIngress})
	if err != nil {
		return nil, err
	}
	_ = o.Locked.Put(uint32(2), v) // want `BLC302`
	fill(o.LockedArray, v)         // want `BLC302`
	return l, nil
}

func fill(m *ebpf.Map, v flows.FlowsStats) { _ = m.Put(uint32(0), v) }

func collection(spec *ebpf.CollectionSpec, v flows.FlowsStats) error {
	coll, err := ebpf.NewCollection(spec)
	if err != nil {
		return err
	}
	defer coll.Close()
	_ = coll.Maps["locked"].Put(uint32(1), v) // nothing runs yet
	if err := attach(coll); err != nil {
		return err
	}
	return coll.Maps["locked"].Put(uint32(1), v) // want `BLC302`
}

func attach(c *ebpf.Collection) error {
	_, err := link.AttachTCX(link.TCXOptions{Program: c.Programs["count"]})
	return err
}

// A read is never before its time, and what a literal says never races.
func contents() *ebpf.MapSpec {
	return &ebpf.MapSpec{Name: "locked", Type: ebpf.Hash, KeySize: 4, ValueSize: 56, MaxEntries: 1,
		Contents: []ebpf.MapKV{{Key: uint32(1), Value: make([]byte, 56)}}}
}

func test(v flows.FlowsStats) error {
	var o flows.FlowsObjects
	if err := flows.LoadFlowsObjects(&o, nil); err != nil {
		return err
	}
	if _, err := o.Count.Run(&ebpf.RunOptions{}); err != nil {
		return err
	}
	return o.Locked.Put(uint32(1), v) // want `BLC302`
}
