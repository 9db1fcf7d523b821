package gomap

import (
	"go/types"

	"golang.org/x/tools/go/ssa"
)

// beforeAttach reports whether a write happens while no program can run yet:
// the function loaded the map itself, on every way to the write, and handed no
// program or collection to anyone in between. Such a write needs no lock.
func (c *collector) beforeAttach(site ssa.Instruction) bool {
	fn := site.Parent()
	if fn == nil || fn.Parent() != nil {
		return false // a function literal runs who knows when
	}
	loaded := false
	for _, b := range fn.Blocks {
		for _, in := range b.Instrs {
			call, ok := in.(ssa.CallInstruction)
			if !ok || in == site {
				continue
			}
			if c.loads(call, 0) && dominates(in, site) {
				loaded = true
			}
		}
	}
	if !loaded {
		return false
	}
	for _, b := range fn.Blocks {
		for _, in := range b.Instrs {
			if call, ok := in.(ssa.CallInstruction); ok && in != site && c.mayRun(call, 0) && reaches(in, site) {
				return false
			}
		}
	}
	return true
}

// maxCallDepth bounds how far loading and attaching are followed.
const maxCallDepth = 4

// loads reports whether a call creates maps from a specification.
func (c *collector) loads(call ssa.CallInstruction, depth int) bool {
	com := call.Common()
	callee := com.StaticCallee()
	if callee == nil {
		return false
	}
	if fn, ok := callee.Object().(*types.Func); ok && libPath(fn.Pkg()) == ciliumPath {
		switch fn.Name() {
		case "LoadAndAssign", "NewCollection", "NewCollectionWithOptions", "LoadCollection", "NewMap", "NewMapWithOptions":
			return true
		}
		return false
	}
	if !c.pk.own(callee) {
		fn, _ := callee.Object().(*types.Func)
		fact := c.pk.funcFact(fn)
		return fact != nil && fact.Loads
	}
	return depth < maxCallDepth && c.funcLoads(callee, depth)
}

// funcLoads reports whether a function of this package, or one it calls,
// creates maps from a specification.
func (c *collector) funcLoads(fn *ssa.Function, depth int) bool {
	if r, ok := c.loadsMemo[fn]; ok {
		return r
	}
	c.loadsMemo[fn] = false // while in progress
	c.loadsMemo[fn] = c.anyCall(fn, func(in ssa.CallInstruction) bool { return c.loads(in, depth+1) })
	return c.loadsMemo[fn]
}

// funcRuns reports whether a function of this package, or one it calls, may let
// a program run.
func (c *collector) funcRuns(fn *ssa.Function, depth int) bool {
	if r, ok := c.runsMemo[fn]; ok {
		return r
	}
	c.runsMemo[fn] = false // while in progress
	c.runsMemo[fn] = depth >= maxCallDepth || c.anyCall(fn, func(in ssa.CallInstruction) bool { return c.mayRun(in, depth+1) })
	return c.runsMemo[fn]
}

func (c *collector) anyCall(fn *ssa.Function, test func(ssa.CallInstruction) bool) bool {
	for _, b := range fn.Blocks {
		for _, in := range b.Instrs {
			if call, ok := in.(ssa.CallInstruction); ok && test(call) {
				return true
			}
		}
	}
	return false
}

// mayRun reports whether a call may let a program run: it attaches or tests
// one, or gets hold of a program or of what holds programs.
func (c *collector) mayRun(call ssa.CallInstruction, depth int) bool {
	com := call.Common()
	if callee := com.StaticCallee(); callee != nil {
		fn, _ := callee.Object().(*types.Func)
		if fn != nil && fn.Pkg() != nil {
			path := libPath(fn.Pkg())
			if path == ciliumPath+"/link" {
				return true
			}
			if path == ciliumPath {
				switch fn.Name() {
				case "Test", "Run", "Benchmark", "FD", "Pin", "LoadPinnedMap":
					_, recv := libType(recvType(fn))
					return recv == "Program" || fn.Name() == "LoadPinnedMap"
				}
				return false
			}
		}
		if c.pk.own(callee) && callee.Blocks != nil {
			return c.funcRuns(callee, depth)
		}
		if fact := c.pk.funcFact(fn); fact != nil && fact.Loads {
			return fact.Runs
		}
	}
	if _, builtin := com.Value.(*ssa.Builtin); builtin {
		return false
	}
	for _, a := range com.Args {
		if holdsProgram(a.Type(), 0) {
			return true
		}
	}
	return com.IsInvoke() && holdsProgram(com.Value.Type(), 0)
}

func recvType(fn *types.Func) types.Type {
	if r := fn.Signature().Recv(); r != nil {
		return r.Type()
	}
	return types.Typ[types.Invalid]
}

// holdsProgram reports whether a type leads to an ebpf.Program.
func holdsProgram(t types.Type, depth int) bool {
	if depth > 4 {
		return false
	}
	if lib, name := libType(t); lib != "" {
		return name == "Program" || name == "Collection" || name == "Module" || name == "BPFProg" || name == "Manager"
	}
	switch u := types.Unalias(t).Underlying().(type) {
	case *types.Pointer:
		return holdsProgram(u.Elem(), depth+1)
	case *types.Slice:
		return holdsProgram(u.Elem(), depth+1)
	case *types.Map:
		return holdsProgram(u.Elem(), depth+1)
	case *types.Struct:
		for f := range u.Fields() {
			if holdsProgram(f.Type(), depth+1) {
				return true
			}
		}
	}
	return false
}

// dominates reports whether a is on every way to b in their function.
func dominates(a, b ssa.Instruction) bool {
	if a.Block() == b.Block() {
		return indexIn(a) < indexIn(b)
	}
	return a.Block().Dominates(b.Block())
}

// reaches reports whether b can run after a.
func reaches(a, b ssa.Instruction) bool {
	if a.Block() == b.Block() && indexIn(a) < indexIn(b) {
		return true
	}
	seen := make(map[*ssa.BasicBlock]bool)
	work := append([]*ssa.BasicBlock(nil), a.Block().Succs...)
	for len(work) > 0 {
		blk := work[len(work)-1]
		work = work[:len(work)-1]
		if seen[blk] {
			continue
		}
		seen[blk] = true
		if blk == b.Block() {
			return true
		}
		work = append(work, blk.Succs...)
	}
	return false
}

func indexIn(in ssa.Instruction) int {
	for i, x := range in.Block().Instrs {
		if x == in {
			return i
		}
	}
	return -1
}
