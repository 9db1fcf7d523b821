package gomap

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/bpflockcheck/bpflockcheck/analyzer/diag"
	"github.com/bpflockcheck/bpflockcheck/rules"
)

var fence = regexp.MustCompile("(?ms)^```([a-z]+)\n(.*?)^```$")

// section gives the code of one language under a heading of a page.
func section(page, heading, lang string) string {
	_, rest, ok := strings.Cut(page, "\n## "+heading+"\n")
	if !ok {
		return ""
	}
	rest, _, _ = strings.Cut(rest, "\n## ")
	for _, m := range fence.FindAllStringSubmatch(rest, -1) {
		if m[1] == lang {
			return m[2]
		}
	}
	return ""
}

// TestPages: the bad example of each rule's page is found, the good one is
// clean, and both compile. The examples are packages of one module: loading
// what they import takes longer than all the rest.
func TestPages(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"go.mod", "go.sum"} {
		text, err := os.ReadFile(filepath.Join(testModule(t), name))
		if err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(dir, name), strings.ReplaceAll(string(text), "./stub", filepath.Join(testModule(t), "stub")))
	}
	ids := []string{ruleLookup, ruleUpdate, ruleIterate, ruleIneffect, ruleLostUpdate}
	headings := []string{"Bad", "Good"}
	for _, id := range ids {
		page := rules.Page(rules.Lookup(id))
		for _, heading := range headings {
			example := filepath.Join(dir, id, heading)
			if err := os.MkdirAll(example, 0o777); err != nil {
				t.Fatal(err)
			}
			code := section(page, heading, "go")
			if code == "" {
				t.Fatalf("%s: no Go code under %q", id, heading)
			}
			write(t, filepath.Join(example, "flows.c"), section(page, "The map", "c"))
			write(t, filepath.Join(example, "example.go"), code)
		}
	}
	findings, skipped := check(t, dir, "./...")
	for _, s := range skipped {
		t.Errorf("skipped %v", s)
	}
	for _, id := range ids {
		for _, heading := range headings {
			t.Run(id+"/"+heading, func(t *testing.T) {
				n := 0
				for _, f := range findings {
					if filepath.Dir(f.Span.File) != filepath.Join(id, heading) || f.Severity == diag.Note || f.Confidence == diag.Low {
						continue
					}
					n++
					if f.Rule != id || heading == "Good" {
						t.Errorf("%s: %s %s", f.Span, f.Rule, f.Message)
					}
				}
				if heading == "Bad" && n == 0 {
					t.Error("the bad example is not found")
				}
			})
		}
	}
	for _, f := range findings {
		if filepath.Dir(filepath.Dir(filepath.Dir(f.Span.File))) != "." {
			t.Errorf("%s lies outside of the examples", f.Span)
		}
	}
}
