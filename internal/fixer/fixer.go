// Package fixer applies the changes that findings propose.
package fixer

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/diff"

	"github.com/bpflockcheck/bpflockcheck/analyzer/diag"
	"github.com/bpflockcheck/bpflockcheck/internal/atomicfile"
	"github.com/bpflockcheck/bpflockcheck/internal/source"
)

// Plan is what would be changed.
type Plan struct {
	// Changed holds the new contents by file, as findings name it.
	Changed map[string][]byte
	// Applied are the indexes of the findings whose fixes are in Changed.
	Applied []int
	// Refused says for which findings a fix was not applied, and why.
	Refused []Refusal

	files *source.Files
}

// Refusal is a fix that was not applied.
type Refusal struct {
	Finding int // index
	Err     error
}

// ErrOverlap says that the fix touches text that another one, of a finding before it,
// changes. After that one is applied a second run may offer it again.
var ErrOverlap = errors.New("overlaps the fix of an earlier finding; run again")

// edit is a replacement by byte offsets.
type edit struct {
	start, end int
	text       string
}

// Make plans the fixes of the findings in their order; unsafe ones, too, if
// asked to. A fix is applied whole or not at all.
func Make(fs []diag.Finding, files *source.Files, unsafe bool) *Plan {
	p := &Plan{Changed: map[string][]byte{}, files: files}
	accepted := map[string][]edit{}
	for i := range fs {
		fix := fs[i].Fix
		if fix == nil || !fix.Safe && !unsafe || len(fix.Edits) == 0 {
			continue
		}
		edits, err := resolve(fix, files)
		if err == nil {
			err = conflict(edits, accepted)
		}
		if err != nil {
			p.Refused = append(p.Refused, Refusal{i, err})
			continue
		}
		for file, es := range edits {
			for _, e := range es {
				if !slices.Contains(accepted[file], e) {
					accepted[file] = append(accepted[file], e)
				}
			}
		}
		p.Applied = append(p.Applied, i)
	}
	for file, es := range accepted {
		content, err := files.Read(file)
		if err != nil {
			continue // resolve has read it
		}
		p.Changed[file] = apply(content, es)
	}
	return p
}

// resolve turns a fix's spans into offsets.
func resolve(fix *diag.Fix, files *source.Files) (map[string][]edit, error) {
	out := map[string][]edit{}
	for _, e := range fix.Edits {
		content, err := files.Read(e.Span.File)
		if err != nil {
			return nil, err
		}
		if generated(content) {
			return nil, errors.New("the file is generated: change what it is made from")
		}
		m := files.Mapper(e.Span.File)
		start, ok1 := m.Offset(e.Span.Line, e.Span.Col)
		end, ok2 := m.Offset(e.Span.EndLine, e.Span.EndCol)
		if !ok1 || !ok2 || end < start {
			return nil, fmt.Errorf("%s is no range of the file", e.Span)
		}
		out[e.Span.File] = append(out[e.Span.File], edit{start, end, e.NewText})
	}
	for _, es := range out {
		for i := range es {
			for j := range i {
				if overlap(es[i], es[j]) {
					return nil, errors.New("its edits overlap one another")
				}
			}
		}
	}
	return out, nil
}

// generatedRE is how generators mark their output, in Go by convention
// (https://go.dev/s/generatedcode) and in C by imitation.
var generatedRE = regexp.MustCompile(`(?m)^\s*(//|/?\*)\s*Code generated .*DO NOT EDIT\.?\s*(\*/)?\s*$`)

// maxMark is how far into a file, in bytes, the mark is looked for.
const maxMark = 4096

func generated(content []byte) bool { return generatedRE.Match(content[:min(len(content), maxMark)]) }

func conflict(edits, accepted map[string][]edit) error {
	for file, es := range edits {
		for _, e := range es {
			for _, other := range accepted[file] {
				if e != other && overlap(e, other) {
					return ErrOverlap
				}
			}
		}
	}
	return nil
}

// overlap reports whether two edits touch the same text. Two insertions at one
// place do: their order would be a guess.
func overlap(a, b edit) bool {
	if a.start == b.start && (a.start == a.end || b.start == b.end) {
		return a.start == a.end && b.start == b.end
	}
	return a.start < b.end && b.start < a.end
}

func apply(content []byte, es []edit) []byte {
	slices.SortFunc(es, func(a, b edit) int {
		if a.start != b.start {
			return a.start - b.start
		}
		return a.end - b.end
	})
	var out []byte
	at := 0
	for _, e := range es {
		out = append(out, content[at:e.start]...)
		out = append(out, e.text...)
		at = e.end
	}
	return append(out, content[at:]...)
}

// names gives the changed files in order.
func (p *Plan) names() []string {
	var names []string
	for name := range p.Changed {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Diff gives the changes as a unified diff.
func (p *Plan) Diff() string {
	var b strings.Builder
	for _, name := range p.names() {
		old, err := p.files.Read(name)
		if err != nil {
			continue
		}
		d := string(diff.Diff(headerName("a/"+name), old, headerName("b/"+name), p.Changed[name]))
		// The library starts with a "diff a b" line of its own, which patch
		// programs take for a comment; leave it out all the same.
		if _, rest, ok := strings.Cut(d, "\n"); ok {
			b.WriteString(rest)
		}
	}
	return b.String()
}

// headerName writes a file's name as git does in a diff (quote.c,
// quote_c_style; diff.c, emit_rewrite_diff): in quotes with the escapes of C
// where signs in it could be misread, and before a tab where it has a blank,
// which patch would take for its end.
func headerName(name string) string {
	if strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == '"' || r == '\\' || r == 0x7f }) {
		var b strings.Builder
		b.WriteByte('"')
		for i := range len(name) {
			switch c := name[i]; {
			case c == '"' || c == '\\':
				b.WriteByte('\\')
				b.WriteByte(c)
			case c < ' ' || c >= 0x7f:
				fmt.Fprintf(&b, "\\%03o", c)
			default:
				b.WriteByte(c)
			}
		}
		b.WriteByte('"')
		return b.String()
	}
	if strings.Contains(name, " ") {
		return name + "\t"
	}
	return name
}

// Write puts the changes on disk, each file atomically. It writes none when one
// of them is read-only.
func (p *Plan) Write() error {
	for _, name := range p.names() {
		// Replacing a file needs no right to write to it, but that it lacks one
		// is meant.
		if info, err := os.Stat(p.files.Abs(name)); err == nil && info.Mode().Perm()&0o222 == 0 {
			return fmt.Errorf("fix: %s is read-only; no file was changed", name)
		}
	}
	for _, name := range p.names() {
		if err := atomicfile.Write(p.files.Abs(name), p.Changed[name], 0o644); err != nil {
			return fmt.Errorf("fix: %w", err)
		}
		p.files.Forget(name)
	}
	return nil
}
