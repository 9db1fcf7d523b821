package gomap

import (
	"bytes"
	"context"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

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

// TestCache: with a cache, an edit of one file does not make the loader read
// again what its package imports; what changed on the disk, it does.
func TestCache(t *testing.T) {
	dir := copyModule(t)
	rmw := filepath.Join(dir, "rmw", "rmw.go")
	text, err := os.ReadFile(rmw)
	if err != nil {
		t.Fatal(err)
	}
	cache := NewCache()
	check := func(overlay map[string][]byte) []string {
		t.Helper()
		c, err := Check(context.Background(), []string{"./rmw"}, Config{Dir: dir, Env: offline(), Overlay: overlay, Cache: cache})
		if err != nil || len(c.Skipped) > 0 {
			t.Fatal(err, c.Skipped)
		}
		return summary(c.Findings)
	}
	first := check(nil)
	if len(first) == 0 {
		t.Fatal("no findings")
	}
	types := func() map[string]*cached { return maps.Clone(cache.pkgs) }
	was := types()
	if was["fmt"] == nil && was["os"] == nil && was["errors"] == nil {
		t.Fatalf("nothing of the standard library was kept: %v", slices.Sorted(maps.Keys(was)))
	}
	if again := check(map[string][]byte{rmw: append(text, "\n// A comment more.\n"...)}); !slices.Equal(first, again) {
		t.Errorf("with a cache: %v, without: %v", again, first)
	}
	for id, p := range types() {
		if was[id] != p {
			t.Errorf("%s was read again", id)
		}
	}
	lib := slices.IndexFunc(slices.Sorted(maps.Keys(was)), func(id string) bool { return isMapLibrary(id) })
	if lib < 0 {
		t.Fatal("no map library was kept")
	}
	id := slices.Sorted(maps.Keys(was))[lib]
	file, _, _ := strings.Cut(was[id].stamp, " ")
	touched := was[id].stamp
	cache.pkgs[id].stamp = strings.Replace(touched, file, file+"x", 1) // as if the file had changed
	check(nil)
	if now := cache.pkgs[id]; now.stamp != touched || now.types == was[id].types {
		t.Errorf("%s was not read again", id)
	}
}

// BenchmarkEdit is an edit of an open file, in a server that has seen its package.
func BenchmarkEdit(b *testing.B) {
	dir := b.TempDir()
	if err := os.CopyFS(dir, os.DirFS(filepath.Join("testdata", "mod"))); err != nil {
		b.Fatal(err)
	}
	rmw := filepath.Join(dir, "rmw", "rmw.go")
	text, err := os.ReadFile(rmw)
	if err != nil {
		b.Fatal(err)
	}
	cfg := Config{Dir: dir, Env: offline(), Cache: NewCache()}
	if _, err := Check(context.Background(), []string{"./rmw"}, cfg); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		text = append(text, "\n// More.\n"...)
		cfg.Overlay = map[string][]byte{rmw: text}
		if c, err := Check(context.Background(), []string{"./rmw"}, cfg); err != nil || len(c.Findings) == 0 {
			b.Fatal(err)
		}
	}
}
