// Package direct has each operation of cilium/ebpf on a map whose lock is known.
package direct

import (
	"unsafe"

	"github.com/cilium/ebpf"

	"example.com/maps/flows"
)

func use(...any) {}

func lookups(o *flows.FlowsObjects, k uint32) {
	var v flows.FlowsStats
	_ = o.Locked.Lookup(k, &v)                                    // want `BLC301 lookup-without-f-lock: Lookup of map "locked" without BPF_F_LOCK may read`
	_ = o.Locked.LookupWithFlags(k, &v, 0)                        // want `BLC301`
	_ = o.Locked.LookupWithFlags(k, &v, ebpf.LookupLock)          // fine
	_ = o.LockedArray.Lookup(k, unsafe.Pointer(&v))               // want `BLC301`
	_ = o.Locked.LookupAndDelete(k, &v)                           // want `BLC301`
	_ = o.Locked.LookupAndDeleteWithFlags(k, &v, 0)               // want `BLC301`
	_ = o.Locked.LookupAndDeleteWithFlags(k, &v, ebpf.LookupLock) // fine
	_ = o.LockedArray.LookupAndDelete(k, &v)                      // fails whatever the flag
	b, _ := o.Locked.LookupBytes(k)                               // want `BLC301`
	var raw []byte
	_ = o.Locked.Lookup(k, &raw) // want `BLC301`
	use(&v, &b, &raw)
}

func nested(o *flows.FlowsObjects, k uint32) {
	var n flows.FlowsNestedT
	_ = o.Nested.Lookup(k, &n) // want `BLC301 .*bpf_spin_lock inner.lock`
	var s flows.FlowsSingle
	_ = o.Single.Lookup(k, &s) // want `BLC301`
	use(&n, &s)
}

// Nothing of the value is looked at, or no value is copied.
func presence(o *flows.FlowsObjects, k uint32) bool {
	var v flows.FlowsStats
	if o.Locked.Lookup(k, &v) != nil {
		return false
	}
	_ = o.Locked.Delete(k)
	var next uint32
	_ = o.Locked.NextKey(k, &next)
	nb, _ := o.Locked.NextKeyBytes(k)
	_, _ = o.Locked.BatchDelete([]uint32{1}, nil)
	use(next, nb)
	return true
}

func updates(o *flows.FlowsObjects, k uint32, v flows.FlowsStats) {
	_ = o.Locked.Put(k, v)                                      // want `BLC302 update-without-f-lock: Put of map "locked" without BPF_F_LOCK may write`
	_ = o.Locked.Update(k, v, ebpf.UpdateAny)                   // want `BLC302`
	_ = o.Locked.Update(k, &v, ebpf.UpdateExist)                // want `BLC302`
	_ = o.Locked.Update(k, v, 0)                                // want `BLC302`
	_ = o.LockedArray.Put(k, v)                                 // want `BLC302`
	_ = o.Locked.Update(k, v, ebpf.UpdateLock)                  // fine
	_ = o.Locked.Update(k, v, ebpf.UpdateLock|ebpf.UpdateExist) // fine
	_ = o.Locked.Update(k, v, ebpf.UpdateNoExist)               // not visible before it is complete
}

const flag = ebpf.UpdateAny

func folded(o *flows.FlowsObjects, k uint32, v flows.FlowsStats, exist bool) {
	_ = o.Locked.Update(k, v, flag)                  // want `BLC302`
	_ = o.Locked.Update(k, v, flag|ebpf.UpdateExist) // want `BLC302`
	f := ebpf.UpdateAny
	if exist {
		f = ebpf.UpdateExist
	}
	_ = o.Locked.Update(k, v, f) // want `BLC302`
	f |= ebpf.UpdateLock
	_ = o.Locked.Update(k, v, f)      // fine
	_ = o.Locked.Update(k, v, pick()) // not known
}

var pick = func() ebpf.MapUpdateFlags { return 0 }

func iterate(o *flows.FlowsObjects) {
	var k uint32
	var v flows.FlowsStats
	it := o.Locked.Iterate()
	for it.Next(&k, &v) { // want `BLC303 iterate-without-f-lock: Next of map "locked"`
		use(k, &v)
	}
	var unused flows.FlowsStats
	for it := o.Locked.Iterate(); it.Next(&k, &unused); { // only the keys matter
		use(k)
	}
	for it := o.Locked.Iterate(); it.Next(&k, nil); {
		use(k)
	}
	// What Next reads is overwritten before anyone looks at it.
	var keys []uint32
	var later flows.FlowsStats
	for it := o.Locked.Iterate(); it.Next(&k, &later); {
		keys = append(keys, k)
	}
	for _, k := range keys {
		if o.Locked.LookupWithFlags(k, &later, ebpf.LookupLock) == nil {
			use(later)
		}
	}
}

