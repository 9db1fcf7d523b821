package cli

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/bpflockcheck/bpflockcheck/analyzer"
	"github.com/bpflockcheck/bpflockcheck/analyzer/diag"
	"github.com/bpflockcheck/bpflockcheck/internal/config"
	"github.com/bpflockcheck/bpflockcheck/internal/report"
	"github.com/bpflockcheck/bpflockcheck/rules/kernel"
)

// checkFlags are the flags of check as given; what a config says is put under
// them by settle.
type checkFlags struct {
	format        string
	outputs       []string
	kernel        string
	enable        []string
	disable       []string
	severity      []string
	failOn        string
	confidence    string
	includeDirs   []string
	defines       []string
	btf           string
	exclude       []string
	config        string
	noConfig      bool
	baseline      string
	writeBaseline string
	newFromRev    string
	fix, diff     bool
	unsafeFixes   bool
	jobs          int
	quiet         bool
	verbose       bool
	noColor       bool
	color         string
	strict        bool
	stdinFilename string
	verify        bool
}

func (f *checkFlags) register(fs *pflag.FlagSet) {
	fs.SortFlags = false
	fs.StringVar(&f.format, "format", "text", "output `FORMAT`: "+strings.Join(report.Formats(), ", "))
	fs.StringArrayVar(&f.outputs, "output", nil, "also write a `FORMAT=FILE`; repeatable")
	fs.StringVar(&f.kernel, "kernel", "", "oldest kernel `VERSION` to support, such as 5.15 (default: newest known, "+kernel.Newest.String()+")")
	fs.StringSliceVar(&f.enable, "enable", nil, "enable `RULES` by identifier, name or prefix (BLC2), or all")
	fs.StringSliceVar(&f.disable, "disable", nil, "disable `RULES`, named in the same way")
	fs.StringSliceVar(&f.severity, "severity", nil, "change severities: `RULE=SEVERITY`")
	fs.StringVar(&f.failOn, "fail-on", "warning", "least `SEVERITY` that makes the exit status 1: error, warning, note, never; note also shows notes")
	fs.StringVar(&f.confidence, "confidence", "medium", "least `CONFIDENCE` shown: high, medium, low")
	fs.StringArrayVarP(&f.includeDirs, "include-dir", "I", nil, "search `DIR` for headers; repeatable")
	fs.StringArrayVarP(&f.defines, "define", "D", nil, "define a macro, `NAME[=VALUE]`; repeatable")
	fs.StringVar(&f.btf, "btf", "", "take kernel types from `FILE` when there is no vmlinux.h (default: /sys/kernel/btf/vmlinux)")
	fs.StringArrayVar(&f.exclude, "exclude", nil, "leave out of a walk what matches `PATTERN`, as in a .gitignore; repeatable")
	fs.StringVar(&f.config, "config", "", "config `FILE` (default: "+config.FileName+" in the nearest parent folder)")
	fs.BoolVar(&f.noConfig, "no-config", false, "read no config")
	fs.StringVar(&f.baseline, "baseline", "", "report only what the baseline `FILE` does not hold")
	fs.StringVar(&f.writeBaseline, "write-baseline", "", "make all findings the baseline `FILE`")
	fs.StringVar(&f.newFromRev, "new-from-rev", "", "report only what lines changed since the git revision `REV` take part in")
	fs.BoolVar(&f.fix, "fix", false, "apply the safe fixes")
	fs.BoolVar(&f.diff, "diff", false, "print the safe fixes as a diff instead of the findings")
	fs.BoolVar(&f.unsafeFixes, "unsafe-fixes", false, "with --fix or --diff: also fixes that may change what the program does")
	fs.BoolVar(&f.verify, "verify", false, "load the objects into the running kernel's verifier and mark what it confirms")
	fs.IntVar(&f.jobs, "jobs", 0, "analyse `N` inputs at a time (default: one for each CPU)")
	fs.BoolVar(&f.quiet, "quiet", false, "findings and what was skipped only: no summary, notes or progress line")
	fs.BoolVar(&f.verbose, "verbose", false, "name each header that was found without an include path")
	fs.StringVar(&f.color, "color", "auto", "`WHEN` to colour the text format: auto, always, never")
	fs.BoolVar(&f.noColor, "no-color", false, "the same as --color never")
	fs.BoolVar(&f.strict, "strict", false, "anything that could not be analysed makes the exit status 2")
	fs.StringVar(&f.stdinFilename, "stdin-filename", "stdin.c", "`NAME` of what is read from standard input (-)")
}

