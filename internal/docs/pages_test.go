package docs

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/bpflockcheck/bpflockcheck/rules"
)

// pageFile gives the file of a rule's page.
func pageFile(t *testing.T, r *rules.Rule) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(root, "rules", strings.ToLower(r.ID)+"_*.md"))
	if err != nil || len(found) != 1 {
		t.Fatalf("%s: pages %v, %v", r.ID, found, err)
	}
	return found[0]
}

var (
	example  = regexp.MustCompile("(?ms)^```(c|go|diff)( \\w+)?\n(.*?)^```$")
	kernelOf = regexp.MustCompile(`(?m)^// kernel: (\S+)$`)
)

// code gives the first block of a language under a heading.
func code(page, heading, language string) string {
	for _, m := range example.FindAllStringSubmatch(section(page, heading), -1) {
		if m[1] == language {
			return m[3]
		}
	}
	return ""
}

func section(page, heading string) string {
	_, rest, _ := strings.Cut(page, "\n## "+heading+"\n")
	rest, _, _ = strings.Cut(rest, "\n## ")
	return rest
}

// TestPageSections: every page says the same things in the same words.
func TestPageSections(t *testing.T) {
	for _, r := range rules.All() {
		page := rules.Page(r)
		want := []string{"\n\nSeverity: " + r.Severity.String(), "\n## What it finds\n", "\n## Why it matters\n", "\n## Fix\n", "\n## Kernel versions\n", "\n## How to silence it\n", "// bpflockcheck:ignore " + r.ID + " "}
		if r.ID != "BLC001" {
			want = append(want, "\n## Bad\n", "\n## Good\n")
		}
		if r.ID > "BLC1" {
			want = append(want, "\n\nConfidence: ")
		}
		if strings.HasPrefix(r.ID, "BLC1") && r.ID != "BLC110" { // which is no race
			want = append(want, "CPU 0")
		}
		for _, w := range want {
			if !strings.Contains(page, w) {
				t.Errorf("%s does not say %q", r.ID, strings.TrimSpace(w))
			}
		}
	}
}

type finding struct {
	Rule, Message string
	Line          int
}

// judge runs the program over the files of a folder and gives its findings.
func judge(t *testing.T, dir, args string) []finding {
	t.Helper()
	out, status := run(t, dir, "bpflockcheck --format json --no-config --quiet "+args+" 2>stderr")
	if status > 1 {
		text, _ := os.ReadFile(filepath.Join(dir, "stderr"))
		t.Fatalf("exit status %d: %s", status, text)
	}
	var report struct {
		Findings []finding
		Skipped  []struct{ Reason string }
	}
	if err := json.Unmarshal([]byte(out), &report); err != nil {
		t.Fatalf("%v in %s", err, out)
	}
	for _, s := range report.Skipped {
		t.Errorf("skipped: %s", s.Reason)
	}
	return report.Findings
}

// folder makes a folder with an example in it, and all that it needs: for Go
// the C source of its map.
func folder(t *testing.T, page, language, text string) string {
	t.Helper()
	dir := t.TempDir()
	if language == "c" {
		if err := os.CopyFS(dir, os.DirFS(filepath.Join(root, "testdata", "include"))); err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(dir, "example.bpf.c"), text)
		return dir
	}
	copyFile(t, filepath.Join("testdata", "project", "go.mod"), dir)
	copyFile(t, filepath.Join(root, "go.sum"), dir)
	write(t, filepath.Join(dir, "flows.c"), code(page, "The map", "c"))
	write(t, filepath.Join(dir, "example.go"), text)
	return dir
}

// TestPageExamples runs the program on each page's examples, as its reader
// would: the bad one has findings of this rule alone; the good one has none; and
// the fix that the page shows is what --diff prints. That the examples compile
// is tested beside the rules.
func TestPageExamples(t *testing.T) {
	var rewriting sync.Mutex
	for _, r := range rules.All() {
		if r.ID == "BLC001" { // its subject are other people's headers and assembly
			continue
		}
		t.Run(r.ID, func(t *testing.T) {
			t.Parallel()
			page := rules.Page(r)
			language := "c"
			if code(page, "Bad", "go") != "" {
				language = "go"
			}
			bad, good := code(page, "Bad", language), code(page, "Good", language)
			if bad == "" || good == "" {
				t.Fatal("no example")
			}
			args := "--enable " + r.ID
			if m := kernelOf.FindStringSubmatch(bad); m != nil {
				args += " --kernel " + m[1]
			}
			dir := folder(t, page, language, bad)
			found := judge(t, dir, args)
			if len(found) == 0 {
				t.Error("the bad example has no finding")
			}
			for _, f := range found {
				if f.Rule != r.ID {
					t.Errorf("the bad example has a finding of another rule: line %d: %s %s", f.Line, f.Rule, f.Message)
				}
			}
			for _, f := range judge(t, folder(t, page, language, good), args) {
				t.Errorf("the good example has a finding: line %d: %s %s", f.Line, f.Rule, f.Message)
			}
			rewriting.Lock()
			defer rewriting.Unlock()
			checkFix(t, r, page, dir, args)
		})
	}
}

// checkFix compares the fix that a page shows with the one that is offered. One
// that is offered has to be shown, as well, and one that is not safe as such.
func checkFix(t *testing.T, r *rules.Rule, page, dir, args string) {
	t.Helper()
	diff := func(flags string) string {
		out, status := run(t, dir, "bpflockcheck "+flags+" --no-config --quiet "+args+" 2>stderr")
		if status > 1 {
			t.Fatalf("%s: exit status %d: %s", flags, status, out)
		}
		_, hunks, _ := strings.Cut(out, "\n+++ ") // without the names of the file
		_, hunks, _ = strings.Cut(hunks, "\n")
		return hunks
	}
	got, shown := diff("--diff --unsafe-fixes"), code(page, "Fix", "diff")
	if safe := diff("--diff"); got != "" && (safe != got) != strings.Contains(section(page, "Fix"), "`--fix --unsafe-fixes` makes it") {
		t.Error("the page says of an unsafe fix that --fix alone makes it, or the other way round")
	}
	if got == shown {
		return
	}
	if *update && shown != "" && got != "" {
		path := pageFile(t, r)
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		write(t, path, strings.Replace(string(b), "```diff\n"+shown+"```", "```diff\n"+got+"```", 1))
		t.Logf("%s rewritten; run: go generate ./rules", path)
		return
	}
	t.Errorf("the page shows the fix\n%s\nand --diff --unsafe-fixes prints\n%s", shown, got)
}
