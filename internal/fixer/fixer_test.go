package fixer

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bpflockcheck/bpflockcheck/analyzer/diag"
	"github.com/bpflockcheck/bpflockcheck/analyzer/position"
	"github.com/bpflockcheck/bpflockcheck/internal/source"
)

func replace(line, col, endLine, endCol int, text string) diag.Edit {
	return diag.Edit{Span: position.Span{File: "a.c", Line: line, Col: col, EndLine: endLine, EndCol: endCol}, NewText: text}
}

func fixes(safe bool, edits ...diag.Edit) diag.Finding {
	return diag.Finding{Fix: &diag.Fix{Title: "t", Safe: safe, Edits: edits}}
}

func TestMake(t *testing.T) {
	const src = "int a;\nint b;\n"
	tests := []struct {
		name    string
		fs      []diag.Finding
		unsafe  bool
		want    string
		refused string
	}{
		{"none", []diag.Finding{{}}, false, "", ""},
		{"two in one file", []diag.Finding{fixes(true, replace(2, 5, 2, 6, "c")), fixes(true, replace(1, 5, 1, 6, "ab"))}, false, "int ab;\nint c;\n", ""},
		{"an unsafe one is left", []diag.Finding{fixes(false, replace(1, 5, 1, 6, "x"))}, false, "", ""},
		{"an unsafe one is asked for", []diag.Finding{fixes(false, replace(1, 5, 1, 6, "x"))}, true, "int x;\nint b;\n", ""},
		{"overlapping", []diag.Finding{fixes(true, replace(1, 1, 2, 1, "")), fixes(true, replace(1, 5, 1, 6, "x"), replace(2, 5, 2, 6, "y"))}, false, "int b;\n", "overlaps"},
		{"the same twice", []diag.Finding{fixes(true, replace(1, 5, 1, 6, "x")), fixes(true, replace(1, 5, 1, 6, "x"))}, false, "int x;\nint b;\n", ""},
		{"insertions at one place", []diag.Finding{fixes(true, replace(1, 1, 1, 1, "x")), fixes(true, replace(1, 1, 1, 1, "y"))}, false, "xint a;\nint b;\n", "overlaps"},
		{"insertion before a replacement", []diag.Finding{fixes(true, replace(1, 5, 1, 6, "x")), fixes(true, replace(1, 5, 1, 5, "y"))}, false, "int yx;\nint b;\n", ""},
		{"out of range", []diag.Finding{fixes(true, replace(9, 1, 9, 2, "x"))}, false, "", "no range"},
		{"own edits overlap", []diag.Finding{fixes(true, replace(1, 1, 1, 4, "x"), replace(1, 2, 1, 3, "y"))}, false, "", "one another"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := Make(tt.fs, &source.Files{Overlay: map[string][]byte{"a.c": []byte(src)}}, tt.unsafe)
			if got := string(p.Changed["a.c"]); got != tt.want {
				t.Errorf("changed to %q, want %q", got, tt.want)
			}
			var errs []error
			for _, r := range p.Refused {
				errs = append(errs, r.Err)
			}
			if err := errors.Join(errs...); (err != nil) != (tt.refused != "") || err != nil && !strings.Contains(err.Error(), tt.refused) {
				t.Errorf("refused: %v, want %q", err, tt.refused)
			}
		})
	}
}

func TestWriteAndDiff(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.c")
	if err := os.WriteFile(path, []byte("int a;\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	files := &source.Files{Dir: dir}
	p := Make([]diag.Finding{fixes(true, replace(1, 5, 1, 6, "b"))}, files, false)
	want := "--- a/a.c\n+++ b/a.c\n@@ -1,1 +1,1 @@\n-int a;\n+int b;\n"
	if got := p.Diff(); got != want {
		t.Errorf("diff:\n%s\nwant:\n%s", got, want)
	}
	if err := p.Write(); err != nil {
		t.Fatal(err)
	}
	if b, err := files.Read("a.c"); err != nil || string(b) != "int b;\n" {
		t.Errorf("after Write: %q, %v", b, err)
	}
}
