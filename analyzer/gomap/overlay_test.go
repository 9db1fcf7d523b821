package gomap

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/go/packages"

	"github.com/bpflockcheck/bpflockcheck/analyzer/diag"
)

// TestOverlay: what an editor has not saved yet is what is analysed.
func TestOverlay(t *testing.T) {
	dir := copyModule(t)
	rmw := filepath.Join(dir, "rmw", "rmw.go")
	text, err := os.ReadFile(rmw)
	if err != nil {
		t.Fatal(err)
	}
	findings := func(overlay map[string][]byte) []diag.Finding {
		t.Helper()
		c, err := Check(context.Background(), []string{"./rmw"}, Config{Dir: dir, Env: offline(), NoTests: true, Overlay: overlay})
		if err != nil || len(c.Skipped) > 0 {
			t.Fatal(err, c)
		}
		return c.Findings
	}
	want := findings(nil)
	if len(want) == 0 {
		t.Fatal("nothing found")
	}
	if d := cmp.Diff(summary(want), summary(findings(map[string][]byte{rmw: text}))); d != "" {
		t.Errorf("a buffer without a change (-disk +buffer):\n%s", d)
	}
	shifted := slices.Concat([]byte("// A line more.\n"), text)
	for i := range want {
		if want[i].Span.File == filepath.Join("rmw", "rmw.go") {
			want[i].Span.Line++
		}
	}
	if d := cmp.Diff(summary(want), summary(findings(map[string][]byte{rmw: shifted}))); d != "" {
		t.Errorf("a buffer with a line more (-want +got):\n%s", d)
	}
	if now, err := os.ReadFile(rmw); err != nil || !bytes.Equal(now, text) {
		t.Errorf("the file on disk was changed: %v", err)
	}
}

// TestOverlayKeepsExportData: an edit of one file must not make the loader
// type-check all that its package imports from source.
func TestOverlayKeepsExportData(t *testing.T) {
	dir := copyModule(t)
	rmw := filepath.Join(dir, "rmw", "rmw.go")
	load := packages.Config{Dir: dir, Env: offline(), Mode: typedMode}
	done, err := replace(&load, map[string][]byte{rmw: []byte("package rmw\n\nimport \"os\"\n\nvar X = os.Args\n")})
	defer done()
	if err != nil {
		t.Fatal(err)
	}
	pkgs, err := packages.Load(&load, "./rmw")
	if err != nil || len(pkgs) != 1 || len(pkgs[0].Errors) > 0 {
		t.Fatal(err, pkgs)
	}
	if pkgs[0].Types.Scope().Lookup("X") == nil {
		t.Error("the text on disk was loaded")
	}
	std := pkgs[0].Imports["os"]
	if std == nil {
		t.Fatalf("imports %v", pkgs[0].Imports)
	}
	if len(std.Syntax) > 0 {
		t.Error("the standard library was parsed")
	}
}

// TestOverlayOfNewFile: the go command's overlay does not help where there is no
// file to parse; the loader's own is used then (TestSourceAndObject runs it).
func TestOverlayOfNewFile(t *testing.T) {
	var load packages.Config
	texts := map[string][]byte{filepath.Join(t.TempDir(), "new.go"): []byte("package rmw\n")}
	done, err := replace(&load, texts)
	defer done()
	if err != nil || load.ParseFile != nil || len(load.BuildFlags) > 0 {
		t.Errorf("%v, flags %v", err, load.BuildFlags)
	}
	if d := cmp.Diff(texts, load.Overlay); d != "" {
		t.Error(d)
	}
}
