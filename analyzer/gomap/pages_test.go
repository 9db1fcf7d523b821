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
// clean, and both compile.
func TestPages(t *testing.T) {
	for _, id := range []string{ruleLookup, ruleUpdate, ruleIterate, ruleIneffect, ruleLostUpdate} {
		t.Run(id, func(t *testing.T) {
			t.Parallel()
			page := rules.Page(rules.Lookup(id))
			for _, heading := range []string{"Bad", "Good"} {
				dir := t.TempDir()
				for _, name := range []string{"go.mod", "go.sum"} {
					text, err := os.ReadFile(filepath.Join(testModule(t), name))
					if err != nil {
						t.Fatal(err)
					}
					text = []byte(strings.ReplaceAll(string(text), "./stub", filepath.Join(testModule(t), "stub")))
					write(t, filepath.Join(dir, name), string(text))
				}
				code := section(page, heading, "go")
				if code == "" {
					t.Fatalf("no Go code under %q", heading)
				}
				write(t, filepath.Join(dir, "flows.c"), section(page, "The map", "c"))
				write(t, filepath.Join(dir, "example.go"), code)
				findings, skipped := check(t, dir, ".")
				if len(skipped) > 0 {
					t.Errorf("%s: skipped %v", heading, skipped)
				}
				n := 0
				for _, f := range findings {
					if f.Severity == diag.Note || f.Confidence == diag.Low {
						continue
					}
					n++
					if f.Rule != id || heading == "Good" {
						t.Errorf("%s: %s: %s %s", heading, f.Span, f.Rule, f.Message)
					}
				}
				if heading == "Bad" && n == 0 {
					t.Error("the bad example is not found")
				}
			}
		})
	}
}
