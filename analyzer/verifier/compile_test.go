package verifier

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bpflockcheck/bpflockcheck/rules/kernel"
)

// compile compiles testdata/NAME.c; the test is skipped without a clang that
// knows BPF.
func compile(t *testing.T, name string) string {
	t.Helper()
	out := filepath.Join(t.TempDir(), name+".o")
	for _, clang := range []string{"clang-19", "clang"} {
		if _, err := exec.LookPath(clang); err != nil {
			continue
		}
		cmd := exec.Command(clang, "-target", "bpf", "-mcpu=v3", "-O2", "-g", "-c", name+".c", "-o", out)
		cmd.Dir = "testdata"
		if msg, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", clang, err, msg)
		}
		return out
	}
	t.Skip("no clang")
	return ""
}

// verdictOf is what a kernel says of a program of testdata/locks.c.
type verdictOf struct {
	verdict Verdict
	rule    string // the first of Load.Rules
	line    int    // of the source, 0: not checked
}

func wantLocks(v kernel.Version) map[string]verdictOf {
	w := map[string]verdictOf{
		"balanced":    {Loads, "", 0},
		"leaks":       {Rejected, "BLC201", 53},
		"twice":       {Rejected, "BLC202", 59},
		"calls":       {Rejected, "BLC204", 68},
		"unbalanced":  {Rejected, "BLC203", 76},
		"touches":     {Rejected, "BLC207", 83},
		"wrong_type":  {Rejected, "BLC205", 0},
		"wrong_map":   {Rejected, "BLC206", 96},
		"global_lock": {Loads, "", 0},
		"subprog":     {Loads, "", 0},
		"no_size":     {Loads, "", 0},
	}
	if !v.AtLeast(6, 2) {
		w["global_lock"] = verdictOf{Rejected, "BLC203", 0}
	}
	if v.Less(kernel.StaticCallInLockSince) {
		w["subprog"] = verdictOf{Rejected, "BLC204", 0}
	}
	return w
}

func wantLoad() map[string]Verdict {
	return map[string]Verdict{
		"plain": Loads, "kconfig": Loads, "nested_map": Loads, "linked": Loads, "unreachable_weak": Loads,
		"reachable_weak": NotLoadable, "strong": NotLoadable, "no_target": NotLoadable, "replaces": NotLoadable,
		"unknown": NotLoadable, "bad": Rejected,
	}
}

func checkVerdicts(t *testing.T, k *Kernel, locks, load string) {
	t.Helper()
	if k.Err != nil {
		t.Fatal(k.Err)
	}
	if len(k.Unreadable) > 0 {
		t.Errorf("unreadable: %v", k.Unreadable)
	}
	wantL, wantO := wantLocks(k.Version), wantLoad()
	if len(k.Results) != len(wantL)+len(wantO) {
		t.Errorf("%d results, want %d", len(k.Results), len(wantL)+len(wantO))
	}
	for _, x := range k.Results {
		switch x.Object {
		case locks:
			w := wantL[x.Program]
			rule := ""
			if len(x.Rules) > 0 {
				rule = x.Rules[0]
			}
			if x.Verdict != w.verdict || rule != w.rule {
				t.Errorf("%s: %s %s, want %s %s (%s %s)", x.Program, x.Verdict, rule, w.verdict, w.rule, x.Line, x.Reason)
			}
			if w.line != 0 && (x.Source == nil || x.Source.Line != w.line || filepath.Base(x.Source.File) != "locks.c") {
				t.Errorf("%s: refused at %v, want line %d", x.Program, x.Source, w.line)
			}
			if x.Program == "wrong_map" && (len(x.LostLocks) != 1 || x.LostLocks[0] != "lru") {
				t.Errorf("%s: lost locks %v", x.Program, x.LostLocks)
			}
		case load:
			if x.Program == "no_target" && x.Verdict == Loads {
				// A kernel that lets trampolines load has a function to take its place.
				if len(x.Notes) != 1 || !strings.Contains(x.Notes[0], "bpf_fentry_test1 instead of no_such_function") {
					t.Errorf("%s: notes %q", x.Program, x.Notes)
				}
				continue
			}
			if w := wantO[x.Program]; x.Verdict != w {
				t.Errorf("%s: %s, want %s (%s %s)", x.Program, x.Verdict, w, x.Line, x.Reason)
			}
			if x.Verdict == NotLoadable && x.Reason == "" {
				t.Errorf("%s: no reason", x.Program)
			}
		default:
			t.Errorf("object %s", x.Object)
		}
	}
}

// guestBinary builds a static program that is a guest and nothing else.
func guestBinary(t *testing.T) string {
	t.Helper()
	out := filepath.Join(t.TempDir(), "guest")
	cmd := exec.Command("go", "build", "-o", out, "./testdata/guest")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH=amd64")
	if msg, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, msg)
	}
	return out
}
