// Package model is what is known about a unit after the abstract interpreter
// (package flow) has run every program: an access log, lock events, calls and
// map updates, each with the locks held and the path that led there. Rules
// read a Model and nothing else.
package model

import (
	"github.com/bpflockcheck/bpflockcheck/analyzer/diag"
	"github.com/bpflockcheck/bpflockcheck/analyzer/ir"
	"github.com/bpflockcheck/bpflockcheck/analyzer/position"
	"github.com/bpflockcheck/bpflockcheck/rules/kernel"
)

// Model is one analysed unit. Its slices are in a deterministic order: by
// program as declared, then as the program runs.
type Model struct {
	Unit   *ir.Unit
	Kernel kernel.Version
	// Accesses to memory that programs share, and to per-CPU values.
	Accesses []*Access
	// Copies are those of structs and arrays that bytecode makes piece by piece:
	// what a Bulk access is in C. The pieces are among the Accesses.
	Copies  []*Access
	Locks   []*LockOp
	Calls   []*Call
	Updates []*Update
	Exits   []*Exit
	Loops   []*Loop
	Refs    []*Ref
	// Skipped names what could not be followed, and why.
	Skipped []diag.Skip
}

// Site is where in which program an event happens.
type Site struct {
	Program *ir.Program
	Func    *ir.Func
	// Pos is the position of the operation. Callers has the positions of the
	// calls that led to Func, innermost first.
	Pos     *position.Pos
	Callers []*position.Pos
	Instr   ir.Instr
	// Async names the asynchronous callback that the event happens in ("timer",
	// "workqueue"): it runs later, in a context of its own, and not where
	// Program runs. Empty elsewhere.
	Async string
	// Entry is the function that Async calls.
	Entry *ir.Func
}

// Region says what kind of memory a place is in.
type Region int

// Regions.
const (
	RegionUnknown Region = iota
	RegionMapValue
	RegionGlobal
	RegionArena
	RegionStack
	RegionCtx
	RegionPacket
	RegionRingbuf // a reserved, not yet submitted record
	RegionAlloc   // bpf_obj_new object
	RegionKernel  // kernel object (trusted or probed)
	RegionPercpu  // kernel per-CPU variable
)

// KeyKind classifies the key through which a map value was found.
type KeyKind int

// Key kinds. Confinement is judged from them together with the program's
// context: see Place.Confined.
const (
	KeyUnknown   KeyKind = iota
	KeyConst             // one constant: one element for everyone
	KeyThread            // whole pid_tgid, the tid, or the current task's address
	KeyProcess           // the tgid: every thread of the process shares the element
	KeyCPU               // the running CPU
	KeyOwnTask           // storage of the current task
	KeyOtherTask         // storage of another task
	KeySocket            // storage of the socket the program runs for
	KeyObject            // storage of another socket, inode or cgroup
	KeyTaskCPU           // the CPU that a scheduler callback is about: its argument, or its task\'s
	KeyRxQueue           // the device's receive queue that the packet came from (XDP)
	KeyUntraced          // arena memory behind a pointer of which is not known where it came from
	KeyIter              // the element a bpf_for_each_map_elem callback or map iterator visits
)

// Element identifies one looked-up map value: a lookup at one place of the
// program gives one Element; so two lookups of the same key are two Elements,
// as in the verifier, but with equal Key. It also identifies a piece of arena
// memory behind one pointer; its Key then names the place that the pointer was
// loaded from, and its KeyKind tells who else finds the pointer there.
type Element struct {
	ID       int
	Site     Site // of the lookup
	KeyKind  KeyKind
	KeyConst int64  // for KeyConst
	Key      string // canonical form of the key's value; equal keys give equal strings; "" when not known
	// PercpuElem: found by bpf_map_lookup_percpu_elem, so another CPU's value.
	PercpuElem bool
	// Inner: the map was itself found in a map-in-map.
	Inner bool
	// Type is what lies in arena memory, nil when that is not known; of map
	// values the map tells.
	Type *ir.Type
}

// Place is a piece of memory.
type Place struct {
	Region Region
	Map    *ir.Map    // RegionMapValue, and RegionArena behind a pointer
	Elem   *Element   // likewise
	Global *ir.Global // RegionGlobal and RegionArena
	Off    int64      // from the start of the value or variable; -1 when not constant
	Size   int64      // bytes; 0 when not known
	// Field is the path of the member within the value or variable, "" when
	// there is none or it is not known.
	Field string
	// Index classifies the variable part of the offset, when Off is -1: KeyCPU
	// for counts[bpf_get_smp_processor_id()], KeyThread for slots[tid], and so
	// on. KeyUnknown when Off is constant.
	Index KeyKind
	// IndexKey is the canonical form of that variable part, as Element.Key is
	// of a key: equal strings mean equal offsets. "" when it is not known.
	IndexKey string
	// Tags are the decl tags of the member and those around it, and of the
	// global: "data_racy", "single_writer", "guarded_by:lock".
	Tags []string
	// IsLock is set when the bytes overlap a bpf_spin_lock or
	// bpf_res_spin_lock of the value.
	IsLock bool
}

