package fixer_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/bpflockcheck/bpflockcheck/rules/kernel"
)

var kernelRE = regexp.MustCompile(`(?m)^//\s*kernel:\s*(\S+)`)

// TestCases applies the fixes of every case of the rules, the safe ones and
// then all: what they mend is gone, nothing new is found, another run changes
// nothing, and the result compiles as the case did.
func TestCases(t *testing.T) {
	cc := clang(t)
	root := repository(t)
	paths, err := filepath.Glob(filepath.Join(root, "testdata", "*", "*.c"))
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[string]int{}
	for _, path := range paths {
		rel, err := filepath.Rel(filepath.Join(root, "testdata"), path)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(rel, "agreement") || strings.HasPrefix(rel, "object") {
			continue // no cases of rules
		}
		text := read(t, path)
		p := &project{dir: filepath.Dir(path), inputs: []string{filepath.Base(path)}}
		include := filepath.Join(root, "testdata", "include")
		p.opts.IncludeDirs = []string{include, filepath.Dir(path)}
		if m := kernelRE.FindStringSubmatch(text); m != nil {
			if p.opts.Kernel, err = kernel.ParseVersion(m[1]); err != nil {
				t.Fatal(err)
			}
		}
		offered := false
		for _, f := range p.check(t) {
			offered = offered || f.Fix != nil
		}
		if !offered {
			continue
		}
		t.Run(strings.TrimSuffix(filepath.ToSlash(rel), ".c"), func(t *testing.T) {
			p.dir = t.TempDir()
			if err := os.CopyFS(p.dir, os.DirFS(filepath.Dir(path))); err != nil {
				t.Fatal(err)
			}
			p.opts.IncludeDirs[1] = p.dir
			c := filepath.Join(p.dir, filepath.Base(path))
			flags, ok := strictest(cc, c, "-I"+include, "-I"+p.dir)
			if !ok {
				t.Fatal("the case does not compile")
			}
			for _, unsafe := range []bool{false, true} {
				for _, f := range p.fix(t, unsafe) {
					kinds[f.Rule]++
				}
				if err := compile(cc, c, flags...); err != nil {
					t.Errorf("after the fixes (unsafe: %v): %v\n%s", unsafe, err, read(t, c))
				}
			}
		})
	}
	for _, rule := range []string{"BLC101", "BLC103", "BLC201", "BLC204"} {
		if kinds[rule] == 0 {
			t.Errorf("no case shows the fix of %s", rule)
		}
	}
	t.Logf("fixes applied by rule: %v", kinds)
}
