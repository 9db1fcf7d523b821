// Package layering holds the direction of the project's imports.
package layering

import (
	"os"
	"os/exec"
	"path"
	"strings"
	"testing"
)

const module = "github.com/bpflockcheck/bpflockcheck/"

// layers lists every package, from the bottom up. A package may import those of
// lower layers only; packages of one layer do not know one another. A new package
// belongs in here and into the table of docs/architecture.md.
var layers = [][]string{
	{"rules/kernel", "analyzer/position"},
	{"analyzer/diag"},
	{"internal/suggest", "internal/gitignore", "internal/gitrev", "internal/atomicfile", "internal/source", "internal/suppress"},
	{"internal/fingerprint"},
	{"analyzer/ir"},

	{"analyzer/csource/cpp", "analyzer/csource/compileflags", "analyzer/csource/headers"},
	{"analyzer/csource/hdrindex", "analyzer/csource/btfheader", "analyzer/csource/reduce", "analyzer/csource/repair"},
	{"analyzer/csource/unit"},
	{"analyzer/csource/lower", "analyzer/csource/rewrite"},
	{"analyzer/csource", "analyzer/object", "analyzer/model"},

	{"analyzer/flow"},
	{"rules"},
	{"analyzer/verifier/linker"},
	{"analyzer/gomap", "analyzer/verifier"},
	{"analyzer"},
	{"internal/report", "internal/config", "internal/baseline", "internal/fixer"},
	{"internal/lsp"},
	{"internal/cli"},
	{"internal/gen/docs", "internal/agreement"},
	{"internal/agreement/cmd", "cmd/bpflockcheck"},
}

// testOnly are packages that no other may import, but in tests.
var testOnly = []string{"internal/testlog", "internal/external", "internal/docs", "internal/layering"}

// systems are those that are released: a file built for one of them only has
// imports, too.
var systems = []string{"linux", "darwin", "windows"}

func TestImportsPointOneWay(t *testing.T) {
	layerOf := make(map[string]int)
	for i, l := range layers {
		for _, p := range l {
			layerOf[p] = i
		}
	}
	for _, p := range testOnly {
		layerOf[p] = len(layers)
	}
	seen := make(map[string]bool)
	for _, system := range systems {
		for pkg, imports := range imports(t, system) {
			seen[pkg] = true
			if path.Base(pkg) == "util" || path.Base(pkg) == "utils" {
				t.Errorf("%s: a package is named for what it does", pkg)
			}
			layer, ok := layerOf[pkg]
			if !ok {
				t.Errorf("%s is in no layer: add it to the list in this test and to docs/architecture.md", pkg)
				continue
			}
			for _, imp := range imports {
				if below, ok := layerOf[imp]; ok && below >= layer {
					t.Errorf("%s: %s imports %s, which is not below it", system, pkg, imp)
				}
			}
		}
	}
	for p := range layerOf {
		if !seen[p] {
			t.Errorf("%s is in the list, but there is no such package", p)
		}
	}
}

// imports gives what each package of the module imports of it.
func imports(t *testing.T, system string) map[string][]string {
	t.Helper()
	cmd := exec.Command("go", "list", "-f", `{{.ImportPath}}{{range .Imports}} {{.}}{{end}}`, "./...")
	cmd.Dir, cmd.Env = "../..", append(os.Environ(), "GOOS="+system, "CGO_ENABLED=0")
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	all := make(map[string][]string)
	for line := range strings.Lines(string(out)) {
		fields := strings.Fields(line)
		pkg := strings.TrimPrefix(fields[0], module)
		all[pkg] = nil
		for _, imp := range fields[1:] {
			if dep, ours := strings.CutPrefix(imp, module); ours {
				all[pkg] = append(all[pkg], dep)
			}
		}
	}
	return all
}

// TestEveryPackageIsExplained: docs/architecture.md has a row for each package,
// or for the one around it.
func TestEveryPackageIsExplained(t *testing.T) {
	text, err := os.ReadFile("../../docs/architecture.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(text), "\n## Packages")
	table, _, _ = strings.Cut(table, "\n## ")
	for _, l := range layers {
		for _, p := range l {
			explained := false
			for q := p; !explained && (q == p || strings.Contains(q, "/")); q = path.Dir(q) {
				explained = strings.Contains(table, "`"+q+"`") || strings.Contains(table, "`"+strings.TrimPrefix(q, "internal/")+"`")
			}
			if !explained {
				t.Errorf("%s is not in the table", p)
			}
		}
	}
}
