package rules

import (
	"fmt"

	"github.com/bpflockcheck/bpflockcheck/analyzer/diag"
	"github.com/bpflockcheck/bpflockcheck/analyzer/model"
	"github.com/bpflockcheck/bpflockcheck/rules/kernel"
)

var graphOpUnlocked = &Rule{
	ID: "BLC210", Name: "graph-op-unlocked", Severity: diag.Error,
	Summary: "a bpf_list or bpf_rbtree operation without the lock that guards its root",
	Check:   checkGraphOpUnlocked,
}

func checkGraphOpUnlocked(p *Pass) {
	for _, c := range p.Model.Calls {
		if !c.Graph || c.RootHeld || !kernel.IsGraphKfunc(c.Name) {
			continue
		}
		var root model.Place
		if c.Root != nil {
			root = *c.Root
		}
		message := fmt.Sprintf("in %s, %s is called without the lock beside the root in %s", programs, c.Name, ownerOr(root, "its object"))
		opts := []Option{On(root), Help("take the lock in the same value around the operation")}
		if n := len(c.Held); n > 0 {
			message += "; the lock held is another"
			opts = append(opts, Related(c.Held[n-1].Since.Pos, "the lock held is taken here"))
		}
		p.Report(c.Site, message, opts...)
	}
}
