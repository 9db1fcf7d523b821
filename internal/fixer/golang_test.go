package fixer_test

import (
	"go/format"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bpflockcheck/bpflockcheck/analyzer"
)

// goModule copies the Go test module to a folder of its own.
func goModule(t *testing.T) string {
	t.Helper()
	t.Setenv("GOPROXY", "off")
	t.Setenv("GOWORK", "off")
	t.Setenv("GOFLAGS", "-mod=mod")
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(filepath.Join(repository(t), "analyzer", "gomap", "testdata", "mod"))); err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestGoCases does for the Go test module what TestCases does for C.
func TestGoCases(t *testing.T) {
	if testing.Short() {
		t.Skip("loads and builds a module")
	}
	p := &project{dir: goModule(t), inputs: []string{"./..."}}
	// The module's objects are not built anew.
	p.opts.Rules = []analyzer.Selection{{Disable: []string{"BLC1", "BLC2", "BLC4"}}}
	kinds := map[string]int{}
	for _, f := range p.fix(t, false) {
		kinds[f.Rule]++
	}
	for _, rule := range []string{"BLC301", "BLC302", "BLC303", "BLC304"} {
		if kinds[rule] == 0 {
			t.Errorf("no case shows the fix of %s", rule)
		}
	}
	t.Logf("fixes applied by rule: %v", kinds)
	for _, args := range [][]string{{"go", "build", "./..."}, {"go", "vet", "./..."}} {
		cmd := exec.Command(args[0], args[1:]...)
		cmd.Dir = p.dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
}

// TestGoImports: a file that only calls methods gets the import that the flag
// needs, in its place.
func TestGoImports(t *testing.T) {
	if testing.Short() {
		t.Skip("loads and builds a module")
	}
	const use = `
func Read(o *flows.FlowsObjects, k uint32) (v flows.FlowsStats, err error) {
	err = o.Locked.Lookup(k, &v)
	return v, err
}
`
	const lib = `"github.com/cilium/ebpf"`
	for _, tt := range []struct {
		name, text string
		want       string // "" for no fix
	}{
		{"one import", "package x\n\nimport \"example.com/maps/flows\"\n" + use, "import \"example.com/maps/flows\"\nimport " + lib + "\n"},
		{"a group", "package x\n\nimport (\n\t\"fmt\"\n\n\t\"example.com/maps/flows\"\n)\n\nvar _ = fmt.Sprint\n" + use,
			"\t\"example.com/maps/flows\"\n\t" + lib + "\n)"},
		{"in order", "package x\n\nimport (\n\t\"example.com/maps/flows\" // mine\n\t_ \"golang.org/x/sys/unix\"\n)\n" + use,
			"\t\"example.com/maps/flows\" // mine\n\t" + lib + "\n\t_ \"golang.org/x/sys/unix\"\n"},
		{"twice in a file", "package x\n\nimport (\n\t\"example.com/maps/flows\"\n)\n" + use + strings.Replace(use, "Read", "ReadAgain", 1), "\n\t" + lib + "\n)"},
		{"name taken in the package", "package x\n\nimport \"example.com/maps/flows\"\n\nvar ebpf int\n" + use, ""},
		{"name taken in the function", "package x\n\nimport \"example.com/maps/flows\"\n" + strings.Replace(use, "\terr =", "\tebpf := 1\n\t_ = ebpf\n\terr =", 1), ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := &project{dir: goModule(t), inputs: []string{"./x"}}
			path := filepath.Join(p.dir, "x", "x.go")
			write(t, path, tt.text)
			write(t, filepath.Join(p.dir, "x", "y.go"), "package x\n\nimport _ \"github.com/cilium/ebpf\"\n")
			if n := len(p.check(t)); n == 0 {
				t.Fatal("nothing is found")
			}
			p.fix(t, false)
			got := read(t, path)
			if !strings.Contains(got, tt.want) || strings.Count(got, lib) > 1 || tt.want == "" && got != tt.text {
				t.Errorf("the result is\n%s\nwant %q", got, tt.want)
			}
			cmd := exec.Command("go", "vet", "./x")
			cmd.Dir = p.dir
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
			if formatted, err := format.Source([]byte(got)); err != nil || string(formatted) != got {
				t.Errorf("not as gofmt would have it: %v\n%s", err, got)
			}
		})
	}
}
