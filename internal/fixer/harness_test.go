package fixer_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/bpflockcheck/bpflockcheck/analyzer"
	"github.com/bpflockcheck/bpflockcheck/analyzer/diag"
	"github.com/bpflockcheck/bpflockcheck/internal/fixer"
	"github.com/bpflockcheck/bpflockcheck/internal/source"
)

// project is a folder of files that fixes may change.
type project struct {
	dir    string
	opts   analyzer.Options
	inputs []string
}

func (p *project) check(t *testing.T) []diag.Finding {
	t.Helper()
	opts := p.opts
	opts.Dir = p.dir
	res, err := analyzer.Check(context.Background(), p.inputs, opts)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range res.Failed {
		t.Fatalf("%s: %s", f.Span, f.Reason)
	}
	return res.Findings
}

// identity names a finding wherever fixes may move it.
func identity(f *diag.Finding) string {
	return strings.Join([]string{f.Rule, f.Span.File, f.Function, f.Map, f.Field}, " ")
}

func count(fs []diag.Finding) map[string]int {
	n := map[string]int{}
	for i := range fs {
		n[identity(&fs[i])]++
	}
	return n
}

// maxRounds is how often fixes may make room for others.
const maxRounds = 6

// fix applies fixes until none is left and gives the findings whose fixes the
// first round applied. What they are about must be gone then, and nothing new
// there.
func (p *project) fix(t *testing.T, unsafe bool) (applied []diag.Finding) {
	t.Helper()
	before := p.check(t)
	left := count(before)
	fs := before
	for round := 0; ; round++ {
		plan := fixer.Make(fs, &source.Files{Dir: p.dir}, unsafe)
		if round == 0 {
			for _, i := range plan.Applied {
				applied = append(applied, fs[i])
				left[identity(&fs[i])]--
			}
		}
		if len(plan.Changed) == 0 {
			for _, r := range plan.Refused {
				t.Errorf("%s: refused: %v", fs[r.Finding].Span, r.Err)
			}
			break
		}
		if round == maxRounds {
			t.Errorf("fixes are still proposed after %d rounds:\n%s", round, plan.Diff())
			break
		}
		if err := plan.Write(); err != nil {
			t.Fatal(err)
		}
		fs = p.check(t)
	}
	for id, n := range count(fs) {
		if n > left[id] {
			t.Errorf("%d findings %q after the fixes, want at most %d", n, id, left[id])
		}
	}
	return applied
}

// warnings are the compilations that a fixed file is held to: the first one
// that the original passes.
var warnings = [][]string{
	{"-Wall", "-Werror"},
	{"-Wall", "-Wno-unused", "-Werror"},
	{"-mcpu=v3", "-Wall", "-Werror"},
	{"-mcpu=v3", "-Wall", "-Wno-unused", "-Werror"},
	{},
	{"-mcpu=v3"},
}

// compile compiles a C file for BPF with flags.
func compile(cc, path string, flags ...string) error {
	args := append([]string{"-target", "bpf", "-O2", "-g", "-c", path, "-o", strings.TrimSuffix(path, ".c") + ".o"}, flags...)
	var stderr bytes.Buffer
	cmd := exec.Command(cc, args...)
	cmd.Stderr = &stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%w\n%s", err, &stderr)
	}
	return os.Remove(strings.TrimSuffix(path, ".c") + ".o")
}

// strictest gives the first flags that a file compiles with.
func strictest(cc, path string, flags ...string) ([]string, bool) {
	for _, w := range warnings {
		all := append(slices.Clone(w), flags...)
		if compile(cc, path, all...) == nil {
			return all, true
		}
	}
	return nil, false
}

func clang(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"clang-19", "clang"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Skip("no clang with a BPF target")
	return ""
}

// repository is the root of the source tree.
func repository(t *testing.T) string {
	t.Helper()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	return root
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
