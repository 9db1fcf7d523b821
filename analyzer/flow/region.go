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

func (e *engine) idempotentSide(c *condition) bool {
	f := c.path.fn
	fi := e.info(f)
	var from *ir.Block
	var other *ir.Block
	for _, b := range fi.order {
		if len(b.Instrs) > 0 && b.Instrs[len(b.Instrs)-1] == ir.Instr(c.branch) {
			from = b
		}
	}
	if from == nil {
		return false
	}
	start := c.branch.False
	other = c.branch.True
	if c.taken {
		start, other = other, start
	}
	stop := fi.ipdom[from.Index]
	set := make(map[ir.Reg]bool)
	seen := make(map[int]bool)
	var returns []ir.Operand
	ok := true
	// Slots of the frame that the region alone uses: temporaries, as those of
	// the kernel's WRITE_ONCE.
	slotOf := make(map[ir.Reg]int)
	kept := make(map[ir.Reg]bool) // loaded from such a slot
	temporary := func(addr ir.Operand) (onStack, inRegion bool) {
		if addr.IsImm {
			return false, false
		}
		if _, known := slotOf[addr.Reg]; known {
			return true, true
		}
		return e.addressesStack(f, addr.Reg), false
	}
	var walk func(b *ir.Block)
	walk = func(b *ir.Block) {
		if !ok || b.Index == stop || seen[b.Index] {
			return
		}
		seen[b.Index] = true
		for _, in := range b.Instrs {
			switch in := in.(type) {
			case *ir.Copy, *ir.MapAddr, *ir.GlobalAddr, *ir.FuncAddr, *ir.StackAddr, *ir.Bin, *ir.Ext, *ir.AddrSpaceCast, *ir.Load, *ir.Jump:
				switch in := in.(type) {
				case *ir.StackAddr:
					slotOf[in.Dst] = in.Slot
				case *ir.Load:
					_, kept[in.Dst] = temporary(in.Addr)
				}
				if d, _ := effects(in); d >= 0 {
					set[d] = true
				}
			case *ir.Store:
				// The address may be anything; on the stack it would be a
				// variable that matters.
				onStack, inRegion := temporary(in.Addr)
				if onStack {
					ok = ok && inRegion
				} else if !in.Src.IsImm && !kept[in.Src.Reg] && !constantRegister(b, in.Src.Reg) {
					ok = false
				}
			case *ir.MemSet:
				onStack, inRegion := temporary(in.Dst)
				ok = ok && onStack && inRegion
			case *ir.Return:
				if in.Void {
					continue
				}
				if c.path.parent != nil && !in.Val.IsImm && !constantRegister(b, in.Val.Reg) {
					ok = false
				}
				returns = append(returns, resolve(b, in.Val))
			case *ir.Branch:
				// The other test, which decides among what is looked at here.
				ok = ok && c.either
			default:
				ok = false
			}
		}
		for _, n := range b.Succs() {
			walk(n)
		}
	}
	walk(start)
	if !ok || e.usedOutside(f, slotOf, seen) {
		return false
	}
	if stop >= 0 {
		for r := range set {
			if fi.isLive(stop, r) {
				return false
			}
		}
		return true
	}
	// The sides never meet again: what they return must be the same constant,
	// and the other side must do nothing but return it.
	if len(returns) == 0 {
		return false
	}
	for b := other; ; {
		switch t := b.Instrs[len(b.Instrs)-1].(type) {
		case *ir.Jump:
			b = t.To
			if seen[b.Index] {
				return false
			}
			seen[b.Index] = true
			continue
		case *ir.Return:
			if t.Void {
				return true
			}
			v := resolve(b, t.Val)
			for _, r := range returns {
				if r != v || !v.IsImm {
					return false
				}
			}
			return true
		}
		return false
	}
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

// usedOutside reports whether one of the slots is used in other blocks too.
func (e *engine) usedOutside(f *ir.Func, slots map[ir.Reg]int, region map[int]bool) bool {
	if len(slots) == 0 {
		return false
	}
	in := make(map[int]bool)
	for _, s := range slots {
		in[s] = true
	}
	for _, b := range f.Blocks {
		if region[b.Index] {
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
