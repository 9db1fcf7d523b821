package analyzer

import (
	"context"
	"fmt"
	"runtime/debug"
	"slices"

	"github.com/bpflockcheck/bpflockcheck/analyzer/diag"
	"github.com/bpflockcheck/bpflockcheck/analyzer/gomap"
	"github.com/bpflockcheck/bpflockcheck/analyzer/position"
)

// analyseGo judges the Go code among the inputs; nil when there is none.
func analyseGo(ctx context.Context, o *Options, in *goInputs) (res *unitResult) {
	if len(in.patterns) == 0 {
		return nil
	}
	res = &unitResult{}
	defer func() {
		if v := recover(); v != nil {
			*res = unitResult{skipped: []diag.Skip{{
				Span:   position.Span{File: in.patterns[0]},
				Reason: fmt.Sprintf("internal error, please report it: %v (at %s)", v, panicSite(debug.Stack())),
			}}}
		}
	}()
	checked, err := gomap.Check(ctx, in.patterns, gomap.Config{Dir: o.Dir, Overlay: o.Overlay, Cache: o.GoTypes})
	if err != nil {
		checked = &gomap.Checked{}
		checked.Skipped = append(checked.Skipped, diag.Skip{Span: position.Span{File: in.patterns[0]}, Reason: reason(err)})
	}
	if in.only != nil {
		checked.Findings = slices.DeleteFunc(checked.Findings, func(f diag.Finding) bool { return !in.only[o.abs(f.Span.File)] })
		checked.Files = slices.DeleteFunc(checked.Files, func(f string) bool { return !in.only[o.abs(f)] })
	}
	res.findings, res.skipped, res.inputs = checked.Findings, checked.Skipped, checked.Files
	if len(res.skipped) == 0 {
		// Where a package was not analysed, a suppression may be of use.
		res.files = in.seen
	}
	return res
}
