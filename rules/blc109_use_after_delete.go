package rules

import (
	"fmt"

	"github.com/bpflockcheck/bpflockcheck/analyzer/diag"
	"github.com/bpflockcheck/bpflockcheck/analyzer/model"
	"github.com/bpflockcheck/bpflockcheck/rules/kernel"
)

var useAfterDelete = &Rule{
	ID: "BLC109", Name: "use-after-delete", Severity: diag.Warning,
	Summary: "a value pointer is used after its element was deleted",
	Check:   checkUseAfterDelete,
}

// recyclesAtOnce reports whether a deleted element's memory can hold another
// key's value before the program ends: hash elements go back to a free list.
// What LPM tries and local storage free waits for RCU.
func recyclesAtOnce(t kernel.MapType) bool {
	switch t {
	case kernel.MapTypeHash, kernel.MapTypeLRUHash, kernel.MapTypePercpuHash, kernel.MapTypeLRUPercpuHash:
		return true
	}
	return false
}

func checkUseAfterDelete(p *Pass) {
	type use struct {
		program, function string
		elem              int
		deleted           *model.Site
	}
	seen := make(map[use]bool)
	for _, a := range p.Model.Accesses {
		if a.Deleted == nil || a.Place.Map == nil || a.Place.Elem == nil || !recyclesAtOnce(a.Place.Map.Type) {
			continue
		}
		u := use{elem: a.Place.Elem.ID, deleted: a.Deleted}
		if a.Program != nil {
			u.program = a.Program.Name
		}
		if a.Func != nil {
			u.function = a.Func.Name
		}
		if seen[u] {
			continue
		}
		seen[u] = true
		verb := "read"
		if isWrite(a.Kind) {
			verb = "written"
		}
		p.Report(a.Site, fmt.Sprintf("in %s, a value of %s is %s after its element was deleted: the memory may already hold another key's value", programs, a.Place.Map.Name, verb),
			On(a.Place), WithConfidence(diag.High),
			Related(a.Deleted.Pos, "deleted here"),
			Related(a.Place.Elem.Site.Pos, "looked up here"),
			Help("copy what is needed before the delete, or delete last"))
	}
}
