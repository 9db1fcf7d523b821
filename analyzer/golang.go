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
	findings, skipped, err := gomap.Check(ctx, in.patterns, gomap.Config{Dir: o.Dir, Overlay: o.Overlay})
	if err != nil {
		skipped = append(skipped, diag.Skip{Span: position.Span{File: in.patterns[0]}, Reason: reason(err)})
	}
	if in.only != nil {
		findings = slices.DeleteFunc(findings, func(f diag.Finding) bool { return !in.only[o.abs(f.Span.File)] })
	}
	res.findings, res.skipped = findings, skipped
	if len(skipped) == 0 {
		// Where a package was not analysed, a suppression may be of use.
		res.files = in.seen
	}
	return res
}
