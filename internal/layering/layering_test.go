// Package layering holds the direction of the project's imports.
package layering

import (
	"os/exec"
	"path"
	"strings"
	"testing"
)

const module = "github.com/bpflockcheck/bpflockcheck/"

// layers lists the packages from the bottom up. A package may import those of
// lower layers only; packages of one layer do not know one another, but for a
// package's own subpackages. A new package belongs in here.
var layers = [][]string{
	{"rules/kernel"},
	{"analyzer/position"},
	{"analyzer/diag"},
	{"internal/testlog", "internal/external", "internal/suggest", "internal/gitignore", "internal/gitrev", "internal/atomicfile", "internal/source", "internal/suppress"},
	{"internal/fingerprint"},
	{"analyzer/ir"},
	{"analyzer/csource", "analyzer/object", "analyzer/model"},
	{"analyzer/flow"},
	{"rules"},
	{"analyzer/gomap", "analyzer/verifier"},
	{"analyzer"},
	{"internal/report", "internal/config", "internal/baseline", "internal/fixer"},
	{"internal/lsp"},
	{"internal/cli"},
	{"internal/docs", "internal/gen", "internal/agreement"},
	{"cmd", "examples"},
}

// layerOf gives a package's layer and the entry that it belongs to.
func layerOf(pkg string) (layer int, entry string) {
	layer = -1
	for i, l := range layers {
		for _, e := range l {
			if (pkg == e || strings.HasPrefix(pkg, e+"/")) && len(e) > len(entry) {
				layer, entry = i, e
			}
		}
	}
	return layer, entry
}

func TestImportsPointOneWay(t *testing.T) {
	cmd := exec.Command("go", "list", "-f", `{{.ImportPath}}{{range .Imports}} {{.}}{{end}}`, "./...")
	cmd.Dir = "../.."
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	if len(lines) < 10 {
		t.Fatalf("go list knows only %d packages", len(lines))
	}
	for _, line := range lines {
		fields := strings.Fields(line)
		pkg := strings.TrimPrefix(fields[0], module)
		if path.Base(pkg) == "util" || path.Base(pkg) == "utils" {
			t.Errorf("%s: a package is named for what it does", pkg)
		}
		if pkg == "internal/layering" {
			continue
		}
		layer, entry := layerOf(pkg)
		if layer < 0 {
			t.Errorf("%s is in no layer: add it to the list in this test and to docs/architecture.md", pkg)
			continue
		}
		for _, imp := range fields[1:] {
			dep, ours := strings.CutPrefix(imp, module)
			if !ours {
				continue
			}
			if l, e := layerOf(dep); e != entry && l >= layer {
				t.Errorf("%s imports %s, which is not below it", pkg, dep)
			}
		}
	}
}
