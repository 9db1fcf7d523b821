package kernel

import (
	"fmt"
)

// Map types (enum bpf_map_type, include/uapi/linux/bpf.h, Linux 6.18).
const (
	MapTypeUnspec              MapType = 0
	MapTypeHash                MapType = 1
	MapTypeArray               MapType = 2
	MapTypeProgArray           MapType = 3
	MapTypePerfEventArray      MapType = 4
	MapTypePercpuHash          MapType = 5
	MapTypePercpuArray         MapType = 6
	MapTypeStackTrace          MapType = 7
	MapTypeCgroupArray         MapType = 8
	MapTypeLRUHash             MapType = 9
	MapTypeLRUPercpuHash       MapType = 10
	MapTypeLPMTrie             MapType = 11
	MapTypeArrayOfMaps         MapType = 12
	MapTypeHashOfMaps          MapType = 13
	MapTypeDevmap              MapType = 14
	MapTypeSockmap             MapType = 15
	MapTypeCpumap              MapType = 16
	MapTypeXskmap              MapType = 17
	MapTypeSockhash            MapType = 18
	MapTypeCgroupStorage       MapType = 19
	MapTypeReuseportSockarray  MapType = 20
	MapTypePercpuCgroupStorage MapType = 21
	MapTypeQueue               MapType = 22
	MapTypeStack               MapType = 23
	MapTypeSkStorage           MapType = 24
	MapTypeDevmapHash          MapType = 25
	MapTypeStructOps           MapType = 26
	MapTypeRingbuf             MapType = 27
	MapTypeInodeStorage        MapType = 28
	MapTypeTaskStorage         MapType = 29
	MapTypeBloomFilter         MapType = 30
	MapTypeUserRingbuf         MapType = 31
	MapTypeCgrpStorage         MapType = 32
	MapTypeArena               MapType = 33
	MapTypeInsnArray           MapType = 34
)

// MapTypeXSK and the like are not spelled in the enum; the names are those of
// the enum in lower case.
var mapTypeNames = [...]string{
	"unspec", "hash", "array", "prog_array", "perf_event_array", "percpu_hash", "percpu_array", "stack_trace",
	"cgroup_array", "lru_hash", "lru_percpu_hash", "lpm_trie", "array_of_maps", "hash_of_maps", "devmap", "sockmap",
	"cpumap", "xskmap", "sockhash", "cgroup_storage", "reuseport_sockarray", "percpu_cgroup_storage", "queue", "stack",
	"sk_storage", "devmap_hash", "struct_ops", "ringbuf", "inode_storage", "task_storage", "bloom_filter",
	"user_ringbuf", "cgrp_storage", "arena", "insn_array",
}

// String gives "hash", "percpu_array" ...: the kernel's name in lower case.
func (t MapType) String() string {
	if int(t) < len(mapTypeNames) {
		return mapTypeNames[t]
	}
	return fmt.Sprintf("map_type_%d", uint32(t))
}

// IsPerCPU reports whether every CPU has a value of its own for a key.
func (t MapType) IsPerCPU() bool {
	switch t {
	case MapTypePercpuHash, MapTypePercpuArray, MapTypeLRUPercpuHash, MapTypePercpuCgroupStorage:
		return true
	}
	return false
}

// IsStorage reports whether values belong to kernel objects: sockets, tasks,
// inodes or cgroups.
func (t MapType) IsStorage() bool {
	switch t {
	case MapTypeSkStorage, MapTypeTaskStorage, MapTypeInodeStorage, MapTypeCgrpStorage,
		MapTypeCgroupStorage, MapTypePercpuCgroupStorage:
		return true
	}
	return false
}

// IsMapInMap reports whether values are other maps.
func (t MapType) IsMapInMap() bool { return t == MapTypeArrayOfMaps || t == MapTypeHashOfMaps }

// IsHash reports whether a missing key is inserted by an update, so that two
// CPUs can insert at once. Array elements always exist.
func (t MapType) IsHash() bool {
	switch t {
	case MapTypeHash, MapTypePercpuHash, MapTypeLRUHash, MapTypeLRUPercpuHash, MapTypeLPMTrie, MapTypeHashOfMaps,
		MapTypeSockhash, MapTypeDevmapHash:
		return true
	}
	return false
}

// IsArray reports whether keys are indices 0 ... max_entries-1.
func (t MapType) IsArray() bool {
	switch t {
	case MapTypeArray, MapTypePercpuArray, MapTypeProgArray, MapTypePerfEventArray, MapTypeCgroupArray,
		MapTypeArrayOfMaps, MapTypeDevmap, MapTypeSockmap, MapTypeCpumap, MapTypeXskmap, MapTypeReuseportSockarray,
		MapTypeInsnArray:
		return true
	}
	return false
}

// HasSharedValues reports whether a lookup gives programs a pointer into a
// value that all CPUs share and that programs write in place. False for
// per-CPU maps, for maps of maps, sockets, devices, programs and events, and
// for queues, stacks and bloom filters, whose values are only copied.
// MapTypeUnspec (not known) gives false.
func (t MapType) HasSharedValues() bool {
	switch t {
	case MapTypeHash, MapTypeArray, MapTypeLRUHash, MapTypeLPMTrie, MapTypeSkStorage, MapTypeTaskStorage,
		MapTypeInodeStorage, MapTypeCgrpStorage, MapTypeCgroupStorage, MapTypeArena:
		return true
	}
	return false
}

