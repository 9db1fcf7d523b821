package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/bpflockcheck/bpflockcheck/analyzer"
	"github.com/bpflockcheck/bpflockcheck/analyzer/diag"
	"github.com/bpflockcheck/bpflockcheck/internal/baseline"
	"github.com/bpflockcheck/bpflockcheck/internal/fixer"
	"github.com/bpflockcheck/bpflockcheck/internal/gitignore"
	"github.com/bpflockcheck/bpflockcheck/internal/gitrev"
	"github.com/bpflockcheck/bpflockcheck/internal/report"
	"github.com/bpflockcheck/bpflockcheck/internal/source"
	"github.com/bpflockcheck/bpflockcheck/internal/suggest"
)

func (c *Command) checkCommand() *cobra.Command {
	var flags checkFlags
	cmd := &cobra.Command{
		Use:   "check [flags] [PATH | GO-PACKAGE]...",
		Short: "Check sources, objects and Go packages (the default command)",
		Long: `Checks BPF C files, BPF objects (known by their contents, whatever their name),
folders (walked for both, less what .gitignore names), and patterns such as
./..., the default. - is C from standard input. What follows -- is given to the
C front end as clang flags.

Exit status: 0 nothing at or above --fail-on, 1 findings, 2 the job could not be
done.`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			var clangFlags []string
			if n := cmd.ArgsLenAtDash(); n >= 0 {
				args, clangFlags = args[:n], args[n:]
			}
			dir, err := c.dir()
			if err != nil {
				return err
			}
			s, err := flags.settle(cmd.Flags(), dir, clangFlags)
			if err != nil {
				return err
			}
			r := &checkRun{c: c, s: s, start: time.Now(), subcommands: subcommands(cmd)}
			return r.run(cmd.Context(), args)
		},
	}
	flags.register(cmd.Flags())
	completeFlags(cmd)
	return cmd
}

// subcommands names the commands that a word could have been meant for.
func subcommands(cmd *cobra.Command) []string {
	var names []string
	for _, sub := range cmd.Root().Commands() {
		names = append(names, sub.Name())
	}
	return names
}

// checkRun is one run of check.
type checkRun struct {
	c           *Command
	s           *settings
	start       time.Time
	files       *source.Files
	subcommands []string
}

// maxStdin bounds what is read from standard input.
const maxStdin = source.MaxSize

func (r *checkRun) run(ctx context.Context, args []string) error {
	args, err := r.readStdin(args)
	if err != nil {
		return err
	}
	r.files = &source.Files{Dir: r.s.options.Dir, Overlay: r.s.options.Overlay}
	// What can be found wrong without analysing anything is found first.
	var known *baseline.Baseline
	if r.s.baseline != "" && r.s.writeBaseline == "" {
		if known, err = baseline.Load(inDir(r.s.options.Dir, r.s.baseline)); err != nil {
			return err
		}
	}
	if err := r.checkOutputs(args); err != nil {
		return err
	}
	var changes *gitrev.Changes
	if r.s.newFromRev != "" {
		if changes, err = gitrev.Since(ctx, r.s.options.Dir, r.s.newFromRev); err != nil {
			return fmt.Errorf("--new-from-rev: %w", err)
		}
	}
	res, err := r.check(ctx, args)
	if err != nil {
		return err
	}
	if r.s.writeBaseline != "" {
		return r.saveBaseline(res)
	}
	r.narrow(res, known, changes)
	switch {
	case r.s.diff:
		return r.printDiff(res)
	case r.s.fix:
		if res, err = r.applyFixes(ctx, args, res, known, changes); err != nil {
			return err
		}
	}
	if r.s.verify {
		if err := r.confirm(ctx, res); err != nil {
			return err
		}
	}
	if err := r.report(res); err != nil {
		return err
	}
	r.c.status = r.exitStatus(res)
	return nil
}

// checkOutputs reports an --output that cannot be written, or that would take
// the place of another file of this run.
func (r *checkRun) checkOutputs(args []string) error {
	dir := r.s.options.Dir
	var written []string
	if r.s.writeBaseline != "" {
		written = append(written, inDir(dir, r.s.writeBaseline))
	}
	for _, o := range r.s.outputs {
		path := inDir(dir, o.file)
		if err := checkWritable(path); err != nil {
			return fmt.Errorf("--output: %w", err)
		}
		if slices.ContainsFunc(written, func(p string) bool { return sameFile(p, path) }) {
			return fmt.Errorf("--output: %s is named twice", o.file)
		}
		if slices.ContainsFunc(args, func(a string) bool { return sameFile(inDir(dir, a), path) }) {
			return fmt.Errorf("--output: %s is an input", o.file)
		}
		written = append(written, path)
	}
	return nil
}

