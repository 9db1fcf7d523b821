package object

import (
	"cmp"
	"context"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bpflockcheck/bpflockcheck/analyzer/ir"
	"github.com/bpflockcheck/bpflockcheck/internal/external"
)

// TestCorpus lowers some of the kernel's selftests, or else every object of the
// folders that BPFLOCKCHECK_OBJECTS names, and tells what could not be lowered, by
// reason.
func TestCorpus(t *testing.T) {
	dirs := filepath.SplitList(os.Getenv("BPFLOCKCHECK_OBJECTS"))
	if len(dirs) == 0 {
		dirs = []string{compileSelftests(t, 40)}
	}
	var paths []string
	for _, d := range dirs {
		p, err := filepath.Glob(filepath.Join(d, "*.o"))
		if err != nil {
			t.Fatal(err)
		}
		paths = append(paths, p...)
	}
	if len(paths) == 0 {
		t.Fatal("no objects")
	}
	number := regexp.MustCompile(`\d+|map \S+|helper number \S+`)
	skips, havocs, notes := map[string]int{}, map[string]int{}, map[string]int{}
	var objects, programs, funcs, insns, ops, located, nmaps, globals, typed, structops int
	var slowest time.Duration
	var slow string
	begin := time.Now()
	for _, p := range paths {
		start := time.Now()
		u, err := Load(context.Background(), p, Config{})
		if err != nil {
			t.Errorf("%v", err)
			continue
		}
		if d := time.Since(start); d > slowest {
			slowest, slow = d, p
		}
		objects++
		checkUnit(t, u)
		programs += len(u.Programs)
		nmaps += len(u.Maps)
		globals += len(u.Globals)
		for _, g := range u.Globals {
			if g.Type != nil {
				typed++
			}
		}
		for _, p := range u.Programs {
			if p.StructOps != "" {
				structops++
			}
		}
		for _, s := range u.Skipped {
			skips[number.ReplaceAllString(s.Reason, "N")]++
			if testing.Verbose() {
				t.Log(s)
			}
		}
		for _, n := range u.Notes {
			notes[n]++
		}
		for _, f := range u.Funcs {
			funcs++
			last := 0
			for _, b := range f.Blocks {
				for _, in := range b.Instrs {
					ops++
					if in.At().Line > 0 {
						located++
					}
					if in.At().Insn != last {
						insns++
						last = in.At().Insn
					}
					if h, ok := in.(*ir.Havoc); ok {
						havocs[h.Reason]++
					}
				}
			}
		}
	}
	t.Logf("%d objects, %d programs (%d of struct_ops), %d functions, %d maps, %d globals (%d typed), %d instructions, %d operations (%d with a line) in %v; slowest %s: %v",
		objects, programs, structops, funcs, nmaps, globals, typed, insns, ops, located, time.Since(begin).Round(time.Millisecond), filepath.Base(slow), slowest.Round(time.Millisecond))
	for title, m := range map[string]map[string]int{"skipped": skips, "unknown": havocs, "notes": notes} {
		for _, k := range slices.SortedFunc(maps.Keys(m), func(a, b string) int { return cmp.Or(cmp.Compare(m[b], m[a]), cmp.Compare(a, b)) }) {
			t.Logf("%s: %6d %s", title, m[k], k)
		}
	}
}

// compileSelftests compiles n of the selftests that need no vmlinux.h, spread
// evenly over them, into a folder.
func compileSelftests(t *testing.T, n int) string {
	t.Helper()
	selftests := external.Selftests(t)
	cc := external.Require(t, "clang-19", "Debian: clang-19")
	all, err := filepath.Glob(filepath.Join(selftests, "progs", "*.c"))
	if err != nil {
		t.Fatal(err)
	}
	var sources []string
	for _, path := range all {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		// A source that needs types of the kernel itself, directly or not, or of a
		// module of the tests, does not compile without them.
		if !regexp.MustCompile(`include[ \t]*["<](vmlinux\.h|bpf_experimental\.h|.*kfunc.*|.*\.\./.*)[">]`).Match(text) {
			sources = append(sources, path)
		}
	}
	out := t.TempDir()
	compiled := 0
	for i := range n {
		source := sources[i*len(sources)/n]
		cmd := exec.Command(cc, "-g", "-O2", "-target", "bpf", "-mcpu=v3", "-std=gnu11", "-w", "-D__TARGET_ARCH_x86",
			"-I"+selftests, "-I"+filepath.Join(selftests, "..", "..", "..", "include", "uapi"), "-idirafter", "/usr/include/x86_64-linux-gnu",
			"-c", source, "-o", filepath.Join(out, strings.TrimSuffix(filepath.Base(source), ".c")+".o"))
		if msg, err := cmd.CombinedOutput(); err != nil {
			first, _, _ := strings.Cut(string(msg), "\n")
			t.Logf("%s: %s", filepath.Base(source), first)
			continue
		}
		compiled++
	}
	if compiled*4 < n*3 {
		t.Fatalf("only %d of %d selftests compile", compiled, n)
	}
	return out
}