// Weaken makes e stand for an element with another key as well.
func (e *Element) Weaken(kind KeyKind, constant int64, key string) {
	if e.KeyKind != kind || kind == KeyConst && e.KeyConst != constant {
		e.KeyKind, e.KeyConst = KeyUnknown, 0
	}
	if e.Key != key {
		e.Key = ""
	}
}

// AccessKind is what an access does.
type AccessKind int

// Kinds of access.
const (
	Load AccessKind = iota
	Store
	AtomicRMW
	AtomicLoad
	AtomicStore
	HelperRead  // a helper or kfunc reads the memory through a pointer argument
	HelperWrite // a helper or kfunc writes it
)

// Lock is a lock held.
type Lock struct {
	// ID identifies the lock: equal for the same lock field of the same
	// Element, or of the same global.
	ID    string
	Place Place
	Res   bool // bpf_res_spin_lock
	IRQ   bool // irqsave form
	Since Site // where it was taken
}

// Sections are the counted critical sections other than locks.
type Sections struct {
	RCU, Preempt, IRQ int
	// RCUAt etc. are where the innermost one began.
	RCUAt, PreemptAt, IRQAt *Site
}

// Origin is a load that a value derives from, or that a branch tested.
type Origin struct {
	Access *Access // the load
	// Unbroken are the locks held continuously from the load to here.
	Unbroken []Lock
	// Copied: the value is the loaded one as it was, not changed.
	Copied bool
}

// Condition is a branch that decided whether an event happens, with the loads
// that it tested. A branch both of whose sides lead here is not listed.
type Condition struct {
	Site    Site
	Origins []Origin
	// Taken is the outcome that leads here.
	Taken bool
	// Either: both outcomes can lead here, depending on another test, as for
	// the first part of "if (a || b)".
	Either bool
	// Idempotent: all that depends on the condition are stores of constants
	// to shared memory (a flag set once, again and again to the same value).
	Idempotent bool
	// Pins says that the branch leads here only for one thread (KeyThread), one
	// process (KeyProcess) or one CPU (KeyCPU): the id of the running one was
	// found equal to a value that does not depend on it. KeyUnknown otherwise.
	// Such conditions are listed even without Origins.
	Pins KeyKind
}

// Access is one access to shared or per-CPU memory, or an atomic operation on
// any memory. Loads and stores that the
// interpreter saw several times on different paths are merged when all that
// rules look at is equal.
type Access struct {
	Site
	Kind  AccessKind
	Place Place
	Locks []Lock
	Sections
	// Const is the value stored, when it is one constant.
	Const *int64
	// Origins are the loads of shared memory that the stored value derives
	// from (for Store, AtomicStore and Xchg).
	Origins []Origin
	// Conditions that decided whether this access happens.
	Conditions []Condition
	// Fresh: this program created the element or object itself on this path
	// and has not published it (for objects) or inserted it just before (for
	// map elements).
	Fresh bool
	// Failed are the locks, by ID, whose acquisition failed on this path.
	Failed []string
	// FilledBefore is the store that filled this place earlier in the same
	// invocation (for loads and HelperReads): see rule BLC107.
	FilledBefore *Access
	// Again: a store to a place that the same invocation stored to before.
	Again bool
	// After are, for a change of a map's element, the other changes of it that
	// may come before it in the same invocation.
	After []*Access
	// FilledAround is, for a load at a variable index of an array that is a
	// variable, a store that filled one of several constant indexes earlier in
	// the same invocation.
	FilledAround *Access
	// Deleted is the delete call after which the access happens.
	Deleted *Site
	// Doomed: an element of a map that every run of the program which changes
	// it deletes before it ends.
	Doomed bool
	// Bulk: part of a struct copy, memcpy or memset.
	Bulk bool
	// PartOf is the copy that this access is a piece of; see Model.Copies.
	PartOf *Access
	// Bitfield: the store writes back the unit of a bit-field.
	Bitfield bool
	// Callee is the helper's or kfunc's name for HelperRead and HelperWrite.
	Callee string
	// Atomic is the operation for AtomicRMW, AtomicLoad and AtomicStore.
	Atomic *ir.Atomic
	// Compound is ir.Store's, nil when the source has no such form.
	Compound *ir.Compound
	// Text is the accessed expression as the source spells it, "" in objects.
	Text string
}

