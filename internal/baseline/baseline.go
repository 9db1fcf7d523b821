// Package baseline keeps the findings that a project has decided to live with
// for now, so that only new ones are reported. A finding is known by its
// fingerprint, which survives moved lines.
package baseline

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/bpflockcheck/bpflockcheck/analyzer/diag"
	"github.com/bpflockcheck/bpflockcheck/internal/atomicfile"
	"github.com/bpflockcheck/bpflockcheck/internal/fingerprint"
	"github.com/bpflockcheck/bpflockcheck/internal/source"
)

// version of the file's format. It goes up when fingerprints change.
const version = 1

// maxSize bounds what is read.
const maxSize = 256 << 20

// Entry is one known finding. All but the fingerprint is for people.
type Entry struct {
	Fingerprint string `json:"fingerprint"`
	Rule        string `json:"rule"`
	File        string `json:"file"` // relative to the baseline's folder
	Line        int    `json:"line"`
	Message     string `json:"message"`
}

func (e Entry) String() string {
	return fmt.Sprintf("%s %s:%d: %s", e.Rule, e.File, e.Line, e.Message)
}

type document struct {
	Tool     string  `json:"tool"`
	Version  int     `json:"version"`
	Findings []Entry `json:"findings"`
}

const tool = "bpflockcheck baseline"

// Baseline is a file of known findings.
type Baseline struct {
	path    string
	entries []Entry
}

// Load reads a baseline.
func Load(path string) (*Baseline, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("baseline: %w", err)
	}
	defer f.Close()
	content, err := io.ReadAll(io.LimitReader(f, maxSize+1))
	if err != nil {
		return nil, fmt.Errorf("baseline: %w", err)
	}
	if len(content) > maxSize {
		return nil, fmt.Errorf("baseline: %s: larger than %d MiB", path, maxSize>>20)
	}
	doc, err := parse(content)
	if err != nil {
		return nil, fmt.Errorf("baseline: %s: %w", path, err)
	}
	return &Baseline{path: path, entries: doc.Findings}, nil
}

func parse(content []byte) (*document, error) {
	var doc document
	if err := json.Unmarshal(content, &doc); err != nil {
		return nil, fmt.Errorf("not a baseline: %w", err)
	}
	if doc.Tool != tool {
		return nil, fmt.Errorf("not a baseline: no \"tool\": %q; write one with --write-baseline", tool)
	}
	if doc.Version != version {
		return nil, fmt.Errorf("written in format %d, but this version reads format %d; write it anew with --write-baseline", doc.Version, version)
	}
	return &doc, nil
}

// relative gives paths relative to the baseline's folder, so that it means the
// same from wherever the tool is run.
func relative(baselinePath string, files *source.Files) func(string) string {
	root := filepath.Dir(files.Abs(baselinePath))
	return func(file string) string {
		if rel, err := filepath.Rel(root, files.Abs(file)); err == nil {
			return filepath.ToSlash(rel)
		}
		return filepath.ToSlash(file)
	}
}

func place(f *diag.Finding) string {
	if f.Span.File == "" {
		return f.Object
	}
	return f.Span.File
}

// New gives the findings that the baseline does not hold, and its stale
// entries: those that no finding matches any more. Only files for which
// covered is true can have stale entries; a run over a part of the project
// knows nothing of the rest.
func (b *Baseline) New(fs []diag.Finding, files *source.Files, covered func(file string) bool) (fresh []diag.Finding, stale []Entry) {
	known := make(map[string]bool, len(b.entries))
	for _, e := range b.entries {
		known[e.Fingerprint] = true
	}
	seen := map[string]bool{}
	for i, print := range fingerprint.All(fs, files, relative(b.path, files)) {
		seen[print] = true
		if !known[print] {
			fresh = append(fresh, fs[i])
		}
	}
	root := filepath.Dir(files.Abs(b.path))
	for _, e := range b.entries {
		if !seen[e.Fingerprint] && covered(filepath.Join(root, filepath.FromSlash(e.File))) {
			stale = append(stale, e)
		}
	}
	return fresh, stale
}

// Write makes the findings the baseline at path.
func Write(path string, fs []diag.Finding, files *source.Files) error {
	rel := relative(path, files)
	doc := document{Tool: tool, Version: version, Findings: []Entry{}}
	for i, print := range fingerprint.All(fs, files, rel) {
		f := &fs[i]
		doc.Findings = append(doc.Findings, Entry{print, f.Rule, rel(place(f)), f.Span.Line, f.Message})
	}
	slices.SortFunc(doc.Findings, func(a, b Entry) int {
		if c := strings.Compare(a.File, b.File); c != 0 {
			return c
		}
		if c := strings.Compare(a.Rule, b.Rule); c != 0 {
			return c
		}
		return strings.Compare(a.Fingerprint, b.Fingerprint)
	})
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", " ")
	if err := enc.Encode(doc); err != nil {
		return err
	}
	if err := atomicfile.Write(files.Abs(path), buf.Bytes(), 0o644); err != nil {
		return fmt.Errorf("baseline: %w", err)
	}
	return nil
}
