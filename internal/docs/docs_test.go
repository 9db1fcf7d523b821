// Package docs holds the documentation to what the tool does.
package docs

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/bpflockcheck/bpflockcheck/analyzer"
	"github.com/bpflockcheck/bpflockcheck/internal/config"
	"github.com/bpflockcheck/bpflockcheck/rules"
)

const root = "../.."

// documents are all the Markdown files written by hand that are not a rule's.
func documents(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, pattern := range []string{"*.md", "docs/*.md", "editors/*/*.md", "editors/*.md"} {
		paths, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range paths {
			b, err := os.ReadFile(p)
			if err != nil {
				t.Fatal(err)
			}
			rel, _ := filepath.Rel(root, p)
			out[filepath.ToSlash(rel)] = string(b)
		}
	}
	if out["README.md"] == "" {
		t.Fatal("no README.md")
	}
	return out
}

var fence = regexp.MustCompile("(?ms)^```(\\w+)\n(.*?)^```$")

// blocks gives the fenced blocks of one language.
func blocks(doc, language string) []string {
	var out []string
	for _, m := range fence.FindAllStringSubmatch(doc, -1) {
		if m[1] == language {
			out = append(out, m[2])
		}
	}
	return out
}

// TestConfigExamples decodes every config shown.
func TestConfigExamples(t *testing.T) {
	for name, doc := range documents(t) {
		for _, block := range blocks(doc, "yaml") {
			if strings.Contains(block, "repos:") || strings.Contains(block, "hooks:") || strings.Contains(block, "steps:") || strings.Contains(block, "jobs:") || strings.Contains(block, "uses:") || strings.Contains(block, "script:") || strings.Contains(block, "linters:") || strings.Contains(block, "plugins:") {
				continue // another program's
			}
			if _, err := config.Parse(name, []byte(block), analyzer.CheckSelector); err != nil {
				t.Errorf("%v, in:\n%s", err, block)
			}
		}
	}
}

var ruleID = regexp.MustCompile(`\bBLC[0-9]{3}\b`)

// TestRulesExist checks that documents name no rule that is not there. The
// contributing guide's rule to be added is made up.
func TestRulesExist(t *testing.T) {
	for name, doc := range documents(t) {
		for _, id := range ruleID.FindAllString(doc, -1) {
			if rules.Lookup(id) == nil && id != "BLC113" {
				t.Errorf("%s names %s, which is no rule", name, id)
			}
		}
	}
}

var link = regexp.MustCompile(`\]\(([^)#]+)`)

// TestLinksResolve checks links to files of the repository.
func TestLinksResolve(t *testing.T) {
	for name, doc := range documents(t) {
		for _, m := range link.FindAllStringSubmatch(doc, -1) {
			if strings.Contains(m[1], "://") {
				continue
			}
			if _, err := os.Stat(filepath.Join(root, filepath.Dir(name), m[1])); err != nil {
				t.Errorf("%s: link to %s: %v", name, m[1], err)
			}
		}
	}
}
