package gomap

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/analysistest"
)

// testModule is a module of its own, so that its code is type-checked against
// the real cilium/ebpf.
func testModule(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs("testdata/mod")
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// reporter repeats the diagnostics of an analyzer. It has no facts of its own,
// and analysistest would want a comment for every fact.
func reporter(a *analysis.Analyzer) *analysis.Analyzer {
	return &analysis.Analyzer{
		Name:     "reporter",
		Doc:      "repeat the diagnostics of bpflockcheck",
		Requires: []*analysis.Analyzer{a},
		Run: func(pass *analysis.Pass) (any, error) {
			for _, d := range pass.ResultOf[a].(*Result).diagnostics {
				pass.Report(d)
			}
			return nil, nil
		},
	}
}

// TestAnalyzer runs the analyzer over every package of the test module, with
// its want comments, and compares the fixes with the golden files.
func TestAnalyzer(t *testing.T) {
	analysistest.RunWithSuggestedFixes(t, testModule(t), reporter(newAnalyzer(new(config))), "./...")
}

// TestFixesCompile builds the module as the fixes leave it.
func TestFixesCompile(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a module")
	}
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(testModule(t))); err != nil {
		t.Fatal(err)
	}
	fixed := 0
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if name, ok := strings.CutSuffix(path, ".golden"); ok {
			fixed++
			return os.Rename(path, name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if fixed == 0 {
		t.Fatal("no golden files")
	}
	cmd := exec.Command("go", "build", "./...")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOPROXY=off", "GOWORK=off", "GOFLAGS=-mod=mod")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
}
