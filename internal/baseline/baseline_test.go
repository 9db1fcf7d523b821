package baseline

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bpflockcheck/bpflockcheck/analyzer/diag"
	"github.com/bpflockcheck/bpflockcheck/analyzer/position"
	"github.com/bpflockcheck/bpflockcheck/internal/source"
)

func finding(file string, line int) diag.Finding {
	return diag.Finding{Rule: "BLC101", Name: "lost-update", Message: "m", Span: position.Span{File: file, Line: line, Col: 1}}
}

func everything(string) bool { return true }

func TestSurvivesMovedLinesAndFolders(t *testing.T) {
	dir := t.TempDir()
	src := filepath.Join(dir, "sub", "a.c")
	known := filepath.Join(dir, "known.json")
	before := &source.Files{Dir: dir, Overlay: map[string][]byte{src: []byte("x++;\ny++;\n")}}
	if err := Write(known, []diag.Finding{finding("sub/a.c", 1), finding("sub/a.c", 2)}, before); err != nil {
		t.Fatal(err)
	}
	b, err := Load(known)
	if err != nil {
		t.Fatal(err)
	}
	// Now x++ is mended, y++ has moved, z++ is new, and the tool runs in sub.
	after := &source.Files{Dir: filepath.Join(dir, "sub"), Overlay: map[string][]byte{src: []byte("\n\ny++;\nz++;\n")}}
	fresh, stale := b.New([]diag.Finding{finding("a.c", 3), finding("a.c", 4)}, after, everything)
	if len(fresh) != 1 || fresh[0].Span.Line != 4 {
		t.Errorf("fresh = %v, want the one on line 4", fresh)
	}
	if len(stale) != 1 || stale[0].Line != 1 {
		t.Errorf("stale = %v, want the one that was on line 1", stale)
	}
	if _, stale := b.New(nil, after, func(string) bool { return false }); len(stale) != 0 {
		t.Errorf("entries of files that were not analysed are called stale: %v", stale)
	}
}

func TestLoadErrors(t *testing.T) {
	for content, want := range map[string]string{
		"":                             "not a baseline",
		"[]":                           "not a baseline: no JSON object;",
		"[{\"fingerprint\": \"x\"}]\n": "not a baseline: no JSON object;",
		"{\"tool\": \"bpflockcheck baseline\",\n<<<<<<< HEAD\n\"version\": 1,\n=======\n": "line 2: a merge conflict is not resolved",
		"{}": "--write-baseline",
		`{"tool": "bpflockcheck baseline", "version": 9, "findings": []}`:                    "written in format 9",
		`{"tool": "bpflockcheck baseline", "version": "2.0", "findings": {}}`:                `written in format "2.0"`,
		`{"tool": "bpflockcheck baseline", "findings": []}`:                                  "written in format 0,",
		"{\"tool\": \"bpflockcheck baseline\",\n\"version\": 1,\n\"findings\": 1}":           "not a baseline: line 3: ",
		`{"tool": "bpflockcheck baseline", "version": 1, "findings": [{"fingerprint": ""}]}`: "entry 1 has no fingerprint",
		"\x00\x01":    "not a baseline: line 1: invalid character",
		`{"tool": 3}`: "not a baseline: no",
	} {
		path := filepath.Join(t.TempDir(), "b.json")
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Load(path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Load of %q: %v, want %q", content, err, want)
		}
	}
	if _, err := Load("does-not-exist.json"); err == nil {
		t.Error("no error for a missing file")
	}
}

// A finding whose file was renamed is not new, but each entry stands for one
// finding only, and files that are still there keep theirs.
func TestSurvivesRenamedFile(t *testing.T) {
	dir := t.TempDir()
	known := filepath.Join(dir, "known.json")
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("old.c", "x++;\nx++;\ny++;\n")
	write("kept.c", "x++;\n")
	before := []diag.Finding{finding("kept.c", 1), finding("old.c", 1), finding("old.c", 2), finding("old.c", 3)}
	if err := Write(known, before, &source.Files{Dir: dir}); err != nil {
		t.Fatal(err)
	}
	b, err := Load(known)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(dir, "old.c"), filepath.Join(dir, "new.c")); err != nil {
		t.Fatal(err)
	}
	write("new.c", "x++;\nx++;\nz++;\n") // y++ is gone, z++ is new
	after := []diag.Finding{
		finding("kept.c", 1), finding("new.c", 1), finding("new.c", 2), finding("new.c", 3), finding("zcopy.c", 1),
	}
	write("zcopy.c", "x++;\n")
	fresh, stale := b.New(after, &source.Files{Dir: dir}, func(file string) bool { return filepath.Base(file) != "old.c" })
	var got []string
	for _, f := range fresh {
		got = append(got, f.Span.String())
	}
	if want := "new.c:3:1 zcopy.c:1:1"; strings.Join(got, " ") != want {
		t.Errorf("fresh = %v, want %s", got, want)
	}
	if len(stale) != 1 || stale[0].File != "old.c" || stale[0].Line != 3 {
		t.Errorf("stale = %v, want the one that was on line 3 of a file that is gone", stale)
	}
}
