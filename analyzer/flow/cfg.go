package flow

import (
	"slices"

	"github.com/bpflockcheck/bpflockcheck/analyzer/ir"
)

// funcInfo is what is computed once per function.
type funcInfo struct {
	rpo    []int       // reverse postorder number by block index; -1: unreachable
	order  []*ir.Block // in reverse postorder
	inLoop []bool      // by block index
	heads  []bool      // targets of back edges
	liveIn [][]uint64  // registers live at the start, by block index
	// ipdom is the immediate post-dominator by block index; -1 is the exit.
	ipdom []int
	// predList is made when it is asked for.
	predList [][]*ir.Block
}

func analyzeCFG(f *ir.Func) *funcInfo {
	n := len(f.Blocks)
	fi := &funcInfo{rpo: make([]int, n), inLoop: make([]bool, n), heads: make([]bool, n), ipdom: make([]int, n)}
	for i := range fi.rpo {
		fi.rpo[i] = -1
	}
	// Depth-first, without recursion: generated programs have long chains.
	state := make([]byte, n) // 0 new, 1 open, 2 done
	type frame struct {
		b    *ir.Block
		succ []*ir.Block
	}
	var post []*ir.Block
	stack := []frame{{f.Blocks[0], f.Blocks[0].Succs()}}
	state[0] = 1
	for len(stack) > 0 {
		top := &stack[len(stack)-1]
		if len(top.succ) == 0 {
			state[top.b.Index] = 2
			post = append(post, top.b)
			stack = stack[:len(stack)-1]
			continue
		}
		s := top.succ[0]
		top.succ = top.succ[1:]
		switch state[s.Index] {
		case 0:
			state[s.Index] = 1
			stack = append(stack, frame{s, s.Succs()})
		case 1:
			fi.heads[s.Index] = true
		}
	}
	for i := len(post) - 1; i >= 0; i-- {
		fi.rpo[post[i].Index] = len(fi.order)
		fi.order = append(fi.order, post[i])
	}
	fi.markLoops(f)
	fi.liveness(f)
	fi.postDominators(f)
	return fi
}

// markLoops finds the blocks that can reach themselves (Tarjan's strongly
// connected components, iterative).
func (fi *funcInfo) markLoops(f *ir.Func) {
	n := len(f.Blocks)
	index, low, on := make([]int, n), make([]int, n), make([]bool, n)
	next := 1
	var scc []int
	type frame struct {
		b    int
		succ []*ir.Block
	}
	for _, root := range fi.order {
		if index[root.Index] != 0 {
			continue
		}
		stack := []frame{{root.Index, root.Succs()}}
		index[root.Index], low[root.Index] = next, next
		next++
		scc, on[root.Index] = append(scc, root.Index), true
		for len(stack) > 0 {
			top := &stack[len(stack)-1]
			if len(top.succ) > 0 {
				s := top.succ[0].Index
				top.succ = top.succ[1:]
				if s == top.b {
					fi.inLoop[s] = true
				}
				if index[s] == 0 {
					index[s], low[s] = next, next
					next++
					scc, on[s] = append(scc, s), true
					stack = append(stack, frame{s, f.Blocks[s].Succs()})
				} else if on[s] {
					low[top.b] = min(low[top.b], index[s])
				}
				continue
			}
			b := top.b
			stack = stack[:len(stack)-1]
			if len(stack) > 0 {
				p := stack[len(stack)-1].b
				low[p] = min(low[p], low[b])
			}
			if low[b] == index[b] {
				size := 0
				for {
					x := scc[len(scc)-1-size]
					size++
					on[x] = false
					if x == b {
						break
					}
				}
				if size > 1 {
					for _, x := range scc[len(scc)-size:] {
						fi.inLoop[x] = true
					}
				}
				scc = scc[:len(scc)-size]
			}
		}
	}
}

func (fi *funcInfo) liveness(f *ir.Func) {
	words := (f.NumRegs + 63) / 64
	n := len(f.Blocks)
	fi.liveIn = make([][]uint64, n)
	backing := make([]uint64, n*words)
	for i := range fi.liveIn {
		fi.liveIn[i] = backing[i*words : (i+1)*words]
	}
	live := make([]uint64, words)
	for changed := true; changed; {
		changed = false
		for i := len(fi.order) - 1; i >= 0; i-- {
			b := fi.order[i]
			clear(live)
			for _, s := range b.Succs() {
				for w, x := range fi.liveIn[s.Index] {
					live[w] |= x
				}
			}
			for k := len(b.Instrs) - 1; k >= 0; k-- {
				def, uses := effects(b.Instrs[k])
				if def >= 0 {
					live[def/64] &^= 1 << (def % 64)
				}
				for _, u := range uses {
					if u >= 0 {
						live[u/64] |= 1 << (u % 64)
					}
				}
			}
			for w, x := range live {
				if fi.liveIn[b.Index][w] != x {
					fi.liveIn[b.Index][w] = x
					changed = true
				}
			}
		}
	}
}

