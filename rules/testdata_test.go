package rules_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/bpflockcheck/bpflockcheck/analyzer/csource"
	"github.com/bpflockcheck/bpflockcheck/analyzer/csource/unit"
	"github.com/bpflockcheck/bpflockcheck/analyzer/diag"
	"github.com/bpflockcheck/bpflockcheck/analyzer/flow"
	"github.com/bpflockcheck/bpflockcheck/analyzer/ir"
	"github.com/bpflockcheck/bpflockcheck/analyzer/model"
	"github.com/bpflockcheck/bpflockcheck/analyzer/object"
	"github.com/bpflockcheck/bpflockcheck/rules"
	"github.com/bpflockcheck/bpflockcheck/rules/kernel"
)

// The cases in testdata are complete programs. A comment
//
//	// want BLC101 BLC106 "regexp"
//
// says which rules must report on its line, and nothing else may be reported
// anywhere in the file; the regular expression must match the message of one of
// them. A confidence in parentheses after the rules, (medium), is what they must
// have. want(source) and want(object) hold for one front end only. At the top
// of the file may stand
//
//	// kernel: 5.15       the oldest release to support
//	// show: note low     compare notes, and findings of low confidence, too
//	// source: skip WHY   do not run the C front end on it (object likewise)
const testdata = "../testdata"

type expectation struct {
	line    int
	rule    string
	message *regexp.Regexp
	// confidence is "" where the case leaves it open.
	confidence string
	met        bool
}

type testCase struct {
	path         string
	kernel       kernel.Version
	notes, low   bool
	skip         map[string]string // by front end
	expectations map[string][]*expectation
}

var (
	wantRE      = regexp.MustCompile(`//\s*want(\((?:source|object)\))?\s+((?:BLC\d{3}\s*)+)(\((?:high|medium|low)\)\s*)?("(?:[^"\\]|\\.)*")?`)
	directiveRE = regexp.MustCompile(`^//\s*(kernel|show|source|object):\s*(.*)$`)
)

func parseCase(t *testing.T, path string) *testCase {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	c := &testCase{path: path, kernel: kernel.Newest, skip: map[string]string{}, expectations: map[string][]*expectation{}}
	for i, line := range strings.Split(string(b), "\n") {
		if m := directiveRE.FindStringSubmatch(line); m != nil {
			c.directive(t, m[1], m[2])
		}
		for _, m := range wantRE.FindAllStringSubmatch(line, -1) {
			fronts := []string{"source", "object"}
			if m[1] != "" {
				fronts = []string{strings.Trim(m[1], "()")}
			}
			var re *regexp.Regexp
			confidence := strings.Trim(m[3], "() \t")
			if m[4] != "" {
				re, err = regexp.Compile(strings.ReplaceAll(m[4][1:len(m[4])-1], `\"`, `"`))
				if err != nil {
					t.Fatalf("%s:%d: %v", path, i+1, err)
				}
			}
			for _, front := range fronts {
				for n, rule := range strings.Fields(m[2]) {
					e := &expectation{line: i + 1, rule: rule, confidence: confidence}
					if n == 0 {
						e.message = re
					}
					c.expectations[front] = append(c.expectations[front], e)
				}
			}
		}
		if strings.Contains(line, "// want") && !wantRE.MatchString(line) {
			t.Errorf("%s:%d: malformed want comment", path, i+1)
		}
	}
	return c
}

func (c *testCase) directive(t *testing.T, name, text string) {
	t.Helper()
	switch name {
	case "kernel":
		v, err := kernel.ParseVersion(strings.TrimSpace(text))
		if err != nil {
			t.Fatalf("%s: %v", c.path, err)
		}
		c.kernel = v
	case "show":
		c.notes = strings.Contains(text, "note")
		c.low = strings.Contains(text, "low")
	default:
		if why, ok := strings.CutPrefix(text, "skip"); ok {
			c.skip[name] = strings.TrimSpace(why)
		}
	}
}

// compare matches findings with expectations, strictly both ways.
func (c *testCase) compare(t *testing.T, front string, findings []diag.Finding) {
	t.Helper()
	wants := c.expectations[front]
	for _, e := range wants {
		e.met = false
	}
	for i := range findings {
		f := &findings[i]
		if f.Severity < diag.Warning && !c.notes || f.Confidence < diag.Medium && !c.low {
			continue
		}
		expected := false
		var mismatch *expectation
		for _, e := range wants {
			if e.line != f.Span.Line || e.rule != f.Rule || filepath.Base(f.Span.File) != filepath.Base(c.path) {
				continue
			}
			expected = true
			if e.confidence != "" && e.confidence != f.Confidence.String() {
				t.Errorf("%s:%d: %s with confidence %v, want %s", c.path, e.line, f.Rule, f.Confidence, e.confidence)
			}
			if e.message == nil || e.message.MatchString(f.Message) {
				e.met = true
			} else {
				mismatch = e
			}
		}
		switch {
		case !expected:
			t.Errorf("%s: not wanted: %s: %s %s/%s: %s", front, f.Span, f.Rule, f.Severity, f.Confidence, f.Message)
		case mismatch != nil && !mismatch.met:
			t.Logf("%s:%d: message %q does not match %q", c.path, mismatch.line, f.Message, mismatch.message)
		}
	}
	for _, e := range wants {
		if !e.met {
			t.Errorf("%s: %s:%d: wanted %s, not reported%s", front, c.path, e.line, e.rule, messageOf(e))
		}
	}
}