// readStdin replaces - by the name that standard input's text goes by.
func (r *checkRun) readStdin(args []string) ([]string, error) {
	i := slices.Index(args, "-")
	if i < 0 {
		return args, nil
	}
	if slices.Contains(args[i+1:], "-") {
		return nil, errors.New("- is given twice, but there is one standard input")
	}
	if r.s.fix {
		return nil, errors.New("--fix cannot write to standard input; use --diff")
	}
	text, err := io.ReadAll(io.LimitReader(r.c.Stdin, maxStdin+1))
	if err != nil {
		return nil, fmt.Errorf("standard input: %w", err)
	}
	if len(text) > maxStdin {
		return nil, fmt.Errorf("standard input: larger than %d MiB", maxStdin>>20)
	}
	args = slices.Clone(args)
	args[i] = filepath.Clean(r.s.stdinFilename)
	r.s.options.Overlay = map[string][]byte{inDir(r.s.options.Dir, args[i]): text}
	return args, nil
}

// check analyses, with a progress line on a terminal.
func (r *checkRun) check(ctx context.Context, args []string) (*analyzer.Result, error) {
	opts := r.s.options
	p := r.c.newProgress(r.s.quiet)
	opts.Progress = p.update
	res, err := analyzer.Check(ctx, args, opts)
	p.clear()
	if err != nil {
		return nil, err
	}
	r.files.Recorded = res.Recorded
	for i := range res.Failed {
		f := &res.Failed[i]
		hint := ""
		if name := suggest.Nearest(f.Span.File, r.subcommands); name != "" {
			hint = fmt.Sprintf(" (did you mean the command %q?)", name)
		}
		r.c.errorf("%s: %s%s", f.Span, f.Reason, hint)
	}
	return res, nil
}

// narrow leaves only findings that are new by the revision and the baseline.
func (r *checkRun) narrow(res *analyzer.Result, known *baseline.Baseline, changes *gitrev.Changes) {
	if changes != nil {
		res.Findings = slices.DeleteFunc(res.Findings, func(f diag.Finding) bool { return !r.touched(&f, changes) })
	}
	if known == nil {
		return
	}
	analysed := map[string]bool{}
	for _, f := range res.Files {
		analysed[r.files.Abs(f)] = true
	}
	for i := range res.Findings {
		analysed[r.files.Abs(res.Findings[i].Span.File)] = true
	}
	fresh, stale := known.New(res.Findings, r.files, func(abs string) bool { return analysed[abs] })
	res.Findings = fresh
	// Of what was left out before, nothing can be said.
	if !r.s.quiet && changes == nil {
		for _, e := range stale {
			r.c.errorf("stale baseline entry, the finding is gone: %s", e)
		}
		if len(stale) > 0 {
			r.c.errorf("renew the baseline with --write-baseline %s", r.s.baseline)
		}
	}
}

// touched reports whether a changed line takes part in a finding.
func (r *checkRun) touched(f *diag.Finding, changes *gitrev.Changes) bool {
	if changes.Touches(r.files.Abs(f.Span.File), f.Span.Line, f.Span.EndLine) {
		return true
	}
	return slices.ContainsFunc(f.Related, func(rel diag.Related) bool {
		return rel.Span.Line > 0 && changes.Touches(r.files.Abs(rel.Span.File), rel.Span.Line, rel.Span.EndLine)
	})
}

func (r *checkRun) saveBaseline(res *analyzer.Result) error {
	if err := baseline.Write(inDir(r.s.options.Dir, r.s.writeBaseline), res.Findings, r.files); err != nil {
		return err
	}
	if err := r.nameSkipped(res); err != nil {
		return err
	}
	if err := r.writeOutputs(r.makeReport(res)); err != nil {
		return err
	}
	if !r.s.quiet {
		r.c.errorf("wrote %d finding(s) to %s", len(res.Findings), r.s.writeBaseline)
	}
	r.c.status = r.exitStatus(&analyzer.Result{Failed: res.Failed, Skipped: res.Skipped})
	return nil
}

func (r *checkRun) printDiff(res *analyzer.Result) error {
	plan := fixer.Make(res.Findings, r.files, r.s.unsafeFixes)
	r.refusals(res, plan)
	diff := plan.Diff()
	if isTerminal(r.c.Stdout) {
		// Elsewhere it is for patch(1), which wants it byte by byte.
		diff = report.CleanLines(diff)
	}
	if _, err := io.WriteString(r.c.Stdout, diff); err != nil {
		return err
	}
	if err := r.writeOutputs(r.makeReport(res)); err != nil {
		return err
	}
	if err := r.nameSkipped(res); err != nil {
		return err
	}
	if !r.s.quiet && (len(res.Files) > 0 || len(res.Failed) == 0) {
		r.c.errorf("%s", diffSummary(res.Findings, len(plan.Applied), r.s.unsafeFixes))
	}
	r.c.status = r.exitStatus(res)
	return nil
}

