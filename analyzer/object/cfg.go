package object

import "github.com/bpflockcheck/bpflockcheck/analyzer/ir"

// leaders marks the instructions that can be reached from the first and those
// of them at which a block begins.
func leaders(code []insn, ends func(*insn) bool) (reached, starts []bool) {
	reached = make([]bool, len(code))
	starts = make([]bool, len(code))
	work := []int{0}
	// A jump with a target that is no instruction leads nowhere, not even on:
	// no kernel loads it.
	start := func(targets ...int) {
		for _, i := range targets {
			if i < 0 || i >= len(code) || code[i].half {
				return
			}
		}
		for _, i := range targets {
			if !starts[i] {
				starts[i] = true
				work = append(work, i)
			}
		}
	}
	starts[0] = true
	for len(work) > 0 {
		i := work[len(work)-1]
		work = work[:len(work)-1]
		for i < len(code) && !reached[i] {
			reached[i] = true
			in := &code[i]
			kind, target := in.jump()
			if kind == jumpNone {
				if ends(in) {
					break
				}
				i = in.next()
				continue
			}
			switch kind {
			case jumpAlways:
				start(target)
			case jumpIf, jumpMay:
				start(target, in.next())
			}
			break
		}
	}
	return reached, starts
}

// blocksOf makes the empty blocks of a function in the order of their first
// instructions, by that instruction. The first block is the entry, which no
// jump leads to: the frame pointer is set there once.
func blocksOf(starts []bool) (blocks []*ir.Block, at map[int]*ir.Block) {
	at = make(map[int]*ir.Block)
	blocks = []*ir.Block{{}}
	for i, s := range starts {
		if s {
			b := &ir.Block{Index: len(blocks)}
			blocks = append(blocks, b)
			at[i] = b
		}
	}
	return blocks, at
}
