package analyzer

import (
	"path/filepath"
	"runtime"

	"github.com/bpflockcheck/bpflockcheck/analyzer/diag"
	"github.com/bpflockcheck/bpflockcheck/internal/gitignore"
	"github.com/bpflockcheck/bpflockcheck/internal/source"
	"github.com/bpflockcheck/bpflockcheck/rules/kernel"
)

// Options are the settings of a run. The zero value checks for the newest
// kernel, with every rule, and shows warnings and errors of at least medium
// confidence.
type Options struct {
	// Dir is the working folder: relative inputs are relative to it, and paths
	// in the result too, where they lie within. Empty: the process's.
	Dir string
	// Kernel is the oldest kernel to support; the zero value is the newest
	// known.
	Kernel kernel.Version
	// Jobs is how many inputs are analysed at a time; 0: one for each CPU. The
	// result does not depend on it.
	Jobs int

	// IncludeDirs, Defines and ExtraFlags are as for clang.
	IncludeDirs, Defines, ExtraFlags []string
	// BTF is the file that kernel types come from when there is no vmlinux.h.
	// Empty: the running kernel's.
	BTF string
	// Overlay replaces the contents of files (unsaved buffers, standard
	// input), by path.
	Overlay map[string][]byte
	// Headers keeps headers between runs; nil: only during this one.
	Headers *HeaderCache
	// GoTypes keeps the types of imported Go packages between runs; nil: nothing
	// is kept.
	GoTypes *GoCache

	// Rules says what is reported. Later layers override earlier ones: a
	// config's, then the command line's.
	Rules []Selection
	// Overrides are selections for some files only, in order; they come after
	// the first layer of Rules and before the others.
	Overrides []Override
	// Notes shows findings of severity note, also of rules that were not
	// enabled by name.
	Notes bool
	// Confidence is the least one shown; the zero value is medium.
	Confidence diag.Confidence

	// Exclude has patterns, as in a .gitignore, of what a walk leaves out,
	// relative to ExcludeDir (empty: Dir). An input that is named is never
	// left out.
	Exclude    []string
	ExcludeDir string

	// Progress, when not nil, is called after each input; not concurrently.
	Progress func(done, total int)
}

// Selection enables and disables rules. A rule is named by its identifier, its
// name or a prefix of the identifier ("BLC2"), or by "all". Within a selection
// the most specific selector wins, and a disabling one over an enabling one
// that is as specific.
type Selection struct {
	Enable, Disable []string
	Severity        map[string]diag.Severity
}

// Override is a Selection for the files that match one of Paths, patterns as
// in a .gitignore relative to Dir.
type Override struct {
	Paths []string
	Dir   string
	Selection
}

// normal fills in the defaults.
func (o Options) normal() (Options, error) {
	abs, err := filepath.Abs(o.Dir) // of "": the working folder
	if err != nil {
		return o, err
	}
	o.Dir = abs
	if o.Kernel == (kernel.Version{}) {
		o.Kernel = kernel.Newest
	}
	if o.Jobs <= 0 {
		o.Jobs = runtime.GOMAXPROCS(0)
	}
	if o.Confidence == 0 {
		o.Confidence = diag.Medium
	}
	if o.Headers == nil {
		o.Headers = NewHeaderCache()
	}
	if o.ExcludeDir == "" {
		o.ExcludeDir = o.Dir
	}
	overlay := make(map[string][]byte, len(o.Overlay))
	for path, b := range o.Overlay {
		overlay[o.abs(path)] = b
	}
	o.Overlay = overlay
	return o, nil
}

// abs gives the clean absolute form of a path.
func (o *Options) abs(path string) string {
	if !filepath.IsAbs(path) {
		path = filepath.Join(o.Dir, path)
	}
	return filepath.Clean(path)
}

func (o *Options) files() *source.Files {
	return &source.Files{Dir: o.Dir, Overlay: o.Overlay}
}

// excluded reports whether a walk leaves a file or folder out.
func (o *Options) excluder() func(abs string, isDir bool) bool {
	m := gitignore.New(o.Exclude)
	return func(abs string, isDir bool) bool {
		rel, err := filepath.Rel(o.ExcludeDir, abs)
		return err == nil && m.Match(filepath.ToSlash(rel), isDir) == gitignore.Ignore
	}
}
