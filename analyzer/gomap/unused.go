package gomap

import (
	"go/types"

	"golang.org/x/tools/go/ssa"
)

// unusedValue reports whether nothing reads what a lookup puts into its value
// argument: nil, or a variable whose address goes nowhere else and that is not
// looked at afterwards, or not before another lookup fills it again.
func unusedValue(lookup ssa.Instruction, v ssa.Value) bool {
	v = stripConversions(v)
	if c, ok := v.(*ssa.Const); ok {
		return c.IsNil()
	}
	a, ok := v.(*ssa.Alloc)
	if !ok {
		return false
	}
	escapes := false
	uses := make(map[ssa.Instruction]bool)  // read it
	kills := make(map[ssa.Instruction]bool) // fill it anew
	seen := make(map[ssa.Value]bool)
	var visit func(x ssa.Value)
	visit = func(x ssa.Value) {
		if seen[x] || x.Referrers() == nil {
			return
		}
		seen[x] = true
		for _, r := range *x.Referrers() {
			switch r := r.(type) {
			case *ssa.DebugRef:
			case *ssa.FieldAddr, *ssa.IndexAddr, *ssa.ChangeType, *ssa.Convert, *ssa.MakeInterface:
				visit(r.(ssa.Value))
			case *ssa.Store:
				switch {
				case r.Val == x:
					escapes = true
				case r.Addr == ssa.Value(a):
					kills[r] = true
				}
			case ssa.CallInstruction:
				if r == lookup || fills(r, a) {
					kills[r] = true
				} else {
					escapes = true
				}
			case *ssa.UnOp:
				uses[r] = true
			default:
				escapes = true
			}
		}
	}
	visit(a)
	return !escapes && !readAfter(lookup, uses, kills)
}

// fills reports whether a call is a lookup that overwrites all of a variable.
func fills(in ssa.CallInstruction, a *ssa.Alloc) bool {
	com := in.Common()
	if com.IsInvoke() || com.StaticCallee() == nil {
		return false
	}
	fn, _ := com.StaticCallee().Object().(*types.Func)
	o := opOf(fn)
	if o == nil || o.kind != opLookup && o.kind != opNext || o.value < 0 || o.value+1 >= len(com.Args) {
		return false
	}
	return stripConversions(com.Args[o.value+1]) == ssa.Value(a)
}

// readAfter reports whether an instruction of uses can run after from without
// one of kills, or from itself, in between.
func readAfter(from ssa.Instruction, uses, kills map[ssa.Instruction]bool) bool {
	// scan goes through a block's instructions; open says that its end is
	// reached.
	scan := func(ins []ssa.Instruction) (read, open bool) {
		for _, in := range ins {
			if uses[in] {
				return true, false
			}
			if kills[in] {
				return false, false
			}
		}
		return false, true
	}
	block := from.Block()
	read, open := scan(block.Instrs[indexIn(from)+1:])
	if read || !open {
		return read
	}
	seen := make(map[*ssa.BasicBlock]bool)
	work := append([]*ssa.BasicBlock(nil), block.Succs...)
	for len(work) > 0 {
		b := work[len(work)-1]
		work = work[:len(work)-1]
		if seen[b] {
			continue
		}
		seen[b] = true
		read, open := scan(b.Instrs)
		if read {
			return true
		}
		if open {
			work = append(work, b.Succs...)
		}
	}
	return false
}