func flagNames(cmd *cobra.Command) []string {
	var names []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	return names
}

// settings are the flags and the config, checked and put together.
type settings struct {
	checkFlags
	options analyzer.Options
	failOn  diag.Severity // 0: never
	outputs []output
	loaded  *config.Loaded
}

type output struct{ format, file string }

// settle checks the flags and merges the config under them.
func (f *checkFlags) settle(set *pflag.FlagSet, dir string, clangFlags []string) (*settings, error) {
	s := &settings{checkFlags: *f, loaded: &config.Loaded{Dir: dir}}
	if f.noConfig && f.config != "" {
		return nil, fmt.Errorf("--config and --no-config exclude one another")
	}
	if !f.noConfig {
		var err error
		if s.loaded, err = config.Load(f.config, dir, analyzer.CheckSelector); err != nil {
			return nil, err
		}
	}
	c := s.loaded
	// A flag that is not given leaves its value to the config.
	pick := func(name string, flag *string, fromConfig string) {
		if !set.Changed(name) && fromConfig != "" {
			*flag = fromConfig
		}
	}
	pick("kernel", &s.kernel, c.Kernel)
	pick("fail-on", &s.checkFlags.failOn, c.FailOn)
	pick("confidence", &s.confidence, c.Confidence)
	pick("btf", &s.btf, c.Rel(c.BTF))
	pick("baseline", &s.baseline, c.Rel(c.Baseline))
	s.strict = s.strict || c.Strict && !set.Changed("strict")

	if err := s.checkValues(); err != nil {
		return nil, err
	}
	return s, s.makeOptions(dir, clangFlags)
}

// checkValues checks what flags hold one of a few words.
func (s *settings) checkValues() error {
	if err := report.Check(s.format); err != nil {
		return fmt.Errorf("--format: %w", err)
	}
	for _, o := range s.checkFlags.outputs {
		format, file, ok := strings.Cut(o, "=")
		if !ok || file == "" {
			return fmt.Errorf("--output %q: want FORMAT=FILE", o)
		}
		if err := report.Check(format); err != nil {
			return fmt.Errorf("--output: %w", err)
		}
		if file == "-" {
			return fmt.Errorf("--output %s: standard output is for --format; want FORMAT=FILE", o)
		}
		s.outputs = append(s.outputs, output{format, file})
	}
	if s.checkFlags.failOn != "never" {
		sev, err := diag.ParseSeverity(s.checkFlags.failOn)
		if err != nil {
			return fmt.Errorf("--fail-on %q: want error, warning, note or never", s.checkFlags.failOn)
		}
		s.failOn = sev
	}
	switch s.color {
	case "auto", "always", "never":
	default:
		return fmt.Errorf("--color %q: want auto, always or never", s.color)
	}
	switch {
	case s.jobs < 0:
		return fmt.Errorf("--jobs %d: want a positive number", s.jobs)
	case s.fix && s.diff:
		return fmt.Errorf("--fix and --diff exclude one another")
	case s.unsafeFixes && !s.fix && !s.diff:
		return fmt.Errorf("--unsafe-fixes does nothing without --fix or --diff")
	case s.quiet && s.verbose:
		return fmt.Errorf("--quiet and --verbose exclude one another")
	case s.writeBaseline != "" && (s.fix || s.diff || s.newFromRev != ""):
		return fmt.Errorf("--write-baseline holds all findings: it goes with neither --fix, --diff nor --new-from-rev")
	}
	return nil
}

