// Package ir is the intermediate representation that BPF C sources and BPF
// bytecode are both lowered to: BPF with names and without limits.
//
// A [Unit] is one translation unit or one ELF object. It holds maps, global
// variables, functions and entry programs. A [Func] is a graph of basic blocks
// over an unlimited number of 64-bit virtual registers, which, as in BPF, are
// variables and not single-assignment values. A C local variable whose address
// is never taken is a register, any other is a stack slot. Bytecode registers
// r0 to r10 are registers 0 to 10, and its frame is one 512-byte slot.
//
// Memory is addressed by a register plus a constant offset. What lies there
// (a map value, a global, the stack) is found out by package flow, not here.
package ir

import (
	"github.com/bpflockcheck/bpflockcheck/analyzer/diag"
	"github.com/bpflockcheck/bpflockcheck/analyzer/position"
	"github.com/bpflockcheck/bpflockcheck/rules/kernel"
)

// Unit is one translation unit or one ELF object.
type Unit struct {
	Name     string        // path as given
	Evidence diag.Evidence // FromSource or FromObject
	Maps     []*Map
	Globals  []*Global
	Funcs    []*Func
	Programs []*Program
	// Skipped names what of the input is not in this unit, and why.
	Skipped []diag.Skip
	// LocalType gives the type that a bpf_obj_new call names by a number of
	// the unit's own BTF (bpf_core_type_id_local); nil when there are none.
	LocalType func(id int64) *Type
	// Notes are remarks about how the input was read (which fallback headers
	// were used, ...), one line each.
	Notes []string
	// Included are the absolute paths of the .c files that a C unit includes.
	Included []string
	// MCPU is the instruction set that the source is compiled for as its flags
	// say ("v3"), "" when they do not.
	MCPU string
	// Rewrite makes edits of the source; nil for objects.
	Rewrite Rewriter
	// Text holds source lines as an object's BTF records them, by file and
	// line: what to show when the file is not there. Nil for C sources.
	Text map[string]map[int]string
}

// Map is a BPF map as declared.
type Map struct {
	Name string
	Pos  *position.Pos
	// Type is the map's type; kernel.MapTypeUnspec when it is not known (an
	// extern or a parameter): such a map is unknown, not shared.
	Type       kernel.MapType
	KeySize    int64 // bytes; 0 when not known
	ValueSize  int64 // bytes; 0 when not known
	MaxEntries int64 // 0 when not known or set by the loader
	Flags      uint32
	Key, Value *Type // nil when the declaration has sizes only
	Inner      *Map  // template of the inner map of a map-in-map
	// Legacy is set for struct bpf_map_def SEC("maps"): such a map has no BTF,
	// so its value cannot hold a lock.
	Legacy bool
	// ValuePos is where the value's type is given, nil when not known.
	ValuePos *position.Pos
}

// Global is a global variable, or a whole data section of an object without
// BTF.
type Global struct {
	Name    string
	Pos     *position.Pos
	Section string // .data, .bss, .rodata, .data.x, .kconfig, .ksyms, .addr_space.1 (arena)
	Type    *Type  // nil when not known
	Size    int64
	// Const: read only for programs (.rodata, const, kconfig).
	Const  bool
	Static bool // static or __hidden: not visible to userspace's mmap
	Tags   []string
	// Arena is set when the variable lives in an arena.
	Arena bool
	// Percpu is set for a kernel per-CPU variable (typed __ksym).
	Ksym bool
	// Weak: an extern that need not exist (__weak): its address may be NULL.
	Weak bool
	// Init is the initial value where it is one known integer.
	Init *int64
}

// Linkage of a function.
type Linkage int

// Static functions are analysed in the caller's state; the verifier checks a
// Global one on its own. Inline is C's always_inline: it is no call at all in
// the object.
const (
	Static Linkage = iota
	Global_
	Inline
)

// Func is a function with its blocks. Blocks[0] is the entry.
type Func struct {
	Name    string
	Pos     *position.Pos
	Linkage Linkage
	Params  []Reg // registers that hold the arguments at entry
	// ParamTypes has the C type of each parameter, nil where not known.
	ParamTypes []*Type
	Blocks     []*Block
	NumRegs    int
	RegNames   map[Reg]string // C variable names, for messages and debugging
	Slots      []Slot
	// Skipped is the reason why the body is not analysed ("inline assembly"),
	// empty when it is. Its Blocks are then nil.
	Skipped string
	// Extern: declared but not defined in this unit.
	Extern bool
}

// Slot is a piece of a function's frame.
type Slot struct {
	Name string
	Size int64
	Type *Type // nil in bytecode
}

