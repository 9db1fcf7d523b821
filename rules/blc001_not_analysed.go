package rules

import (
	"slices"

	"github.com/bpflockcheck/bpflockcheck/analyzer/diag"
	"github.com/bpflockcheck/bpflockcheck/analyzer/position"
)

var notAnalysed = &Rule{
	ID: "BLC001", Name: "not-analysed", Severity: diag.Note,
	Summary: "an input or a part of it was not analysed",
	Check:   checkNotAnalysed,
}

func checkNotAnalysed(p *Pass) {
	skips := slices.Concat(p.Model.Unit.Skipped, p.Model.Skipped)
	slices.SortFunc(skips, diag.Skip.Compare)
	skips = slices.CompactFunc(skips, func(a, b diag.Skip) bool { return a.Compare(b) == 0 })
	for _, s := range skips {
		what := "this part"
		if s.Fatal {
			what = "the file"
		} else if s.Function != "" {
			what = "function " + s.Function
		}
		p.ReportAt(&position.Pos{Span: s.Span}, what+" was not analysed: "+s.Reason,
			func(f *finding) { f.Function = s.Function },
			Help("what the reason names must be mended for the other rules to look here"))
	}
}
