package lsp_test

import (
	"path/filepath"
	"testing"
)

// Go buffers are judged as they are in the editor, and fixed.
func TestGoBuffers(t *testing.T) {
	if testing.Short() {
		t.Skip("loads Go packages, which takes seconds")
	}
	dir, err := filepath.Abs("../../analyzer/gomap/testdata/mod")
	if err != nil {
		t.Fatal(err)
	}
	c := start(t)
	c.initialize([]string{dir}, nil)
	b := c.openFile(filepath.Join(dir, "order", "order.go"))
	ds := b.diagnostics()
	first := ds[0]
	if first.Code != "BLC302" || first.Range.Start != b.at("Put(uint32(2)") {
		t.Fatalf("first finding %+v", first)
	}
	b.apply(titled(t, b.actions(first.Range), "Fix: "))
	after := b.diagnostics()
	if len(after) != len(ds)-1 || after[0].Range.Start.Line == first.Range.Start.Line {
		t.Errorf("after the fix: %s; before: %s", codes(after), codes(ds))
	}
	b.apply(titled(t, b.actions(after[0].Range), "Suppress BLC302"))
	if got := b.diagnostics(); len(got) != len(ds)-2 {
		t.Errorf("after the suppression: %s; before: %s", codes(got), codes(after))
	}
	// A package that uses no BPF maps is not loaded at all.
	gen := c.open(filepath.Join(dir, "nothing", "here.go"), "package here\n")
	if ds := gen.diagnostics(); len(ds) != 0 {
		t.Errorf("diagnostics %s", codes(ds))
	}
	c.shutDown()
}