// usedAfter reports whether what is in r after b.Instrs[i] is read later.
func (fi *funcInfo) usedAfter(b *ir.Block, i int, r ir.Reg) bool {
	if r < 0 {
		return false
	}
	for _, in := range b.Instrs[i+1:] {
		def, uses := effects(in)
		if slices.Contains(uses, r) {
			return true
		}
		if def == r {
			return false
		}
	}
	for _, s := range b.Succs() {
		if fi.isLive(s.Index, r) {
			return true
		}
	}
	return false
}

// isLive reports whether r is live at the start of block b.
func (fi *funcInfo) isLive(b int, r ir.Reg) bool {
	return r >= 0 && fi.liveIn[b][r/64]&(1<<(r%64)) != 0
}

// effects gives the register that an operation sets and those it reads.
func effects(in ir.Instr) (def ir.Reg, uses []ir.Reg) {
	def = ir.NoReg
	var buf [8]ir.Reg
	uses = buf[:0]
	use := func(ops ...ir.Operand) {
		for _, o := range ops {
			if !o.IsImm && o.Reg >= 0 {
				uses = append(uses, o.Reg)
			}
		}
	}
	switch in := in.(type) {
	case *ir.Copy:
		def = in.Dst
		use(in.Src)
	case *ir.MapAddr:
		def = in.Dst
	case *ir.GlobalAddr:
		def = in.Dst
	case *ir.FuncAddr:
		def = in.Dst
	case *ir.StackAddr:
		def = in.Dst
	case *ir.Bin:
		def = in.Dst
		use(in.A, in.B)
	case *ir.Ext:
		def = in.Dst
		use(in.Src)
	case *ir.AddrSpaceCast:
		def = in.Dst
		use(in.Src)
	case *ir.Opaque:
		def = in.Dst
		use(in.Args...)
	case *ir.Load:
		def = in.Dst
		use(in.Addr)
	case *ir.Store:
		use(in.Addr, in.Src)
	case *ir.MemCopy:
		use(in.Dst, in.Src, in.Len)
	case *ir.MemSet:
		use(in.Dst, in.Val, in.Len)
	case *ir.Atomic:
		def = in.Dst
		use(in.Addr, in.Src, in.Cmp)
	case *ir.Call:
		def = in.Dst
		use(in.Args...)
		if in.Kind == ir.CallIndirect {
			use(in.Ptr)
		}
	case *ir.LegacyPacketLoad:
		def = in.Dst
		use(in.Off)
	case *ir.Havoc:
		def = in.Dst
	case *ir.Branch:
		if !in.MayGoto {
			use(in.A, in.B)
		}
	case *ir.Return:
		if !in.Void {
			use(in.Val)
		}
	}
	return def, uses
}

// postDominators computes immediate post-dominators: dominators of the reversed
// graph from one virtual exit (Cooper, Harvey and Kennedy, "A Simple, Fast
// Dominance Algorithm"). A block that reaches no exit is taken to be followed
// by it.
func (fi *funcInfo) postDominators(f *ir.Func) {
	n := len(f.Blocks)
	exit := n
	preds := make([][]int, n+1) // in the original graph; of the exit: the returning blocks
	for _, b := range fi.order {
		succs := b.Succs()
		if len(succs) == 0 {
			preds[exit] = append(preds[exit], b.Index)
		}
		for _, s := range succs {
			preds[s.Index] = append(preds[s.Index], b.Index)
		}
	}
	// Postorder of the reversed graph.
	num := make([]int, n+1)
	var post []int
	state := make([]byte, n+1)
	type frame struct {
		b    int
		next int
	}
	visit := func(root int) {
		stack := []frame{{root, 0}}
		state[root] = 1
		for len(stack) > 0 {
			top := &stack[len(stack)-1]
			if top.next < len(preds[top.b]) {
				p := preds[top.b][top.next]
				top.next++
				if state[p] == 0 {
					state[p] = 1
					stack = append(stack, frame{p, 0})
				}
				continue
			}
			num[top.b] = len(post)
			post = append(post, top.b)
			stack = stack[:len(stack)-1]
		}
	}
	visit(exit)
	const none = -2
	dom := make([]int, n+1)
	for i := range dom {
		dom[i] = none
	}
	dom[exit] = exit
	intersect := func(a, b int) int {
		for a != b {
			for num[a] < num[b] {
				a = dom[a]
			}
			for num[b] < num[a] {
				b = dom[b]
			}
		}
		return a
	}
	for changed := true; changed; {
		changed = false
		for i := len(post) - 1; i >= 0; i-- {
			b := post[i]
			if b == exit {
				continue
			}
			d := none
			succs := f.Blocks[b].Succs()
			if len(succs) == 0 {
				d = exit
			}
			for _, s := range succs {
				switch {
				case dom[s.Index] == none:
				case d == none:
					d = s.Index
				default:
					d = intersect(d, s.Index)
				}
			}
			if d != dom[b] {
				dom[b] = d
				changed = true
			}
		}
	}
	for i := range fi.ipdom {
		fi.ipdom[i] = -1
		if d := dom[i]; d != none && d != exit {
			fi.ipdom[i] = d
		}
	}
}

// postDominates reports whether every way from a block to the function's end
// leads through b.
func (fi *funcInfo) postDominates(b, from *ir.Block) bool {
	for at := from.Index; at >= 0; at = fi.ipdom[at] {
		if at == b.Index {
			return true
		}
	}
	return false
}
