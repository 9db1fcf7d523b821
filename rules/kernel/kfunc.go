package kernel

import "strings"

// KfuncClass groups kfuncs that the analysis treats specially.
type KfuncClass uint8

// Classes of kfuncs.
const (
	KfuncOther KfuncClass = iota
	KfuncRCULock
	KfuncRCUUnlock
	KfuncPreemptDisable
	KfuncPreemptEnable
	KfuncIRQSave
	KfuncIRQRestore
	KfuncResLock
	KfuncResUnlock
	KfuncResLockIRQSave
	KfuncResUnlockIRQRestore
	KfuncGraphAdd     // puts a node into a list or tree: it is published
	KfuncGraphRemove  // takes a node out: the program owns it again
	KfuncGraphPeek    // reads a node without taking it out
	KfuncObjNew       // a new, unpublished object
	KfuncObjDrop      // frees an object
	KfuncRefAcquire   // one more reference to an object
	KfuncIterNew      // open-coded iterators
	KfuncIterNext     //
	KfuncIterDestroy  //
	KfuncThrow        // ends the program
	KfuncArenaAlloc   // arena pages
	KfuncSetCallback  // registers an asynchronous callback
	KfuncCpumaskWrite // changes a cpumask without an atomic
)

// KfuncInfo describes a kfunc.
type KfuncInfo struct {
	Name  string
	Class KfuncClass
	Since Version
	// Args is nil when the arguments are not described.
	Args []Arg
	Ret  Ret
	Tag  Tag
	// Sleepable is KF_SLEEPABLE, Acquire KF_ACQUIRE, Release KF_RELEASE and
	// RCUProtected KF_RCU_PROTECTED.
	Sleepable, Acquire, Release, RCUProtected bool
	Callback                                  *Callback
}

// KfuncByName finds a kfunc. The names under which libbpf's bpf_experimental.h
// offers some ("bpf_obj_new") are known too. The result is nil for an unknown
// kfunc.
func KfuncByName(name string) *KfuncInfo {
	// A flavour suffix (bpf_foo___v2) names the same kernel function for CO-RE.
	if i := strings.Index(name, "___"); i > 0 {
		name = name[:i]
	}
	if k, ok := kfuncs[name]; ok {
		return k
	}
	return kfuncs[name+"_impl"]
}

// SleepableKfunc reports whether a kfunc is flagged KF_SLEEPABLE.
func SleepableKfunc(name string) bool {
	k := KfuncByName(name)
	return k != nil && k.Sleepable
}

// IsGraphKfunc reports whether the kfunc works on a list or tree and so needs
// the lock beside its root (verifier.c is_bpf_list_api_kfunc,
// is_bpf_rbtree_api_kfunc).
func IsGraphKfunc(name string) bool {
	k := KfuncByName(name)
	if k == nil {
		return false
	}
	switch k.Class {
	case KfuncGraphAdd, KfuncGraphRemove, KfuncGraphPeek:
		return true
	}
	return false
}

var kfuncs = func() map[string]*KfuncInfo {
	m := make(map[string]*KfuncInfo, len(kfuncTable))
	for i := range kfuncTable {
		m[kfuncTable[i].Name] = &kfuncTable[i]
	}
	return m
}()