func messageOf(e *expectation) string {
	if e.message == nil {
		return ""
	}
	return fmt.Sprintf(" with a message like %q", e.message)
}

// casesIn lists the C files of the rules' folders, of the demonstration and of
// the clean programs.
func casesIn(t *testing.T, root string) []string {
	t.Helper()
	var paths []string
	for _, dir := range []string{"blc*", "clean", "demo"} {
		found, err := filepath.Glob(filepath.Join(root, dir, "*.c"))
		if err != nil {
			t.Fatal(err)
		}
		paths = append(paths, found...)
	}
	if len(paths) == 0 {
		t.Fatalf("no cases below %s", root)
	}
	return paths
}

// check runs every rule on a unit, and every panic fails the test.
func check(t *testing.T, u *ir.Unit, v kernel.Version) []diag.Finding {
	t.Helper()
	m := flow.Analyze(context.Background(), u, flow.Config{Kernel: v})
	findings := rules.Run([]*model.Model{m}, rules.Config{Kernel: v})
	for _, s := range m.Skipped {
		if strings.Contains(s.Reason, "internal error") {
			t.Errorf("%s", s)
		}
	}
	return findings
}

func clang(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"clang-19", "clang"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Skip("no clang with a BPF target")
	return ""
}

// compile makes an object of a C file.
func compile(t *testing.T, cc, path string, include ...string) string {
	t.Helper()
	out := filepath.Join(t.TempDir(), strings.TrimSuffix(filepath.Base(path), ".c")+".o")
	// v3 has the atomics on 4 bytes.
	args := []string{"-O2", "-g", "-target", "bpf", "-mcpu=v3", "-Wall", "-Wno-unused", "-Werror"}
	for _, dir := range include {
		args = append(args, "-I", dir)
	}
	var stderr bytes.Buffer
	cmd := exec.Command(cc, append(args, "-c", path, "-o", out)...)
	cmd.Stderr = &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s does not compile: %v\n%s", path, err, &stderr)
	}
	return out
}

func TestSources(t *testing.T) {
	for _, path := range casesIn(t, testdata) {
		t.Run(caseName(path), func(t *testing.T) {
			c := parseCase(t, path)
			if why, ok := c.skip["source"]; ok {
				t.Skip(why)
			}
			u, err := csource.Load(context.Background(), path, unit.Config{IncludeDirs: []string{filepath.Join(testdata, "include")}})
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range u.Skipped {
				t.Errorf("source: skipped: %s", s)
			}
			c.compare(t, "source", check(t, u, c.kernel))
		})
	}
}

func TestObjects(t *testing.T) {
	cc := clang(t)
	for _, path := range casesIn(t, testdata) {
		t.Run(caseName(path), func(t *testing.T) {
			c := parseCase(t, path)
			if why, ok := c.skip["object"]; ok {
				t.Logf("of the source only: %s", why)
				return
			}
			u, err := object.Load(context.Background(), compile(t, cc, path, filepath.Join(testdata, "include")), object.Config{})
			if err != nil {
				t.Fatal(err)
			}
			c.compare(t, "object", check(t, u, c.kernel))
		})
	}
}

func caseName(path string) string {
	rel, err := filepath.Rel(testdata, path)
	if err != nil {
		return path
	}
	return strings.TrimSuffix(filepath.ToSlash(rel), ".c")
}

// Every rule that looks at BPF code has cases in both directions.
func TestEveryRuleHasCases(t *testing.T) {
	wanted := make(map[string]bool)
	silent := make(map[string]bool)
	for _, path := range casesIn(t, testdata) {
		c := parseCase(t, path)
		for _, e := range c.expectations["source"] {
			wanted[e.rule] = true
		}
		if strings.HasPrefix(filepath.Base(path), "ok") {
			silent[filepath.Base(filepath.Dir(path))] = true
		}
	}
	for _, r := range rules.All() {
		if r.Check == nil || r.ID == "BLC001" {
			continue
		}
		if !wanted[r.ID] {
			t.Errorf("no case wants %s", r.ID)
		}
		if !silent[r.File()] {
			t.Errorf("testdata/%s has no case that must stay silent (ok*.c)", r.File())
		}
	}
}

// No rule fails on any case, whatever kernel is asked for.
func TestEveryKernel(t *testing.T) {
	if testing.Short() {
		t.Skip("every case on several kernels")
	}
	for _, path := range casesIn(t, testdata) {
		u, err := csource.Load(context.Background(), path, unit.Config{IncludeDirs: []string{filepath.Join(testdata, "include")}})
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range []kernel.Version{{Major: 4, Minor: 19}, {Major: 5, Minor: 4}, {Major: 5, Minor: 15}, {Major: 6, Minor: 1}, {Major: 6, Minor: 12}} {
			check(t, u, v)
		}
	}
}
