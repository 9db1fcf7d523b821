// Package baseline keeps the findings that a project has decided to live with
// for now, so that only new ones are reported. A finding is known by its
// fingerprint, which survives moved lines.
package baseline

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	iofs "io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
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

// parse reads the document. What it is comes first, so that a newer version's
// file, whatever its form, and another tool's are named for what they are.
func parse(content []byte) (*document, error) {
	var head struct {
		Tool    any             `json:"tool"`
		Version json.RawMessage `json:"version"`
		Runs    json.RawMessage `json:"runs"`
	}
	const renew = "write one with --write-baseline"
	if err := json.Unmarshal(content, &head); err != nil {
		if json.Valid(content) {
			return nil, fmt.Errorf("not a baseline: no JSON object; %s", renew) // GitLab's report is an array
		}
		if line := conflictLine(content); line > 0 {
			return nil, fmt.Errorf("line %d: a merge conflict is not resolved; write it anew with --write-baseline", line)
		}
		return nil, fmt.Errorf("not a baseline: %s%w; %s", lineOf(content, err), err, renew)
	}
	switch {
	case head.Tool != tool && head.Runs != nil:
		return nil, fmt.Errorf("not a baseline: it is a SARIF report; %s", renew)
	case head.Tool != tool:
		return nil, fmt.Errorf("not a baseline: no \"tool\": %q; %s", tool, renew)
	case string(head.Version) != strconv.Itoa(version):
		return nil, fmt.Errorf("written in format %s, but this version reads format %d; write it anew with --write-baseline", cmp.Or(string(head.Version), "0"), version)
	}
	var doc document
	if err := json.Unmarshal(content, &doc); err != nil {
		return nil, fmt.Errorf("not a baseline: %s%w; %s", lineOf(content, err), err, renew)
	}
	for i, e := range doc.Findings {
		if e.Fingerprint == "" {
			return nil, fmt.Errorf("entry %d has no fingerprint; write it anew with --write-baseline", i+1)
		}
	}
	return &doc, nil
}

// conflictLine gives the line of the first marker that git leaves where it could
// not merge, 0 when there is none.
func conflictLine(content []byte) int {
	for i, line := range bytes.Split(content, []byte{'\n'}) {
		if bytes.HasPrefix(line, []byte("<<<<<<< ")) {
			return i + 1
		}
	}
	return 0
}

// lineOf says where in the file an error is, when it knows.
func lineOf(content []byte, err error) string {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	var at int64
	switch {
	case errors.As(err, &syntax):
		at = syntax.Offset
	case errors.As(err, &kind):
		at = kind.Offset
	default:
		return ""
	}
	return fmt.Sprintf("line %d: ", 1+bytes.Count(content[:min(at, int64(len(content)))], []byte{'\n'}))
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
// covered is true, and those that are gone, can have stale entries; a run over
// a part of the project knows nothing of the rest.
func (b *Baseline) New(fs []diag.Finding, files *source.Files, covered func(file string) bool) (fresh []diag.Finding, stale []Entry) {
	unmatched := make(map[string]Entry, len(b.entries))
	for _, e := range b.entries {
		unmatched[e.Fingerprint] = e
	}
	rel := relative(b.path, files)
	for i, print := range fingerprint.All(fs, files, rel) {
		if _, known := unmatched[print]; known {
			delete(unmatched, print)
		} else {
			fresh = append(fresh, fs[i])
		}
	}
	root := filepath.Dir(files.Abs(b.path))
	gone := map[string]bool{} // by the files of entries
	for _, e := range unmatched {
		if _, seen := gone[e.File]; !seen {
			_, err := files.Read(filepath.Join(root, filepath.FromSlash(e.File)))
			gone[e.File] = errors.Is(err, iofs.ErrNotExist)
		}
	}
	fresh = renamed(fresh, unmatched, gone, files, rel)
	for _, e := range b.entries {
		if _, left := unmatched[e.Fingerprint]; left && (gone[e.File] || covered(filepath.Join(root, filepath.FromSlash(e.File)))) {
			stale = append(stale, e)
		}
	}
	return fresh, stale
}

// renamed leaves out the findings that are known under the name of a file that
// is gone, and takes their entries out of unmatched.
func renamed(fresh []diag.Finding, unmatched map[string]Entry, gone map[string]bool, files *source.Files, rel func(string) string) []diag.Finding {
	byFile := map[string][]int{}
	var names []string
	for i := range fresh {
		name := rel(place(&fresh[i]))
		if byFile[name] == nil {
			names = append(names, name)
		}
		byFile[name] = append(byFile[name], i)
	}
	known := map[int]bool{}
	for _, old := range slices.Sorted(maps.Keys(gone)) {
		if !gone[old] {
			continue
		}
		// The file that holds most of the old one's findings is its new name.
		best, bestHits := "", []int(nil)
		var bestPrints []string
		for _, name := range names {
			part := make([]diag.Finding, len(byFile[name]))
			for k, i := range byFile[name] {
				part[k] = fresh[i]
			}
			prints := fingerprint.All(part, files, func(string) string { return old })
			var hits []int
			for k, print := range prints {
				if e, ok := unmatched[print]; ok && e.File == old && !known[byFile[name][k]] {
					hits = append(hits, k)
				}
			}
			if len(hits) > len(bestHits) {
				best, bestHits, bestPrints = name, hits, prints
			}
		}
		for _, k := range bestHits {
			known[byFile[best][k]] = true
			delete(unmatched, bestPrints[k])
		}
	}
	var left []diag.Finding
	for i := range fresh {
		if !known[i] {
			left = append(left, fresh[i])
		}
	}
	return left
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
