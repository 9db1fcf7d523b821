package analyzer

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"sync"

	"github.com/bpflockcheck/bpflockcheck/analyzer/csource"
	"github.com/bpflockcheck/bpflockcheck/analyzer/csource/unit"
	"github.com/bpflockcheck/bpflockcheck/analyzer/diag"
	"github.com/bpflockcheck/bpflockcheck/analyzer/flow"
	"github.com/bpflockcheck/bpflockcheck/analyzer/ir"
	"github.com/bpflockcheck/bpflockcheck/analyzer/model"
	"github.com/bpflockcheck/bpflockcheck/analyzer/object"
	"github.com/bpflockcheck/bpflockcheck/analyzer/position"
	"github.com/bpflockcheck/bpflockcheck/rules"
)

// unitResult is what one input gave. Only what is needed later is kept: the
// IR and the model of a unit are garbage once its rules have run, so that a
// run over a thousand files needs the memory of a few.
type unitResult struct {
	input    input
	findings []diag.Finding
	skipped  []diag.Skip
	notes    []string
	programs []program
	// files are those that hold functions which were analysed: where a
	// suppression can be found to be unused.
	files []string
	// inputs are the files that were analysed where there is not one input:
	// those of Go packages.
	inputs []string
	// recorded are the source lines of an object, less those that nothing
	// points to.
	recorded map[string]map[int]string
	model    *model.Model // with input.keepModel
	included []string     // absolute paths of the .c files that it includes
	// broken: nothing of the input could be analysed, because of err.
	broken bool
	err    error
}

// program is an entry program with the file it is written in, "" when not
// known.
type program struct {
	diag.Program
	file string
}

// analyse runs the pipeline over all inputs, Jobs at a time, and gives the
// results in the order of the inputs.
func analyse(ctx context.Context, o *Options, files []input) ([]*unitResult, error) {
	results := make([]*unitResult, len(files))
	var (
		wg   sync.WaitGroup
		mu   sync.Mutex // guards done and Progress
		done int
	)
	next := make(chan int)
	for range min(o.Jobs, len(files)) {
		wg.Go(func() {
			for i := range next {
				results[i] = analyseOne(ctx, o, files[i])
				if o.Progress != nil {
					mu.Lock()
					done++
					o.Progress(done, len(files))
					mu.Unlock()
				}
			}
		})
	}
	for i := range files {
		if ctx.Err() != nil {
			break
		}
		next <- i
	}
	close(next)
	wg.Wait()
	return results, ctx.Err()
}

// analyseOne takes one input through every stage. A defect of this program
// that one input brings out must not cost the others theirs.
func analyseOne(ctx context.Context, o *Options, in input) (res *unitResult) {
	res = &unitResult{input: in}
	defer func() {
		if v := recover(); v != nil {
			*res = unitResult{input: in}
			res.fail(fmt.Sprintf("internal error, please report it: %v (at %s)", v, panicSite(debug.Stack())))
		}
	}()
	u, err := load(ctx, o, in)
	if err != nil {
		res.fail(strings.TrimPrefix(reason(err), in.abs+": "))
		return res
	}
	if s, ok := nothingLeft(u); ok {
		res.fail(fmt.Sprintf("%s: %s", s.Span, s.Reason))
		return res
	}
	m := flow.Analyze(ctx, u, flow.Config{Kernel: o.Kernel})
	if in.keepModel {
		res.model = m
	}
	res.findings = rules.Run([]*model.Model{m}, rules.Config{Kernel: o.Kernel})
	u.Rewrite = nil // a model that is kept need not hold the syntax tree
	res.skipped = append(append(res.skipped, u.Skipped...), m.Skipped...)
	for _, n := range u.Notes {
		if in.kind == kindObject {
			n += ": " + in.path
		}
		res.notes = append(res.notes, n)
	}
	res.included = u.Included
	res.recorded = linesOf(res.findings, u.Text)
	seen := map[string]bool{}
	for _, f := range u.Funcs {
		if f.Pos != nil && f.Blocks != nil && !seen[f.Pos.File] {
			seen[f.Pos.File] = true
			res.files = append(res.files, f.Pos.File)
		}
	}
	for _, p := range u.Programs {
		prog := program{Program: diag.Program{Name: p.Name, Section: p.Section}}
		if p.Func != nil && p.Func.Pos != nil {
			prog.file = p.Func.Pos.File
		}
		res.programs = append(res.programs, prog)
	}
	return res
}

