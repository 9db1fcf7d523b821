package object

import (
	"cmp"
	"context"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/bpflockcheck/bpflockcheck/analyzer/ir"
)

// TestCorpus lowers every object of the folders that BPFLOCKCHECK_OBJECTS names
// and tells what could not be lowered, by reason.
func TestCorpus(t *testing.T) {
	dirs := filepath.SplitList(os.Getenv("BPFLOCKCHECK_OBJECTS"))
	if len(dirs) == 0 {
		t.Skip("BPFLOCKCHECK_OBJECTS names no folders with objects")
	}
	var paths []string
	for _, d := range dirs {
		p, err := filepath.Glob(filepath.Join(d, "*.o"))
		if err != nil {
			t.Fatal(err)
		}
		paths = append(paths, p...)
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
