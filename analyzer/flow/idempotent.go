package flow

import "github.com/bpflockcheck/bpflockcheck/analyzer/ir"

// idempotent reports whether all that depends on the condition's outcome are
// stores of constants to shared memory: a flag that is set once, and set again
// to the same value by a second CPU that saw it clear. Anything else that the
// branch decides (a call, another variable, what the function returns) means
// that the CPU which saw the flag clear has claimed something.
func (e *engine) idempotent(c *condition) bool {
	if c.either {
		yes, no := *c, *c
		yes.taken, no.taken = true, false
		return e.idempotentSide(&yes) && e.idempotentSide(&no)
	}
	return e.idempotentSide(c)
}

// idempotentSide is idempotent for the side of the branch that was taken.
func (e *engine) idempotentSide(c *condition) bool {
	fi := e.info(c.path.fn)
	from := endsWith(fi.order, c.branch)
	if from == nil {
		return false
	}
	start, other := c.branch.False, c.branch.True
	if c.taken {
		start, other = other, start
	}
	r := &branchSide{
		e: e, c: c, stop: fi.ipdom[from.Index],
		seen: make(map[int]bool), set: make(map[ir.Reg]bool),
		slotOf: make(map[ir.Reg]int), kept: make(map[ir.Reg]bool),
	}
	if !r.walk(start) || r.slotsUsedOutside() {
		return false
	}
	if r.stop < 0 {
		return r.returnsAs(other)
	}
	for reg := range r.set {
		if fi.isLive(r.stop, reg) {
			return false
		}
	}
	return true
}

// endsWith gives the block that a branch ends; nil when none does.
func endsWith(blocks []*ir.Block, branch *ir.Branch) *ir.Block {
	var found *ir.Block
	for _, b := range blocks {
		if len(b.Instrs) > 0 && b.Instrs[len(b.Instrs)-1] == ir.Instr(branch) {
			found = b
		}
	}
	return found
}

// branchSide is what runs on one side of a branch before both sides meet.
type branchSide struct {
	e *engine
	c *condition
	// stop is the number of the block where the sides meet; below 0 they never do.
	stop int
	seen map[int]bool // the side's blocks
	set  map[ir.Reg]bool
	// returns are the values that the function returns from here.
	returns []ir.Operand
	// slotOf and kept are the registers that hold the address of a slot of the
	// frame, taken on this side, and what was loaded from there. Slots that the
	// side alone uses are temporaries, as those of the kernel's WRITE_ONCE.
	slotOf map[ir.Reg]int
	kept   map[ir.Reg]bool
}

// walk looks at a block and those behind it; false when something runs there
// that a second CPU must not repeat.
func (r *branchSide) walk(b *ir.Block) bool {
	if b.Index == r.stop || r.seen[b.Index] {
		return true
	}
	r.seen[b.Index] = true
	for _, in := range b.Instrs {
		if !r.repeatable(b, in) {
			return false
		}
	}
	for _, n := range b.Succs() {
		if !r.walk(n) {
			return false
		}
	}
	return true
}

// repeatable reports whether an instruction may run a second time, and takes
// note of what it sets.
func (r *branchSide) repeatable(b *ir.Block, in ir.Instr) bool {
	switch in := in.(type) {
	case *ir.Copy, *ir.MapAddr, *ir.GlobalAddr, *ir.FuncAddr, *ir.StackAddr, *ir.Bin, *ir.Ext, *ir.AddrSpaceCast, *ir.Load, *ir.Jump:
		switch in := in.(type) {
		case *ir.StackAddr:
			r.slotOf[in.Dst] = in.Slot
		case *ir.Load:
			_, r.kept[in.Dst] = r.frame(in.Addr)
		}
		if d, _ := effects(in); d >= 0 {
			r.set[d] = true
		}
		return true
	case *ir.Store:
		// The address may be anything; on the stack it would be a variable
		// that matters.
		if onStack, temporary := r.frame(in.Addr); onStack {
			return temporary
		}
		return in.Src.IsImm || r.kept[in.Src.Reg] || constantRegister(b, in.Src.Reg)
	case *ir.MemSet:
		onStack, temporary := r.frame(in.Dst)
		return onStack && temporary
	case *ir.Return:
		if in.Void {
			return true
		}
		r.returns = append(r.returns, resolve(b, in.Val))
		return r.c.path.parent == nil || in.Val.IsImm || constantRegister(b, in.Val.Reg)
	case *ir.Branch:
		// The other test, which decides among what is looked at here.
		return r.c.either
	}
	return false
}

// frame reports whether an address is one of the function's frame, and whether
// it was taken on this side.
func (r *branchSide) frame(addr ir.Operand) (onStack, temporary bool) {
	if addr.IsImm {
		return false, false
	}
	if _, known := r.slotOf[addr.Reg]; known {
		return true, true
	}
	return r.e.addressesStack(r.c.path.fn, addr.Reg), false
}

// returnsAs is for sides that never meet again: it reports whether both return
// the same constant, and the other one, which begins at b, does nothing else.
func (r *branchSide) returnsAs(b *ir.Block) bool {
	if len(r.returns) == 0 {
		return false
	}
	for {
		switch t := b.Instrs[len(b.Instrs)-1].(type) {
		case *ir.Jump:
			b = t.To
			if r.seen[b.Index] {
				return false
			}
			r.seen[b.Index] = true
			continue
		case *ir.Return:
			if t.Void {
				return true
			}
			v := resolve(b, t.Val)
			for _, other := range r.returns {
				if other != v || !v.IsImm {
					return false
				}
			}
			return true
		}
		return false
	}
}

// slotsUsedOutside reports whether a slot that this side takes for its own is
// used in other blocks too.
func (r *branchSide) slotsUsedOutside() bool {
	if len(r.slotOf) == 0 {
		return false
	}
	in := make(map[int]bool)
	for _, s := range r.slotOf {
		in[s] = true
	}
	for _, b := range r.c.path.fn.Blocks {
		if r.seen[b.Index] {
			continue
		}
		for _, x := range b.Instrs {
			if a, ok := x.(*ir.StackAddr); ok && in[a.Slot] {
				return true
			}
		}
	}
	return false
}

// resolve follows a register to the constant copied to it in the block.
func resolve(b *ir.Block, o ir.Operand) ir.Operand {
	if o.IsImm {
		return ir.Imm(o.Imm)
	}
	for i := len(b.Instrs) - 1; i >= 0; i-- {
		if d, _ := effects(b.Instrs[i]); d == o.Reg {
			if c, ok := b.Instrs[i].(*ir.Copy); ok && c.Src.IsImm {
				return ir.Imm(c.Src.Imm)
			}
			break
		}
	}
	return o
}

func constantRegister(b *ir.Block, r ir.Reg) bool { return resolve(b, ir.R(r)).IsImm }

// addressesStack reports whether a register is, somewhere, the address of a
// stack slot.
func (e *engine) addressesStack(f *ir.Func, r ir.Reg) bool {
	for _, b := range f.Blocks {
		for _, x := range b.Instrs {
			if a, ok := x.(*ir.StackAddr); ok && a.Dst == r {
				return true
			}
		}
	}
	return false
}