// NoPrealloc is BPF_F_NO_PREALLOC in a map's flags.
const NoPrealloc = 1

// Preallocated reports whether the elements of a map with these flags exist
// from its creation on, so that a deleted element is recycled for another key
// at once and not after an RCU grace period (kernel/bpf/hashtab.c
// htab_map_alloc; LRU hashes cannot be without).
func (t MapType) Preallocated(flags uint32) bool {
	switch t {
	case MapTypeLRUHash, MapTypeLRUPercpuHash:
		return true
	case MapTypeHash, MapTypePercpuHash:
		return flags&NoPrealloc == 0
	}
	return t.IsArray()
}

// MayHoldSpinLock reports whether the values of a map of this type may hold a
// bpf_spin_lock (or, where the version has it, a bpf_res_spin_lock).
// Source: kernel/bpf/syscall.c map_check_btf; 6.1, 6.12, and 6.18 by trial.
func MayHoldSpinLock(t MapType, v Version) bool {
	if !v.AtLeast(5, 1) {
		return false
	}
	switch t {
	case MapTypeHash, MapTypeArray, MapTypeCgroupStorage:
		return true
	case MapTypeSkStorage:
		return v.AtLeast(5, 2)
	case MapTypeInodeStorage:
		return v.AtLeast(5, 10)
	case MapTypeTaskStorage:
		return v.AtLeast(5, 11)
	case MapTypeCgrpStorage:
		return v.AtLeast(6, 2)
	}
	return false
}

// MayHoldResSpinLock is MayHoldSpinLock for bpf_res_spin_lock, which came with
// 6.15.
func MayHoldResSpinLock(t MapType, v Version) bool {
	return v.AtLeast(6, 15) && MayHoldSpinLock(t, v)
}

// LockInnerMap reports whether the inner map of a map-in-map may hold locks
// (kernel/bpf/map_in_map.c bpf_map_meta_alloc: refused until 6.1).
func LockInnerMap(v Version) bool { return v.AtLeast(6, 2) }

// LockNested reports whether the kernel finds a lock inside a nested struct of
// the value (kernel/bpf/btf.c btf_find_struct_field recurses since 6.11).
func LockNested(v Version) bool { return v.AtLeast(6, 11) }

// LockSpoilsBTF reports whether a struct with two locks, or an unaligned one,
// makes the kernel refuse the BTF of the whole object (kernel/bpf/btf.c
// btf_parse_struct_metas, since 6.2).
func LockSpoilsBTF(v Version) bool { return v.AtLeast(6, 2) }

// LockGlobal reports whether a lock may live in a global variable (.data.*,
// .bss): effectively since 6.2, where a lock's identity includes the map.
func LockGlobal(v Version) bool { return v.AtLeast(6, 2) }

// Failure is what a map operation does that finds its internal lock held by
// the code that it interrupted.
type Failure int

// Ways to fail, from harmless to fatal.
const (
	FailNever    Failure = iota // no lock is taken
	FailBusy                    // -EBUSY, the operation is not done
	FailDeadlock                // -EDEADLK or -ETIMEDOUT from a resilient lock, not done
	FailNull                    // NULL: nothing reserved or found
	FailHang                    // the CPU may spin forever
)

// String gives the words for a message.
func (f Failure) String() string {
	switch f {
	case FailNever:
		return "does not fail"
	case FailBusy:
		return "fails with -EBUSY"
	case FailDeadlock:
		return "fails with -EDEADLK or -ETIMEDOUT"
	case FailNull:
		return "gives NULL"
	case FailHang:
		return "can deadlock the CPU"
	}
	return fmt.Sprintf("Failure(%d)", int(f))
}

// UpdateFailure tells how an update, delete, push or pop on a map of type t
// fails when it runs inside the same map's own code, or in an NMI (nmi) that
// interrupted it. Source: kernel/bpf/hashtab.c htab_lock_bucket, bpf_lru_list.c,
// lpm_trie.c, queue_stack_maps.c, bpf_local_storage.c; 6.1, 6.12, 6.18. The
// resilient locks (rqspinlock) came with 6.15.
func UpdateFailure(t MapType, v Version, nmi bool) Failure {
	res := v.AtLeast(6, 15)
	switch t {
	case MapTypeHash, MapTypePercpuHash, MapTypeHashOfMaps:
		if res {
			return FailDeadlock
		}
		// The per-CPU map_locked counters came with 5.11.
		if v.AtLeast(5, 11) {
			return FailBusy
		}
		return FailHang
	case MapTypeLRUHash, MapTypeLRUPercpuHash, MapTypeLPMTrie:
		if res {
			return FailDeadlock
		}
		return FailHang
	case MapTypeQueue, MapTypeStack:
		switch {
		case res:
			return FailDeadlock
		case nmi:
			return FailBusy
		}
		return FailHang
	case MapTypeRingbuf:
		if res || nmi {
			return FailNull
		}
		return FailHang
	case MapTypeTaskStorage, MapTypeCgrpStorage:
		return FailBusy
	case MapTypeSkStorage, MapTypeInodeStorage, MapTypeSockhash, MapTypeSockmap, MapTypeDevmapHash, MapTypeStackTrace:
		if t == MapTypeStackTrace {
			return FailNever
		}
		return FailHang
	}
	return FailNever
}

// TakesLockOnUpdate reports whether updates, deletes, pushes and pops take a
// lock inside the map.
func TakesLockOnUpdate(t MapType) bool {
	return UpdateFailure(t, Version{6, 1}, false) != FailNever
}