// nothingLeft gives the first thing skipped of a unit of which nothing else is
// there: that is a failure, and no file without findings.
func nothingLeft(u *ir.Unit) (diag.Skip, bool) {
	if len(u.Skipped) == 0 || len(u.Programs) > 0 || len(u.Maps) > 0 {
		return diag.Skip{}, false
	}
	for _, f := range u.Funcs {
		if f.Blocks != nil {
			return diag.Skip{}, false
		}
	}
	for _, s := range u.Skipped {
		if s.Function == "" {
			return s, true
		}
	}
	return diag.Skip{}, false
}

// linesOf keeps the recorded lines that findings show.
func linesOf(fs []diag.Finding, text map[string]map[int]string) map[string]map[int]string {
	if len(text) == 0 {
		return nil
	}
	out := map[string]map[int]string{}
	keep := func(s position.Span) {
		if line, ok := text[s.File][s.Line]; ok {
			if out[s.File] == nil {
				out[s.File] = map[int]string{}
			}
			out[s.File][s.Line] = line
		}
	}
	for i := range fs {
		keep(fs[i].Span)
		for _, rel := range fs[i].Related {
			keep(rel.Span)
		}
	}
	return out
}

// load lowers one input.
func load(ctx context.Context, o *Options, in input) (*ir.Unit, error) {
	if in.kind == kindObject {
		return object.Load(ctx, in.abs, object.Config{Dir: o.Dir})
	}
	return csource.Load(ctx, in.abs, unit.Config{
		Dir:         o.Dir,
		IncludeDirs: o.IncludeDirs,
		Defines:     o.Defines,
		ExtraFlags:  o.ExtraFlags,
		Overlay:     o.Overlay,
		BTF:         o.BTF,
		Cache:       o.Headers,
	})
}

// fail records that nothing of the input could be analysed. A reason that
// starts with a position, as the front ends' errors do, is taken apart.
func (r *unitResult) fail(why string) {
	r.broken, r.err = true, errors.New(why)
	span := position.Span{File: r.input.path}
	if s, rest, ok := position.Cut(why); ok {
		span, why = s, rest
	}
	r.skipped = append(r.skipped, diag.Skip{Span: span, Reason: why, Fatal: true})
	// A unit that holds nothing but this gives the finding that says so.
	evidence := diag.FromSource
	if r.input.kind == kindObject {
		evidence = diag.FromObject
	}
	empty := &model.Model{Unit: &ir.Unit{Name: r.input.path, Evidence: evidence, Skipped: r.skipped}}
	r.findings = rules.Run([]*model.Model{empty}, rules.Config{})
}

// panicSite finds the line that panicked in a stack trace: the first frame of
// this module below the runtime's.
func panicSite(stack []byte) string {
	lines := strings.Split(string(stack), "\n")
	afterPanic := false
	for i, l := range lines {
		if strings.HasPrefix(l, "panic(") {
			afterPanic = true
			continue
		}
		if afterPanic && strings.HasPrefix(l, "github.com/bpflockcheck/bpflockcheck/") && i+1 < len(lines) {
			where, _, _ := strings.Cut(strings.TrimSpace(lines[i+1]), " ")
			if j := strings.LastIndex(where, "/"); j >= 0 {
				if k := strings.LastIndex(where[:j], "/"); k >= 0 {
					return where[k+1:]
				}
			}
			return where
		}
	}
	return "unknown place"
}
