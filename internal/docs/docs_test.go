// Package docs holds the documentation to what the tool does.
package docs

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/bpflockcheck/bpflockcheck/analyzer"
	"github.com/bpflockcheck/bpflockcheck/internal/cli"
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

const program = `#include <bpf/bpf_helpers.h>
SEC("xdp") int prog(void *ctx) { return 0; }
`

// TestCommandsRun runs every command of the documentation that is the tool's
// own, in a folder with a program: none may fail as a command.
func TestCommandsRun(t *testing.T) {
	ran := 0
	for name, doc := range documents(t) {
		for _, block := range blocks(doc, "console") {
			for _, line := range strings.Split(block, "\n") {
				command, ok := strings.CutPrefix(line, "$ bpflockcheck")
				if !ok || endless(command) {
					continue
				}
				ran++
				t.Run(name+":"+strings.TrimSpace(line), func(t *testing.T) { runCommand(t, command) })
			}
		}
	}
	if ran < 4 {
		t.Errorf("only %d commands found", ran)
	}
}

// endless reports whether a command wants an object or never ends; the scripts
// of cmd/bpflockcheck test these.
func endless(command string) bool {
	return strings.Contains(command, "verify") || strings.Contains(command, ".o ") || strings.Contains(command, "lsp")
}

func runCommand(t *testing.T, command string) {
	command, _, _ = strings.Cut(command, " #")
	command, _, _ = strings.Cut(command, " > ")
	args := strings.Fields(command)
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "prog.bpf.c"), []byte(program), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "known.json"), []byte(`{"tool":"bpflockcheck baseline","version":1,"findings":[]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	var stdout, stderr bytes.Buffer
	c := &cli.Command{Stdin: strings.NewReader(program), Stdout: &stdout, Stderr: &stderr, Dir: dir}
	if status := c.Main(args); status == cli.ExitFailure {
		t.Errorf("exits %d: %s", status, stderr.String())
	}
}

// TestConfigExamples decodes every config shown.
func TestConfigExamples(t *testing.T) {
	for name, doc := range documents(t) {
		for _, block := range blocks(doc, "yaml") {
			if strings.Contains(block, "repos:") || strings.Contains(block, "jobs:") || strings.Contains(block, "uses:") || strings.Contains(block, "script:") || strings.Contains(block, "linters:") || strings.Contains(block, "plugins:") {
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