// Program is an entry point.
type Program struct {
	Name    string
	Section string // as written: "kprobe/tcp_sendmsg", "fentry.s/..."
	Func    *Func
	Info    kernel.ProgInfo // type, attach type, sleepable ... from the section
	// StructOps and Member name the struct_ops type and callback that the
	// program implements ("tcp_congestion_ops", "cong_avoid"), where known.
	StructOps, Member string
}

// Block is a basic block. Its last instruction, and only that, is a
// terminator: Jump, Branch, Return or Unreachable.
type Block struct {
	Index  int
	Instrs []Instr
}

// Reg is a virtual register. NoReg stands for "the result is not used".
type Reg int32

// NoReg is no register.
const NoReg Reg = -1

// Operand is a register or a constant.
type Operand struct {
	Reg   Reg
	Imm   int64
	IsImm bool
}

// R makes a register operand.
func R(r Reg) Operand { return Operand{Reg: r} }

// Imm makes a constant operand.
func Imm(v int64) Operand { return Operand{Reg: NoReg, Imm: v, IsImm: true} }

// Instr is one operation.
type Instr interface {
	// At is where the operation comes from; never nil.
	At() *position.Pos
}

// Base is embedded in every operation.
type Base struct{ Pos *position.Pos }

// At implements Instr.
func (b *Base) At() *position.Pos { return b.Pos }

// Copy sets Dst to Src.
type Copy struct {
	Base
	Dst Reg
	Src Operand
}

// MapAddr sets Dst to a map's address (as passed to helpers).
type MapAddr struct {
	Base
	Dst Reg
	Map *Map
}

// GlobalAddr sets Dst to the address of a global variable plus Off.
type GlobalAddr struct {
	Base
	Dst    Reg
	Global *Global
	Off    int64
}

// FuncAddr sets Dst to a function's address (a callback).
type FuncAddr struct {
	Base
	Dst  Reg
	Func *Func
}

// StackAddr sets Dst to the address of byte Off of a slot of this frame.
type StackAddr struct {
	Base
	Dst  Reg
	Slot int
	Off  int64
}

// BinOp is an arithmetic or comparison operator.
type BinOp int

// Arithmetic operators; comparisons (Eq ...) give 0 or 1.
const (
	Add BinOp = iota
	Sub
	Mul
	Div
	Mod
	And
	Or
	Xor
	Shl
	Shr
	Sar
	Eq
	Ne
	Lt // signed when Bin.Signed, else unsigned; likewise Le, Gt, Ge
	Le
	Gt
	Ge
	Set // A & B != 0
)

// Bin sets Dst to A op B, computed in Bits bits (32 or 64) and zero- or
// sign-extended to 64 bits as Signed says.
type Bin struct {
	Base
	Dst    Reg
	Op     BinOp
	A, B   Operand
	Bits   int
	Signed bool
}

// Ext sets Dst to the low Bits bits of Src, zero- or sign-extended.
type Ext struct {
	Base
	Dst    Reg
	Src    Operand
	Bits   int
	Signed bool
}

// AddrSpaceCast sets Dst to the address in the kernel that the arena pointer Src
// stands for; what it points to is arena memory. BPF_ADDR_SPACE_CAST in
// objects, the use of a pointer to address space 1 in C.
type AddrSpaceCast struct {
	Base
	Dst  Reg
	Src  Operand
	Type *Type // what Src points to as the source declares it; nil when not known
}

// Opaque sets Dst to an unknown scalar computed from the given operands (byte
// swaps, floating point, builtins without a model): it derives from them.
type Opaque struct {
	Base
	Dst  Reg
	Args []Operand
}

// Load sets Dst to Size bytes (1, 2, 4, 8) at Addr+Off, extended to 64 bits.
type Load struct {
	Base
	Dst      Reg
	Addr     Operand
	Off      int64
	Size     int64
	Signed   bool
	Volatile bool
	// Kernel: a probe-like load (CO-RE read, probe_read): it never touches
	// shared BPF memory unless Addr points there.
	Kernel bool
	// Field is the path of the C member accessed as the source spells it,
	// without the base ("pid", "stats.packets"); empty when not known.
	Field string
}

// Store writes the low Size bytes of Src at Addr+Off.
type Store struct {
	Base
	Addr     Operand
	Off      int64
	Size     int64
	Src      Operand
	Volatile bool
	// Bitfield is set when the store writes the unit of a C bit-field back.
	Bitfield bool
	Field    string
	// Name is the text of the assigned expression as the source spells it
	// ("v->count"), for messages; empty in bytecode.
	Name string
	// Compound is set when the source says in one expression that the store
	// changes what it finds there (x++, x += n, x = x + n); nil in bytecode.
	Compound *Compound
}