// diffSummary says how many of the findings a diff mends, and how more are to be
// had: a diff alone, an empty one above all, says nothing about the rest.
func diffSummary(fs []diag.Finding, mended int, unsafe bool) string {
	more := 0
	for i := range fs {
		if f := fs[i].Fix; f != nil && !f.Safe && !unsafe {
			more++
		}
	}
	if len(fs) == 0 {
		return "no findings, so no fixes"
	}
	s := fmt.Sprintf("the diff mends %d of %d finding(s)", mended, len(fs))
	if more > 0 {
		s += fmt.Sprintf("; %d more with --unsafe-fixes", more)
	}
	return s
}

// maxFixRounds bounds how often fixes are applied and the result is checked
// again: a fix may only become applicable after another one.
const maxFixRounds = 5

// applyFixes changes the files and gives what is left to find in them.
func (r *checkRun) applyFixes(ctx context.Context, args []string, res *analyzer.Result, known *baseline.Baseline, changes *gitrev.Changes) (*analyzer.Result, error) {
	applied := 0
	for round := 1; ; round++ {
		plan := fixer.Make(res.Findings, r.files, r.s.unsafeFixes)
		if len(plan.Changed) == 0 || round > maxFixRounds {
			r.refusals(res, plan)
			break
		}
		if err := plan.Write(); err != nil {
			return nil, err
		}
		applied += len(plan.Applied)
		r.files = &source.Files{Dir: r.s.options.Dir, Overlay: r.s.options.Overlay}
		var err error
		if res, err = r.check(ctx, args); err != nil {
			return nil, err
		}
		r.narrow(res, known, changes)
	}
	if !r.s.quiet {
		r.c.errorf("applied %d fix(es)", applied)
	}
	return res, nil
}

func (r *checkRun) refusals(res *analyzer.Result, plan *fixer.Plan) {
	for _, ref := range plan.Refused {
		f := &res.Findings[ref.Finding]
		r.c.errorf("%s: fix for %s not applied: %s", f.Span, f.Rule, ref.Err)
	}
}

// exitStatus is the contract's.
func (r *checkRun) exitStatus(res *analyzer.Result) int {
	if len(res.Failed) > 0 || r.s.strict && len(res.Skipped) > 0 {
		return ExitFailure
	}
	for i := range res.Findings {
		if r.s.failOn != 0 && res.Findings[i].Severity >= r.s.failOn {
			return ExitFindings
		}
	}
	return ExitOK
}

// makeReport gives the result in the form that the formats read.
func (r *checkRun) makeReport(res *analyzer.Result) *report.Report {
	return &report.Report{
		Findings: res.Findings, Skipped: res.Skipped, Failed: res.Failed, Notes: res.Notes,
		Inputs: res.Files, Programs: res.Programs, Elapsed: time.Since(r.start),
		Files: r.files, Root: gitignore.RepositoryRoot(r.s.options.Dir), Rules: catalogue(), Version: version(),
	}
}

// report writes the findings to standard output and to the files asked for,
// and the rest to standard error.
func (r *checkRun) report(res *analyzer.Result) error {
	rep := r.makeReport(res)
	// A file that cannot be written costs none of the others, nor what is
	// printed.
	failed := r.writeOutputs(rep)
	color := r.c.useColor(r.s, r.c.Stdout)
	if err := report.Write(r.c.Stdout, r.s.format, rep, report.Options{Color: color}); err != nil {
		return err
	}
	if !report.NamesSkipped(r.s.format) {
		if err := r.nameSkipped(res); err != nil {
			return err
		}
	}
	if !r.s.quiet && (len(res.Files) > 0 || len(res.Failed) == 0) {
		_, _ = fmt.Fprintln(r.c.Stderr, report.Summary(rep))
	}
	return failed
}

// writeOutputs writes the files that --output asks for.
func (r *checkRun) writeOutputs(rep *report.Report) (failed error) {
	for _, o := range r.s.outputs {
		if err := writeFile(inDir(r.s.options.Dir, o.file), o.format, rep); err != nil && failed == nil {
			failed = fmt.Errorf("--output %s=%s: %w", o.format, o.file, err)
		}
	}
	return failed
}

// nameSkipped tells on standard error what was not analysed, and the notes.
func (r *checkRun) nameSkipped(res *analyzer.Result) error {
	rep := &report.Report{Skipped: res.Skipped}
	if !r.s.quiet {
		rep.Notes = res.Notes
		if !r.s.verbose {
			rep.Notes = condense(rep.Notes)
		}
	}
	return report.WriteSkipped(r.c.Stderr, rep, report.Options{Color: r.c.useColor(r.s, r.c.Stderr)})
}
