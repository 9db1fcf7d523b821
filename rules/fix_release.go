package rules

import (
	"github.com/bpflockcheck/bpflockcheck/analyzer/diag"
	"github.com/bpflockcheck/bpflockcheck/analyzer/ir"
	"github.com/bpflockcheck/bpflockcheck/analyzer/model"
)

// releasesOf gives what releases the locks held, innermost first.
func releasesOf(held []model.Lock) (rs []ir.Release) {
	for i := len(held) - 1; i >= 0; i-- {
		rs = append(rs, ir.Release{Taken: held[i].Since.Pos, Callee: unlockName(held[i])})
	}
	return rs
}

// releaseFix makes the fix that calls what is missing before an exit. Else it
// gives the reason, ready to be put behind the help.
func (p *Pass) releaseFix(e *model.Exit, rs []ir.Release) (*diag.Fix, string) {
	rw := p.Model.Unit.Rewrite
	if rw == nil || e.Func == nil || len(rs) == 0 {
		return nil, ""
	}
	exits, why := p.returnsBehind(e)
	if why != "" {
		return nil, noFix + why
	}
	fix := &diag.Fix{Title: "call " + rs[0].Callee + " before the return", Safe: true}
	for _, x := range exits {
		edits, why := rw.Release(x.Func.Name, x.Pos, rs)
		if p.otherwiseReached(x, len(e.Held) > 0) {
			edits = nil
			if len(rs) == 1 && len(exits) == 1 {
				var mixed string
				if edits, mixed = rw.ReleaseBeforeGotos(x.Func.Name, x.Pos, rs[0]); mixed == "" || why == "" {
					why = mixed
				}
			} else if why == "" {
				why = "other paths reach this return without it"
			}
		}
		if why != "" {
			return nil, noFix + why
		}
		fix.Edits = append(fix.Edits, edits...)
	}
	return fix, ""
}

// returnsBehind gives the return statements by which the program comes to an
// exit: the exit itself, or those of the function that libbpf's BPF_PROG and
// the like put a program's body into.
func (p *Pass) returnsBehind(e *model.Exit) (exits []*model.Exit, why string) {
	if e.How == "callback" {
		if returns(e.Func) > 1 {
			return nil, "the callback has several returns"
		}
		return []*model.Exit{e}, ""
	}
	seen := map[ir.Instr]bool{}
	for _, x := range p.Model.Exits {
		if x.How == "subprogram" && x.Func != nil && x.Func.Name == "____"+e.Func.Name && x.Program == e.Program && open(x) && !seen[x.Instr] {
			seen[x.Instr] = true
			exits = append(exits, x)
		}
	}
	if len(exits) == 0 {
		exits = append(exits, e)
	}
	return exits, ""
}

// open reports whether something is held or open at an exit.
func open(e *model.Exit) bool { return len(e.Held) > 0 || e.RCU > 0 || e.Preempt > 0 || e.IRQ > 0 }

func returns(f *ir.Func) (n int) {
	for _, b := range f.Blocks {
		for _, in := range b.Instrs {
			if _, ok := in.(*ir.Return); ok {
				n++
			}
		}
	}
	return n
}

// otherwiseReached reports whether there is a path to the same exit on which
// other locks are held, or other sections are open.
func (p *Pass) otherwiseReached(e *model.Exit, locks bool) bool {
	for _, x := range p.Model.Exits {
		if x.Instr != e.Instr || x == e {
			continue
		}
		if locks {
			if len(x.Held) != len(e.Held) {
				return true
			}
			for i := range x.Held {
				if !samePos(x.Held[i].Since, e.Held[i].Since) {
					return true
				}
			}
		} else if x.RCU != e.RCU || x.Preempt != e.Preempt || x.IRQ != e.IRQ {
			return true
		}
	}
	return false
}