// Compound is the source form of a store that changes what it finds, for fixes.
type Compound struct {
	Op BinOp
	// Target is x and Operand n in x += n, as spelled; Operand is "1" for x++
	// and x--.
	Target, Operand string
	// Span is that of the whole expression.
	Span position.Span
	// Unused: the value of the expression is not used. Post: it is the one
	// before the change (x++), not the one after it.
	Unused, Post bool
	// Joined: a word stands right before the expression ("return++x").
	Joined bool
	// Loose: macros write a part of Operand, so that what is put before it may
	// bind to less than all of it.
	Loose bool
	// Cast is the type that a constant Operand is to be cast to first, "" for
	// none: the target is narrower and cannot hold it, about which compilers
	// warn in a call, but not in x += n.
	Cast string
	// Obstacle says why no atomic can take the expression's place, "" when the
	// source does not stand in the way.
	Obstacle string
}

// MemCopy copies Len bytes from Src+SrcOff to Dst+DstOff (struct assignment,
// memcpy). Constant Len when IsImm.
type MemCopy struct {
	Base
	Dst, Src Operand
	Len      Operand
	// Assign: a C struct assignment or initialisation; else an explicit memcpy.
	Assign bool
}

// MemSet fills Len bytes at Dst with the byte Val.
type MemSet struct {
	Base
	Dst, Val, Len Operand
}

// AtomicOp is the operation of an Atomic.
type AtomicOp int

// Atomic operations.
const (
	AtomicAdd AtomicOp = iota
	AtomicAnd
	AtomicOr
	AtomicXor
	AtomicXchg
	AtomicCmpXchg
	AtomicLoad  // load-acquire
	AtomicStore // store-release
	AtomicOther // nand, min, max: no BPF instruction has them
)

// Atomic is an atomic read-modify-write, load-acquire or store-release of Size
// bytes at Addr+Off.
type Atomic struct {
	Base
	Op   AtomicOp
	Addr Operand
	Off  int64
	Size int64
	Src  Operand // operand; the new value for Xchg and CmpXchg
	Cmp  Operand // the expected value for CmpXchg
	Dst  Reg     // old value (new one for *_and_fetch, see After); NoReg when unused
	// After: Dst gets the value after the operation, not the one before.
	After bool
	// Fetch: the old value is returned (an instruction newer than XADD).
	Fetch bool
	// Spelling is the builtin's name in C ("__sync_fetch_and_add").
	Spelling string
	Field    string
}

// CallKind says what a Call calls.
type CallKind int

// Kinds of calls.
const (
	CallHelper   CallKind = iota // a BPF helper, by Helper
	CallKfunc                    // a kernel function, by Name
	CallFunc                     // a function of this unit, by Func
	CallIndirect                 // through the pointer Ptr
	CallExternal                 // an extern of another unit, by Name
)

// Call calls a helper, a kfunc or a function.
type Call struct {
	Base
	Dst    Reg
	Kind   CallKind
	Helper kernel.Helper
	Name   string // name of the callee as far as known, for every kind
	Func   *Func
	Ptr    Operand
	Args   []Operand
	// ArgTypes has the C type of the *arguments* where known: for a pointer to
	// a struct, its size bounds what the callee may touch. May be nil.
	ArgTypes []*Type
	// RetType is the callee's C return type, nil when not known.
	RetType *Type
}

// LegacyPacketLoad is BPF_LD_ABS or BPF_LD_IND.
type LegacyPacketLoad struct {
	Base
	Dst Reg
	Off Operand
}

// Havoc sets Dst to an unknown value, for a reason worth telling.
type Havoc struct {
	Base
	Dst    Reg
	Reason string
}

// Jump goes to To.
type Jump struct {
	Base
	To *Block
}

// Branch goes to True when A op B holds, else to False. Op is a comparison.
type Branch struct {
	Base
	Op          BinOp
	A, B        Operand
	Bits        int // 32 or 64
	Signed      bool
	True, False *Block
	// MayGoto: an instruction that falls through an unknown number of times
	// (may_goto, can_loop); A and B mean nothing.
	MayGoto bool
}

// Return leaves the function.
type Return struct {
	Base
	Val Operand
	// Void: nothing is returned.
	Void bool
}

// Unreachable ends a block that control does not leave (bpf_throw).
type Unreachable struct{ Base }

// Succs gives the successors of a block.
func (b *Block) Succs() []*Block {
	if len(b.Instrs) == 0 {
		return nil
	}
	switch t := b.Instrs[len(b.Instrs)-1].(type) {
	case *Jump:
		return []*Block{t.To}
	case *Branch:
		return []*Block{t.True, t.False}
	}
	return nil
}