func batches(o *flows.FlowsObjects, cur *ebpf.MapBatchCursor) {
	keys, vals := make([]uint32, 8), make([]flows.FlowsStats, 8)
	_, _ = o.Locked.BatchLookup(cur, keys, vals, nil)                                                    // want `BLC303`
	_, _ = o.Locked.BatchLookup(cur, keys, vals, &ebpf.BatchOptions{})                                   // want `BLC303`
	_, _ = o.Locked.BatchLookup(cur, keys, vals, &ebpf.BatchOptions{ElemFlags: uint64(ebpf.LookupLock)}) // fine
	_, _ = o.Locked.BatchLookupAndDelete(cur, keys, vals, nil)                                           // want `BLC303`
	_, _ = o.Locked.BatchUpdate(keys, vals, nil)                                                         // want `BLC303`
	_, _ = o.Locked.BatchUpdate(keys, vals, &ebpf.BatchOptions{ElemFlags: 0, Flags: 0})                  // want `BLC303`
	_, _ = o.Locked.BatchUpdate(keys, vals, &ebpf.BatchOptions{ElemFlags: uint64(ebpf.UpdateLock)})      // fine
	opts := &ebpf.BatchOptions{}
	opts.ElemFlags = uint64(ebpf.UpdateLock)
	_, _ = o.Locked.BatchUpdate(keys, vals, opts) // fine
	none := ebpf.BatchOptions{}
	_, _ = o.Locked.BatchUpdate(keys, vals, &none) // want `BLC303`
}

func wrongPlace(o *flows.FlowsObjects, cur *ebpf.MapBatchCursor) {
	keys, vals := make([]uint32, 8), make([]flows.FlowsStats, 8)
	_, _ = o.Locked.BatchUpdate(keys, vals, &ebpf.BatchOptions{Flags: uint64(ebpf.UpdateLock)})                          // want `BLC304 ineffective-f-lock: BPF_F_LOCK in BatchOptions.Flags is ignored`
	_, _ = o.LockedArray.BatchLookup(cur, keys, vals, &ebpf.BatchOptions{Flags: 4})                                      // want `BLC304 .*does not lock BatchLookup`
	_, _ = o.Locked.BatchUpdate(keys, vals, &ebpf.BatchOptions{ElemFlags: uint64(ebpf.UpdateLock | ebpf.UpdateExist)})   // want `BLC304 .*EINVAL`
	_, _ = o.Locked.BatchUpdate(keys, vals, &ebpf.BatchOptions{ElemFlags: uint64(ebpf.UpdateLock | ebpf.UpdateNoExist)}) // want `BLC304 .*EINVAL`
}

func noLock(o *flows.FlowsObjects, k uint32, cur *ebpf.MapBatchCursor) {
	var v flows.FlowsCounts
	_ = o.Plain.Lookup(k, &v)                                  // nothing to lock
	_ = o.Plain.LookupWithFlags(k, &v, ebpf.LookupLock)        // want `BLC304 .*"plain": its value holds no bpf_spin_lock`
	_ = o.Plain.Update(k, v, ebpf.UpdateLock|ebpf.UpdateExist) // want `BLC304`
	var vs []flows.FlowsCounts
	_, _ = o.Percpu.BatchLookup(cur, []uint32{0}, vs, &ebpf.BatchOptions{ElemFlags: 4}) // want `BLC304 .*percpu.* cannot hold`
	_ = o.Percpu.Lookup(k, &vs)
	var h flows.FlowsHidden
	_ = o.Hidden.Lookup(k, &h)                           // the kernel sees no lock
	_ = o.Hidden.LookupWithFlags(k, &h, ebpf.LookupLock) // want `BLC304 .*typedef`
	var e flows.FlowsEither
	_ = o.Either.Lookup(k, &e)
	_ = o.Either.LookupWithFlags(k, &e, ebpf.LookupLock) // want `BLC304 .*union`
	use(&v, vs, &h, &e)
}

// One word beside the lock cannot be torn: a note, not shown by default. A lock
// that no program takes: a guess, not shown by default.
func quiet(o *flows.FlowsObjects, k uint32) {
	var w flows.FlowsWord
	_ = o.Word.Lookup(k, &w)
	var v flows.FlowsStats
	_ = o.Untaken.Lookup(k, &v)
	use(&w, &v)
}
