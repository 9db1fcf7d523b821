package rules_test

import (
	"bytes"
	"cmp"
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/bpflockcheck/bpflockcheck/analyzer/csource"
	"github.com/bpflockcheck/bpflockcheck/analyzer/csource/unit"
	"github.com/bpflockcheck/bpflockcheck/analyzer/diag"
	"github.com/bpflockcheck/bpflockcheck/analyzer/position"
)

// Every fix that is proposed for a case removes its finding, brings no new one,
// and leaves a program that compiles.
func TestFixes(t *testing.T) {
	include := filepath.Join(testdata, "include")
	fixes := 0
	for _, path := range casesIn(t, testdata) {
		c := parseCase(t, path)
		load := func(path string) []diag.Finding {
			u, err := csource.Load(context.Background(), path, unit.Config{IncludeDirs: []string{include, filepath.Dir(c.path)}})
			if err != nil {
				t.Fatal(err)
			}
			return check(t, u, c.kernel)
		}
		before := load(path)
		var edits []diag.Edit
		for _, f := range before {
			if f.Fix != nil {
				if !f.Fix.Safe {
					t.Errorf("%s: an unsafe fix is proposed", f.Span)
				}
				edits = append(edits, f.Fix.Edits...)
			}
		}
		if len(edits) == 0 {
			continue
		}
		fixes += len(edits)
		t.Run(caseName(path), func(t *testing.T) {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			fixed := filepath.Join(t.TempDir(), filepath.Base(path))
			if err := os.WriteFile(fixed, apply(t, text, edits), 0o600); err != nil {
				t.Fatal(err)
			}
			lost := func(fs []diag.Finding) (n int) {
				for _, f := range fs {
					if f.Rule == "BLC101" {
						n++
					}
				}
				return n
			}
			after := load(fixed)
			if got, want := lost(after), lost(before)-len(edits); got != want {
				t.Errorf("%d lost updates are left after %d fixes of %d", got, len(edits), lost(before))
			}
			compile(t, clang(t), fixed, include, filepath.Dir(path))
		})
	}
	if fixes == 0 {
		t.Error("no case has a fix")
	}
}

// apply makes edits that do not overlap.
func apply(t *testing.T, text []byte, edits []diag.Edit) []byte {
	t.Helper()
	m := position.NewMapper(text)
	slices.SortFunc(edits, func(a, b diag.Edit) int {
		return cmp.Or(cmp.Compare(b.Span.Line, a.Span.Line), cmp.Compare(b.Span.Col, a.Span.Col))
	})
	for _, e := range edits {
		start, ok1 := m.Offset(e.Span.Line, e.Span.Col)
		end, ok2 := m.Offset(e.Span.EndLine, e.Span.EndCol)
		if !ok1 || !ok2 || end < start {
			t.Fatalf("edit outside the text: %+v", e)
		}
		text = bytes.Join([][]byte{text[:start], []byte(e.NewText), text[end:]}, nil)
	}
	return text
}
