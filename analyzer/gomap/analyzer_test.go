package gomap

import (
	"path/filepath"
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

// reporter repeats the analyzer's diagnostics. It has no facts of its own, and
// analysistest would want a comment for every fact.
var reporter = &analysis.Analyzer{
	Name:     "reporter",
	Doc:      "repeat the diagnostics of bpflockcheck",
	Requires: []*analysis.Analyzer{Analyzer},
	Run: func(pass *analysis.Pass) (any, error) {
		for _, d := range pass.ResultOf[Analyzer].(*Result).diagnostics {
			pass.Report(d)
		}
		return nil, nil
	},
}

func TestAnalyzer(t *testing.T) {
	analysistest.Run(t, testModule(t), reporter, "./...")
}
