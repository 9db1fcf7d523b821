package analyzer

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/bpflockcheck/bpflockcheck/analyzer/diag"
)

// Result is what a run found.
type Result struct {
	// Findings are in a total order that depends on nothing but the inputs and
	// the options.
	Findings []diag.Finding
	// Suppressed are the findings that comments silence.
	Suppressed []diag.Finding
	// Skipped names everything that could not be analysed, in a total order.
	Skipped []diag.Skip
	// Failed are the inputs named by the caller of which nothing could be
	// analysed. They are not in Skipped.
	Failed []diag.Skip
	// Notes are remarks on how the inputs were read, each once.
	Notes []string
	// Recorded holds source lines as objects' debug information has them, by
	// file and line: what to show when the file is not there.
	Recorded map[string]map[int]string
	// Files are the inputs that were analysed.
	Files []string
	// Objects are those of Files that are BPF objects.
	Objects []string
	// Programs is the number of BPF programs in them. A program that was seen
	// in source and object counts once.
	Programs int
}

// Check analyses the inputs: BPF C files, BPF objects, folders, and patterns
// such as "./...", which is also what no input at all stands for. It returns
// ErrNoInput when there is nothing to analyse, an error about a selector that
// names no rule, and the context's error when it was cancelled. What goes wrong
// with one input is in the result and costs only that one.
func Check(ctx context.Context, args []string, opts Options) (*Result, error) {
	o, err := opts.normal()
	if err != nil {
		return nil, err
	}
	pol, err := newPolicies(&o)
	if err != nil {
		return nil, err
	}
	in, err := discover(args, &o)
	if err != nil {
		return nil, err
	}
	// The go command works beside the rest: it mostly waits for the compiler.
	golang := make(chan *unitResult, 1)
	go func() { golang <- analyseGo(ctx, &o, &in.golang) }()
	units, err := analyse(ctx, &o, in.files)
	goUnit := <-golang
	if err != nil {
		return nil, err
	}
	c := &collector{o: &o, loc: newLocator(&o, in.files), res: &Result{Failed: in.failed}, pol: pol}
	c.res.Skipped = in.skipped
	if goUnit != nil {
		units = append(units, goUnit)
	}
	return c.collect(units), nil
}

// collector puts the units' results together.
type collector struct {
	o   *Options
	loc *locator
	pol *policies
	res *Result
}

func (c *collector) collect(units []*unitResult) *Result {
	var (
		findings []diag.Finding
		analysed []string // files that hold analysed functions
		programs = map[program]bool{}
	)
	for _, u := range c.whole(units) {
		object := ""
		if u.input.kind == kindObject {
			object = u.input.path
		}
		for i := range u.findings {
			c.loc.finding(&u.findings[i])
		}
		findings = append(findings, u.findings...)
		for _, s := range u.skipped {
			s.Span.File = c.loc.name(s.Span.File, object)
			if s.Fatal && u.broken && u.input.named {
				c.res.Failed = append(c.res.Failed, s)
			} else {
				c.res.Skipped = append(c.res.Skipped, s)
			}
		}
		for _, n := range u.notes {
			c.note(n)
		}
		for _, f := range u.files {
			analysed = append(analysed, c.loc.name(f, object))
		}
		for file, lines := range u.recorded {
			c.record(c.loc.name(file, object), lines)
		}
		for _, p := range u.programs {
			p.file = c.loc.name(p.file, object)
			if p.file == "" {
				p.file = u.input.path
			}
			programs[p] = true
		}
		c.res.Files = append(c.res.Files, u.inputs...)
		if !u.broken && u.input.path != "" {
			if u.input.named && len(u.programs) == 0 && len(u.skipped) == 0 {
				c.note("nothing to judge, for there is no BPF program (a function with SEC(...)): " + u.input.path)
			}
			c.res.Files = append(c.res.Files, u.input.path)
			if u.input.kind == kindObject {
				c.res.Objects = append(c.res.Objects, u.input.path)
			}
		}
	}
	c.res.Programs = len(programs)
	slices.SortFunc(c.res.Skipped, diag.Skip.Compare)
	c.res.Skipped = slices.Compact(c.res.Skipped)
	slices.SortStableFunc(c.res.Failed, diag.Skip.Compare)
	slices.Sort(analysed)
	c.judge(merge(findings), slices.Compact(analysed))
	return c.res
}

// note adds a remark that is not yet there. Remarks that differ only in the
// names listed after the last colon become one with all the names.
func (c *collector) note(n string) {
	i := strings.LastIndex(n, ": ")
	if i >= 0 {
		for j, old := range c.res.Notes {
			list, ok := strings.CutPrefix(old, n[:i+2])
			if !ok {
				continue
			}
			names := strings.Split(list, ", ")
			for _, name := range strings.Split(n[i+2:], ", ") {
				if !slices.Contains(names, name) {
					names = append(names, name)
				}
			}
			c.res.Notes[j] = n[:i+2] + strings.Join(names, ", ")
			return
		}
	}
	if !slices.Contains(c.res.Notes, n) {
		c.res.Notes = append(c.res.Notes, n)
	}
}

// record keeps source lines.
func (c *collector) record(file string, lines map[int]string) {
	if c.res.Recorded == nil {
		c.res.Recorded = map[string]map[int]string{}
	}
	if c.res.Recorded[file] == nil {
		c.res.Recorded[file] = map[int]string{}
	}
	maps.Copy(c.res.Recorded[file], lines)
}

// judge takes out what is silenced and what was not asked for.
func (c *collector) judge(findings []diag.Finding, analysed []string) {
	silence := newSilencer(c.o.files())
	keep := findings[:0:0]
	for _, f := range findings {
		if silence.silenced(&f) {
			c.res.Suppressed = append(c.res.Suppressed, f)
			continue
		}
		keep = append(keep, f)
	}
	keep = append(keep, silence.unused(analysed, c.res.Skipped)...)
	for _, f := range keep {
		if c.pol.show(&f) {
			c.res.Findings = append(c.res.Findings, f)
		}
	}
	slices.SortStableFunc(c.res.Findings, func(a, b diag.Finding) int { return a.Compare(&b) })
}
