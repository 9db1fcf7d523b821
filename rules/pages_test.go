package rules_test

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/bpflockcheck/bpflockcheck/analyzer/csource"
	"github.com/bpflockcheck/bpflockcheck/analyzer/csource/unit"
	"github.com/bpflockcheck/bpflockcheck/analyzer/diag"
	"github.com/bpflockcheck/bpflockcheck/analyzer/object"
	"github.com/bpflockcheck/bpflockcheck/rules"
)

var exampleRE = regexp.MustCompile("(?ms)^```c (bad|good)\n(.*?)^```$")

// examples gives the bad and the good programs of a page.
func examples(page string) (bad, good []string) {
	for _, m := range exampleRE.FindAllStringSubmatch(page, -1) {
		if m[1] == "bad" {
			bad = append(bad, m[2])
		} else {
			good = append(good, m[2])
		}
	}
	return bad, good
}

func TestPages(t *testing.T) {
	for i, r := range rules.All() {
		if i > 0 && rules.All()[i-1].ID >= r.ID {
			t.Errorf("the catalogue is not in order at %s", r.ID)
		}
		page := rules.Page(r)
		if !strings.HasPrefix(page, "# "+r.ID+" "+r.Name+"\n") {
			t.Errorf("%s has no page, or one with another title", r.ID)
		}
		if strings.HasSuffix(r.Summary, ".") || r.Summary == "" {
			t.Errorf("%s: summary %q: want one line without a full stop", r.ID, r.Summary)
		}
		for _, name := range []string{r.ID, strings.ToLower(r.ID), r.Name} {
			if rules.Lookup(name) != r {
				t.Errorf("Lookup(%q) does not find %s", name, r.ID)
			}
		}
	}
	if rules.Lookup("BLC999") != nil {
		t.Error("Lookup finds a rule that does not exist")
	}
}

// Every page's bad example is found by its rule, and the good one is clean, in
// C and, where there is a clang, in the object that it makes of them.
func TestExamples(t *testing.T) {
	include := filepath.Join(testdata, "include")
	for _, r := range rules.All() {
		if r.Check == nil || r.ID == "BLC001" {
			continue
		}
		t.Run(r.ID, func(t *testing.T) {
			bad, good := examples(rules.Page(r))
			if len(bad) == 0 || len(good) == 0 {
				t.Fatalf("the page has %d bad and %d good examples", len(bad), len(good))
			}
			run := func(kind, text string, judge func(t *testing.T, front string, fs []diag.Finding)) {
				path := filepath.Join(t.TempDir(), kind+".c")
				if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
				c := parseCase(t, path)
				u, err := csource.Load(context.Background(), path, unit.Config{IncludeDirs: []string{include}})
				if err != nil {
					t.Fatalf("%s example: %v", kind, err)
				}
				for _, s := range u.Skipped {
					t.Errorf("%s example: skipped: %s", kind, s)
				}
				judge(t, kind+" example in C", check(t, u, c.kernel))
				t.Run(kind+"-object", func(t *testing.T) {
					u, err := object.Load(context.Background(), compile(t, clang(t), path, include), object.Config{})
					if err != nil {
						t.Fatal(err)
					}
					judge(t, kind+" example's object", check(t, u, c.kernel))
				})
			}
			for _, text := range bad {
				run("bad", text, func(t *testing.T, front string, fs []diag.Finding) {
					t.Helper()
					for _, f := range fs {
						if f.Rule == r.ID && f.Confidence >= diag.Medium {
							return
						}
					}
					if front == "bad example's object" && r.ID == "BLC111" {
						return // in an object a copy is a row of loads and stores
					}
					t.Errorf("%s is not found by %s: %v", front, r.ID, fs)
				})
			}
			for _, text := range good {
				run("good", text, func(t *testing.T, front string, fs []diag.Finding) {
					t.Helper()
					for _, f := range fs {
						if f.Severity >= diag.Warning && f.Confidence >= diag.Medium {
							t.Errorf("%s: %s: %s %s", front, f.Span, f.Rule, f.Message)
						}
					}
				})
			}
		})
	}
}
