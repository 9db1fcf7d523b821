// Package gotype knows nothing of its maps but the Go types of their values,
// as bpf2go generates them.
package gotype

import (
	"structs"

	"github.com/cilium/ebpf"
)

func use(...any) {}

type default_ struct {
	_    structs.HostLayout
	Lock struct {
		_   structs.HostLayout
		Val uint32
	}
	_ [4]byte
	N uint64
}

type old struct {
	Lock struct{ Val uint32 }
	N    uint64
}

type FooBpfSpinLock struct {
	_   structs.HostLayout
	Val uint32
}

type named struct {
	Guard FooBpfSpinLock
	N     uint64
}

type alias default_

type inner struct{ Stats named }

type single struct {
	L [1]FooBpfSpinLock
	N uint64
}

// other has the shape of a lock but not its name.
type other struct {
	Count struct{ Val uint32 }
	N     uint64
}

// byHand is a layout written by hand: nothing says that it is a lock.
type byHand struct {
	Lock uint32
	N    uint64
}

func open(path string, k uint32) {
	m, err := ebpf.LoadPinnedMap(path, nil)
	if err != nil {
		return
	}
	var a default_
	_ = m.Lookup(k, &a) // want `BLC301 .*the Go type of the value has a bpf_spin_lock, Lock`
	var b old
	_ = m.Lookup(k, &b) // want `BLC301`
	var c named
	_ = m.Lookup(k, &c) // want `BLC301 .*Guard`
	var d alias
	_ = m.Lookup(k, &d) // want `BLC301`
	var e inner
	_ = m.Lookup(k, &e) // want `BLC301 .*Stats.Guard`
	var f single
	_ = m.Lookup(k, &f) // want `BLC301`
	var g other
	_ = m.Lookup(k, &g)
	var h byHand
	_ = m.Lookup(k, &h)
	_ = m.Put(k, a)                               // want `BLC302`
	_ = m.LookupWithFlags(k, &a, ebpf.LookupLock) // fine
	vals := make([]named, 4)
	_, _ = m.BatchUpdate([]uint32{1}, vals, nil) // want `BLC303`
	use(&a, &b, &c, &d, &e, &f, &g, &h)
}
