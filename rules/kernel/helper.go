package kernel

import "strconv"

// ArgKind says what a helper or kfunc does with an argument.
type ArgKind uint8

// Kinds of arguments (enum bpf_arg_type, include/linux/bpf.h).
const (
	ArgScalar      ArgKind = iota // a number, or an address that is not used as BPF memory (ARG_ANYTHING)
	ArgMap                        // the address of a map
	ArgMapKey                     // memory of the map's key size, read
	ArgMapValue                   // memory of the map's value size
	ArgMem                        // memory whose size is the next argument
	ArgFixedMem                   // memory of Size bytes
	ArgSize                       // the size of the argument before
	ArgCtx                        // the program's context
	ArgCallback                   // a function of the program
	ArgCallbackCtx                // passed on to the callback
	ArgSpinLock                   // a bpf_spin_lock or bpf_res_spin_lock
	ArgTimer                      // a bpf_timer, bpf_wq or bpf_task_work
	ArgDynptr                     // a struct bpf_dynptr on the stack
	ArgString                     // a constant NUL-terminated string
	ArgKptrField                  // the place of a kptr in a map value or object
	ArgPercpuVar                  // a kernel per-CPU variable
	ArgRingbufMem                 // a reserved ring buffer record
	ArgObject                     // a kernel object: task, socket, cgroup ...
	ArgAllocObject                // a bpf_obj_new object, or a node in it
	ArgGraphRoot                  // a bpf_list_head or bpf_rb_root
	ArgGraphNode                  // a bpf_list_node or bpf_rb_node
	ArgIter                       // an open-coded iterator on the stack
	ArgIRQFlags                   // an unsigned long on the stack that holds the irq state
)

// Access says whether memory is read, written or both.
type Access uint8

// Read and Write can be combined.
const (
	Read Access = 1 << iota
	Write
)

// Arg describes one argument.
type Arg struct {
	Kind   ArgKind
	Access Access // for ArgMap*, ArgMem, ArgFixedMem, ArgDynptr
	Size   int64  // for ArgFixedMem, in bytes
	// Nullable: NULL may be passed.
	Nullable bool
	// Released: the object is given back, or given away, by the call.
	Released bool
}

func (a Arg) orNull() Arg   { a.Nullable = true; return a }
func (a Arg) released() Arg { a.Released = true; return a }

var (
	scalar      = Arg{Kind: ArgScalar}
	mapPtr      = Arg{Kind: ArgMap}
	mapKey      = Arg{Kind: ArgMapKey, Access: Read}
	mapValue    = Arg{Kind: ArgMapValue, Access: Read}
	mapValueOut = Arg{Kind: ArgMapValue, Access: Write}
	memIn       = Arg{Kind: ArgMem, Access: Read}
	memOut      = Arg{Kind: ArgMem, Access: Write}
	memInOut    = Arg{Kind: ArgMem, Access: Read | Write}
	size        = Arg{Kind: ArgSize}
	ctxPtr      = Arg{Kind: ArgCtx}
	callback    = Arg{Kind: ArgCallback}
	callbackCtx = Arg{Kind: ArgCallbackCtx}
	spinLock    = Arg{Kind: ArgSpinLock}
	timer       = Arg{Kind: ArgTimer}
	dynptr      = Arg{Kind: ArgDynptr, Access: Read}
	dynptrOut   = Arg{Kind: ArgDynptr, Access: Write}
	constStr    = Arg{Kind: ArgString, Access: Read}
	kptrField   = Arg{Kind: ArgKptrField}
	percpuVar   = Arg{Kind: ArgPercpuVar}
	ringbufMem  = Arg{Kind: ArgRingbufMem}
	object      = Arg{Kind: ArgObject}
	allocObject = Arg{Kind: ArgAllocObject}
	graphRoot   = Arg{Kind: ArgGraphRoot}
	graphNode   = Arg{Kind: ArgGraphNode}
	iterator    = Arg{Kind: ArgIter}
	irqFlags    = Arg{Kind: ArgIRQFlags}
)

func fixedIn(n int64) Arg    { return Arg{Kind: ArgFixedMem, Access: Read, Size: n} }
func fixedOut(n int64) Arg   { return Arg{Kind: ArgFixedMem, Access: Write, Size: n} }
func fixedInOut(n int64) Arg { return Arg{Kind: ArgFixedMem, Access: Read | Write, Size: n} }

// Ret says what a helper or kfunc returns.
type Ret uint8