func (s *settings) makeOptions(dir string, clangFlags []string) error {
	c := s.loaded
	o := &s.options
	o.Dir = dir
	o.Jobs = s.jobs
	o.Notes = s.failOn == diag.Note
	if s.kernel != "" {
		v, err := kernel.ParseVersion(s.kernel)
		if err != nil {
			return fmt.Errorf("--kernel: %w", err)
		}
		if kernel.Newest.Less(v) {
			return fmt.Errorf("--kernel %s: the newest known kernel is %s", s.kernel, kernel.Newest)
		}
		o.Kernel = v
	}
	if err := o.Confidence.UnmarshalText([]byte(s.confidence)); err != nil {
		return fmt.Errorf("--confidence: %w", err)
	}
	for _, d := range s.includeDirs {
		o.IncludeDirs = append(o.IncludeDirs, inDir(dir, d))
	}
	for _, d := range c.IncludeDirs {
		o.IncludeDirs = append(o.IncludeDirs, c.Rel(d))
	}
	o.Defines = append(append(o.Defines, c.Defines...), s.defines...)
	o.ExtraFlags = append(append(o.ExtraFlags, c.CFlags...), clangFlags...)
	if s.btf != "" {
		o.BTF = inDir(dir, s.btf)
		if err := readable(o.BTF); err != nil {
			return fmt.Errorf("--btf %s: %w", s.btf, err)
		}
	}
	// The flags' patterns are relative to the working folder, the config's to
	// its own: both become absolute ones of the file system's root.
	o.ExcludeDir = c.Dir
	o.Exclude = append(append(o.Exclude, c.Exclude...), relativePatterns(c.Dir, dir, s.exclude)...)

	o.Rules = []analyzer.Selection{
		{Enable: c.Enable, Disable: c.Disable, Severity: config.Severities(c.Severity)},
		{Enable: s.enable, Disable: s.disable, Severity: map[string]diag.Severity{}},
	}
	for _, pair := range s.severity {
		rule, word, ok := strings.Cut(pair, "=")
		if !ok {
			return fmt.Errorf("--severity %q: want RULE=SEVERITY, such as BLC101=error", pair)
		}
		sev, err := diag.ParseSeverity(word)
		if err != nil {
			return fmt.Errorf("--severity %s: %w", pair, err)
		}
		o.Rules[1].Severity[rule] = sev
	}
	for _, ov := range c.Overrides {
		o.Overrides = append(o.Overrides, analyzer.Override{
			Paths: ov.Paths, Dir: c.Dir,
			Selection: analyzer.Selection{Enable: ov.Enable, Disable: ov.Disable, Severity: config.Severities(ov.Severity)},
		})
	}
	return nil
}

func inDir(dir, path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(dir, path)
}

// readable gives the reason why a file cannot be read, without its name.
func readable(path string) error {
	f, err := os.Open(path) //nolint:gosec // the user names it
	if err == nil {
		var info os.FileInfo
		if info, err = f.Stat(); err == nil && info.IsDir() {
			err = errors.New("is a folder")
		}
		_ = f.Close() // nothing was written
	}
	if pe := (*os.PathError)(nil); errors.As(err, &pe) {
		return pe.Err
	}
	return err
}

// relativePatterns makes ignore patterns that are relative to dir relative to
// base, one of its parents. Patterns that are not anchored match anywhere.
func relativePatterns(base, dir string, patterns []string) []string {
	rel, err := filepath.Rel(base, dir)
	if err != nil || rel == "." {
		return patterns
	}
	var out []string
	for _, p := range patterns {
		body := strings.TrimSuffix(p, "/")
		if strings.Contains(body, "/") {
			p = "/" + filepath.ToSlash(rel) + "/" + strings.TrimPrefix(p, "/")
		}
		out = append(out, p)
	}
	return out
}
