package ir

import (
	"errors"
	"fmt"
)

// Validate checks that a unit is well formed: every block of every function
// has exactly one terminator, at its end, every register and slot named is
// there, every jump stays in its function, every block can be reached, and
// every instruction has a position. It gives all violations, joined.
func Validate(u *Unit) error {
	var errs []error
	for _, f := range u.Funcs {
		errs = append(errs, validateFunc(f)...)
	}
	for _, p := range u.Programs {
		if p.Func == nil {
			errs = append(errs, fmt.Errorf("program %s has no function", p.Name))
		}
	}
	return errors.Join(errs...)
}

func validateFunc(f *Func) (errs []error) {
	bad := func(b *Block, format string, args ...any) {
		errs = append(errs, fmt.Errorf("%s: block %d: %s", f.Name, b.Index, fmt.Sprintf(format, args...)))
	}
	if f.Skipped != "" || f.Extern {
		if len(f.Blocks) > 0 {
			errs = append(errs, fmt.Errorf("%s: has a body though skipped or extern", f.Name))
		}
		return errs
	}
	if len(f.Blocks) == 0 {
		return append(errs, fmt.Errorf("%s: no blocks", f.Name))
	}
	if len(f.ParamTypes) > 0 && len(f.ParamTypes) != len(f.Params) {
		errs = append(errs, fmt.Errorf("%s: %d parameters, %d types", f.Name, len(f.Params), len(f.ParamTypes)))
	}
	own := make(map[*Block]bool, len(f.Blocks))
	for i, b := range f.Blocks {
		own[b] = true
		if b.Index != i {
			bad(b, "stands at %d", i)
		}
	}
	reached := map[*Block]bool{f.Blocks[0]: true}
	work := []*Block{f.Blocks[0]}
	for len(work) > 0 {
		b := work[len(work)-1]
		work = work[:len(work)-1]
		for _, s := range b.Succs() {
			if !own[s] {
				bad(b, "jumps out of the function")
			} else if !reached[s] {
				reached[s] = true
				work = append(work, s)
			}
		}
	}
	for _, b := range f.Blocks {
		if !reached[b] {
			bad(b, "cannot be reached")
		}
		if len(b.Instrs) == 0 {
			bad(b, "is empty")
			continue
		}
		for i, in := range b.Instrs {
			if in.At() == nil {
				bad(b, "instruction %d has no position: %s", i, f.Instr(in))
			}
			if last := i == len(b.Instrs)-1; isTerminator(in) != last {
				bad(b, "instruction %d of %d: terminator out of place: %s", i, len(b.Instrs), f.Instr(in))
			}
			for _, r := range Regs(in) {
				if r != NoReg && (r < 0 || int(r) >= f.NumRegs) {
					bad(b, "register %d out of range: %s", r, f.Instr(in))
				}
			}
			if s, ok := in.(*StackAddr); ok && (s.Slot < 0 || s.Slot >= len(f.Slots)) {
				bad(b, "slot %d out of range", s.Slot)
			}
			if c, ok := in.(*Call); ok && c.Kind == CallFunc && c.Func == nil {
				bad(b, "call of no function: %s", f.Instr(in))
			}
		}
	}
	return errs
}

func isTerminator(in Instr) bool {
	switch in.(type) {
	case *Jump, *Branch, *Return, *Unreachable:
		return true
	}
	return false
}

// Regs lists the registers that an instruction reads or writes; NoReg may be
// among them.
func Regs(in Instr) []Reg {
	var out []Reg
	use := func(os ...Operand) {
		for _, o := range os {
			if !o.IsImm {
				out = append(out, o.Reg)
			}
		}
	}
	switch x := in.(type) {
	case *Copy:
		out = append(out, x.Dst)
		use(x.Src)
	case *MapAddr:
		out = append(out, x.Dst)
	case *GlobalAddr:
		out = append(out, x.Dst)
	case *FuncAddr:
		out = append(out, x.Dst)
	case *StackAddr:
		out = append(out, x.Dst)
	case *Bin:
		out = append(out, x.Dst)
		use(x.A, x.B)
	case *Ext:
		out = append(out, x.Dst)
		use(x.Src)
	case *AddrSpaceCast:
		out = append(out, x.Dst)
		use(x.Src)
	case *Opaque:
		out = append(out, x.Dst)
		use(x.Args...)
	case *Load:
		out = append(out, x.Dst)
		use(x.Addr)
	case *Store:
		use(x.Addr, x.Src)
	case *MemCopy:
		use(x.Dst, x.Src, x.Len)
	case *MemSet:
		use(x.Dst, x.Val, x.Len)
	case *Atomic:
		out = append(out, x.Dst)
		use(x.Addr)
		if x.Op != AtomicLoad {
			use(x.Src)
		}
		if x.Op == AtomicCmpXchg {
			use(x.Cmp)
		}
	case *Call:
		out = append(out, x.Dst)
		use(x.Args...)
		if x.Kind == CallIndirect {
			use(x.Ptr)
		}
	case *LegacyPacketLoad:
		out = append(out, x.Dst)
		use(x.Off)
	case *Havoc:
		out = append(out, x.Dst)
	case *Branch:
		if !x.MayGoto {
			use(x.A, x.B)
		}
	case *Return:
		if !x.Void {
			use(x.Val)
		}
	}
	return out
}