// Kinds of results (enum bpf_return_type, include/linux/bpf.h).
const (
	RetVoid           Ret = iota
	RetScalar             // a number; see Tag
	RetMapValue           // a map value, never NULL
	RetMapValueOrNull     // a map value of the map passed first
	RetRingbufOrNull      // a reserved ring buffer record
	RetMemOrNull          // other memory (dynptr data)
	RetArenaOrNull        // pages of an arena, which nobody else knows of yet
	RetPercpu             // a kernel per-CPU variable
	RetPercpuOrNull
	RetObject       // a kernel object
	RetObjectOrNull // a kernel object or NULL; for a kptr, what was in the field
	RetAllocOrNull  // a new, unpublished bpf_obj_new object
	RetNodeOrNull   // a node taken or read out of a list or tree
	RetIterOrNull   // what an iterator's next gives
)

// Tag is the meaning of a scalar or object result, where it matters for who
// else can have the same value at the same time.
type Tag uint8

// Meanings.
const (
	TagNone Tag = iota
	TagPidTgid
	TagUidGid
	TagCPU
	TagNUMANode
	TagCurrentTask // the running task's address
	TagCgroupID
	TagSocketCookie
	TagNetnsCookie
	TagAttachCookie
	TagFuncIP
	TagTime
	TagRandom
	TagTaskCPU // the CPU that a task is on
)

// Param says what a callback's parameter is.
type Param uint8

// Kinds of callback parameters.
const (
	ParamIndex  Param = iota // the iteration's number
	ParamMap                 // the map
	ParamKey                 // the element's key, read only
	ParamValue               // the element's value
	ParamCtx                 // what was passed as ArgCallbackCtx
	ParamDynptr              // a dynptr on a sample
	ParamTask                // a task
	ParamVMA                 // a vm_area_struct
	ParamNode                // a node of a tree
	ParamScalar              // a number without more meaning
)

// Callback describes how a helper or kfunc calls back.
type Callback struct {
	Func   int // number of the argument that is the callback, from 0
	Ctx    int // number of the argument passed on, -1 when there is none
	Params []Param
	// Async: called later, in another context, not during the call.
	Async bool
}

// HelperInfo describes a helper.
type HelperInfo struct {
	Name     string // with the prefix bpf_
	Since    Version
	Args     []Arg
	Ret      Ret
	Tag      Tag
	Callback *Callback // nil when there is none
	// MightSleep is the flag might_sleep of struct bpf_func_proto.
	MightSleep bool
}

// Info gives a helper's description; ok is false for a number that the tables
// do not know.
func (h Helper) Info() (info *HelperInfo, ok bool) {
	if h <= 0 || int(h) >= len(helpers) || helpers[h].Name == "" {
		return nil, false
	}
	return &helpers[h], true
}

// Name gives "bpf_map_lookup_elem", or "helper#N" for an unknown one.
func (h Helper) Name() string {
	if info, ok := h.Info(); ok {
		return info.Name
	}
	return "helper#" + strconv.Itoa(int(h))
}

// String is Name.
func (h Helper) String() string { return h.Name() }

// Since gives the release that the helper came with; the zero Version for an
// unknown helper.
func (h Helper) Since() Version {
	if info, ok := h.Info(); ok {
		return info.Since
	}
	return Version{}
}

var helpersByName = func() map[string]Helper {
	m := make(map[string]Helper, len(helpers))
	for i := range helpers {
		if n := helpers[i].Name; n != "" {
			m[n] = Helper(i)
		}
	}
	return m
}()

// HelperByName finds a helper by its name with the prefix bpf_.
func HelperByName(name string) (Helper, bool) {
	h, ok := helpersByName[name]
	return h, ok
}

// Sleepable reports whether the helper may sleep, so that it may not be called
// in an RCU, preemption- or irq-disabled section nor in a program that must
// not sleep.
func Sleepable(h Helper) bool {
	info, ok := h.Info()
	return ok && info.MightSleep
}

// SleepableIn is Sleepable for a program that may sleep: there
// bpf_get_stack and bpf_get_task_stack have a form that faults pages in since
// 6.12 (kernel/trace/bpf_trace.c bpf_get_stack_sleepable_proto).
func SleepableIn(h Helper, sleepableProg bool, v Version) bool {
	if Sleepable(h) {
		return true
	}
	return sleepableProg && v.AtLeast(6, 12) && (h == HelperGetStack || h == HelperGetTaskStack)
}
