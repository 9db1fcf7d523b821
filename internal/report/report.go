// Package report writes findings in the formats that people and services read.
// Every format is made from the one structure Report; none of them looks at
// anything else.
package report

import (
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/bpflockcheck/bpflockcheck/analyzer/diag"
	"github.com/bpflockcheck/bpflockcheck/internal/source"
)

// Rule is what a format tells about a rule beside its findings.
type Rule struct {
	ID, Name string
	Severity diag.Severity
	Title    string // one line
	Page     string // Markdown
}

// Report is one run's result.
type Report struct {
	Findings []diag.Finding // in their total order
	Skipped  []diag.Skip
	Failed   []diag.Skip // inputs named by the user of which nothing could be analysed
	Notes    []string
	Inputs   []string // files analysed, for formats that list clean ones too
	Programs int
	Elapsed  time.Duration
	// Files gives the sources for snippets and columns.
	Files *source.Files
	// Root is the absolute path of the repository, which services expect
	// paths to be relative to; "" when there is none.
	Root    string
	Rules   []Rule
	Version string // of the tool
}

// Options are a format's settings.
type Options struct {
	Color bool // text only
	// Complete adds to the text format what otherwise goes to standard error:
	// skipped parts, notes and the summary.
	Complete bool
}

type format struct {
	name  string
	write func(io.Writer, *Report, Options) error
	// skips: the format itself names what was skipped.
	skips bool
}

func formats() []format {
	return []format{
		{"text", writeText, false},
		{"json", writeJSON, true},
		{"sarif", writeSARIF, true},
		{"github", writeGitHub, false},
		{"gitlab", writeGitLab, false},
		{"checkstyle", writeCheckstyle, false},
		{"junit", writeJUnit, true},
	}
}

// Formats lists the names that Write accepts.
func Formats() []string {
	var names []string
	for _, f := range formats() {
		names = append(names, f.name)
	}
	return names
}

func lookup(name string) (format, error) {
	for _, f := range formats() {
		if f.name == name {
			return f, nil
		}
	}
	return format{}, fmt.Errorf("unknown format %q: want one of %s", name, strings.Join(Formats(), ", "))
}

// Check reports an unknown format.
func Check(name string) error {
	_, err := lookup(name)
	return err
}

// NamesSkipped reports whether a format has a place for what was skipped; for
// the others it is told on standard error.
func NamesSkipped(name string) bool {
	f, err := lookup(name)
	return err == nil && f.skips
}

// Write writes the report in one format.
func Write(w io.Writer, name string, r *Report, o Options) error {
	f, err := lookup(name)
	if err != nil {
		return err
	}
	return f.write(w, r, o)
}

// relative gives a path relative to the repository's root, with slashes; an
// absolute one when the file lies outside, and the path as it is when there is
// no root.
func (r *Report) relative(path string) string {
	if path == "" || r.Root == "" {
		return filepath.ToSlash(path)
	}
	abs := r.Files.Abs(path)
	rel, err := filepath.Rel(r.Root, abs)
	if err != nil || rel == ".." || strings.HasPrefix(rel, ".."+string(filepath.Separator)) {
		return filepath.ToSlash(abs)
	}
	return filepath.ToSlash(rel)
}

// notAnalysed gives what was skipped and what failed in one order.
func (r *Report) notAnalysed() []diag.Skip {
	all := slices.Concat(r.Failed, r.Skipped)
	slices.SortStableFunc(all, diag.Skip.Compare)
	return all
}

// place is the file that a finding is shown in: the object's when no source is
// known.
func place(f *diag.Finding) string {
	if f.Span.File == "" {
		return f.Object
	}
	return f.Span.File
}

// plural gives "1 file", "2 files".
func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