// LockOpKind is what a lock operation does.
type LockOpKind int

// Kinds of lock operations.
const (
	Acquire LockOpKind = iota
	Release
	RCULock
	RCUUnlock
	PreemptDisable
	PreemptEnable
	IRQSave
	IRQRestore
)

// LockOp is a lock operation with what was held before it.
type LockOp struct {
	Site
	Kind   LockOpKind
	Lock   Lock   // for Acquire and Release
	Held   []Lock // before, outermost first
	Before Sections
	// Irqflags identifies the flags variable of irqsave forms.
	Irqflags string
	// OpenIRQ identifies the flags variables that hold a saved state before the
	// operation, of bpf_local_irq_save and of irqsave locks, outermost first.
	OpenIRQ []string
	// Unchecked: a Release that is reached on the path where the acquisition
	// (bpf_res_spin_lock) failed; its result was not tested.
	Unchecked bool
	// InLess: inside the callback of bpf_rbtree_add, where no lock may be taken
	// or given back.
	InLess bool
	// Unknown: the pointer could not be followed to a lock.
	Unknown bool
	// Asked: the program has found out that the kernel has the function
	// (bpf_ksym_exists), for what begins a section.
	Asked bool
	// AtLeast is the oldest release on which the program comes here, by
	// LINUX_KERNEL_VERSION; the zero Version where it did not ask.
	AtLeast kernel.Version
}

// Call is a call of a helper, kfunc or global function, or a legacy packet
// load or tail call, with what is held. Calls outside any critical section are
// listed too.
type Call struct {
	Site
	Kind   ir.CallKind
	Helper kernel.Helper
	Name   string
	Held   []Lock
	Sections
	// Global: a non-static function of this unit.
	Global bool
	// LegacyPacketLoad: BPF_LD_ABS or BPF_LD_IND; Name is then empty.
	LegacyPacketLoad bool
	Conditions       []Condition
	// Args are the places that pointer arguments point to; RegionUnknown for
	// scalars and unknown pointers.
	Args []Place
	// Map is the map passed first, nil when there is none or it is unknown.
	Map *ir.Map
	// Root is the lock that guards the list or tree passed to a graph kfunc,
	// nil when there is none or it is not known.
	Root *Place
	// RootHeld: for a graph kfunc, a lock is held that lies in the same map
	// value, object or data section as the root.
	RootHeld bool
	// InLess: inside the callback of bpf_rbtree_add.
	InLess bool
	// Graph is set for a graph kfunc whose root could be followed.
	Graph bool
}

// Update is a bpf_map_update_elem (or storage or push) call.
type Update struct {
	Site
	Map     *ir.Map
	Flags   *int64 // nil when not constant
	Locks   []Lock
	Key     string // canonical key, as Element.Key
	KeyKind KeyKind
	// KeyConst is the key's value for KeyConst.
	KeyConst int64
	// FromValue: the value pointer passed points into this place (a map value
	// written back over its own or another element).
	FromValue *Place
	// Origins: loads of this map's values that the written value derives from.
	Origins []Origin
	// Changed: what is written differs from what was loaded.
	Changed bool
	// ChangedInPlace: the element was changed in place before its own pointer
	// was passed.
	ChangedInPlace bool
	// Missed is the lookup that found nothing before this update on this path,
	// of the same map and, as far as known, key.
	Missed     *Element
	Conditions []Condition
	// Const: every byte written is a constant.
	Const bool
}

// Exit is where a program, or a callback or global function, ends.
type Exit struct {
	Site
	Held []Lock
	Sections
	// How: "return", "tail call", "throw", "subprogram" for the return of a
	// static function with a lock held, and for all those of the function that
	// BPF_PROG and the like put a program's body into, or "callback" for the return of a
	// callback (bpf_loop, bpf_for_each_map_elem): Held and Sections are then
	// those taken inside it.
	How string
}

// Loop is a loop that runs, at least in part, while a lock is held or a
// critical section is open.
type Loop struct {
	Site // of the branch that ends it, or of the helper that makes it
	Held []Lock
	Sections
	// Bound is the most iterations it can make, -1 when that is not known.
	Bound int64
	// Inner is the most iterations that the loops inside it make in one of its
	// own, as far as they are known; 0 where there are none.
	Inner int64
}

// Ref is the first place where a program refers to a map or variable, whether
// or not it goes on to use it: the verifier judges programs by that already.
type Ref struct {
	Site
	Map    *ir.Map
	Global *ir.Global
}
