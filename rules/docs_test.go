package rules_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/bpflockcheck/bpflockcheck/rules"
)

// The generated pages in docs/rules are those that "go generate ./rules" makes.
func TestDocsAreGenerated(t *testing.T) {
	dir := filepath.Join("..", "docs", "rules")
	files := rules.Docs()
	for name, want := range files {
		got, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Errorf("%v; run: go generate ./rules", err)
			continue
		}
		if string(got) != want {
			t.Errorf("docs/rules/%s is out of date; run: go generate ./rules", name)
		}
	}
	there, err := filepath.Glob(filepath.Join(dir, "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range there {
		if _, ok := files[filepath.Base(path)]; !ok {
			t.Errorf("%s belongs to no rule; run: go generate ./rules", path)
		}
	}
}
