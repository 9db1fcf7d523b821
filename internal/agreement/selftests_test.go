package agreement_test

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/bpflockcheck/bpflockcheck/analyzer"
	"github.com/bpflockcheck/bpflockcheck/analyzer/diag"
	"github.com/bpflockcheck/bpflockcheck/analyzer/verifier"
	"github.com/bpflockcheck/bpflockcheck/internal/external"
	"github.com/bpflockcheck/bpflockcheck/rules/kernel"
)

// expectation is what the authors of a selftest say of a program.
type expectation struct {
	fails    bool
	messages []string // that the verifier's log must have
}

// lock reports whether the program must be refused for what BLC2xx is about.
func (e *expectation) lock() bool {
	for _, m := range e.messages {
		if len(verifier.RulesOf(m)) > 0 {
			return true
		}
	}
	return false
}

var (
	// annotated is a program with its attributes, up to its body.
	annotated = regexp.MustCompile(`(?s)\bSEC\("[^"]*"\)([^{};]*)\{`)
	expected  = regexp.MustCompile(`\b__msg\("((?:[^"\\]|\\.)*)"\)`)
	literal   = regexp.MustCompile(`"(?:[^"\\\n]|\\.)*"`)
	// declared is the name of the function after the attributes.
	declared = regexp.MustCompile(`(?:\bBPF_\w+\(\s*(\w+)|\b(\w+)\s*\([^()]*\))[^()]*\)?\s*$`)
	// listed is an entry of a test's table of programs that must fail.
	listed = regexp.MustCompile(`\{\s*"(\w+)",\s*"((?:[^"\\]|\\.)*)"\s*\}`)
)

// expectations reads what a file of programs says of them in their attributes.
func expectations(text string) map[string]*expectation {
	out := map[string]*expectation{}
	// What stands in string literals is no syntax.
	masked := literal.ReplaceAllStringFunc(text, func(s string) string {
		return `"` + strings.Repeat("_", len(s)-2) + `"`
	})
	for _, m := range annotated.FindAllStringSubmatchIndex(masked, -1) {
		attributes := text[m[2]:m[3]]
		name := declared.FindStringSubmatch(masked[m[2]:m[3]])
		fails := regexp.MustCompile(`\b__failure\b`).MatchString(attributes)
		if name == nil || !fails && !regexp.MustCompile(`\b__success\b`).MatchString(attributes) {
			continue
		}
		e := &expectation{fails: fails}
		for _, x := range expected.FindAllStringSubmatch(attributes, -1) {
			e.messages = append(e.messages, x[1])
		}
		out[name[1]+name[2]] = e
	}
	return out
}

// TestSelftests holds the rules on locks against what the authors of the
// kernel's own tests expect of its verifier: a program that it must refuse for a
// lock has a finding of BLC2xx, one that it must accept has none. No kernel is
// asked.
func TestSelftests(t *testing.T) {
	dir := external.Selftests(t)
	sources, err := filepath.Glob(filepath.Join(dir, "progs", "*.c"))
	if err != nil || len(sources) < 500 {
		t.Fatalf("%d sources in %s: %v", len(sources), dir, err)
	}
	tables, err := filepath.Glob(filepath.Join(dir, "prog_tests", "*.c"))
	if err != nil {
		t.Fatal(err)
	}
	fail := map[string]*expectation{} // by name, from the tables
	for _, path := range tables {
		for _, m := range listed.FindAllStringSubmatch(read(t, path), -1) {
			if e := (&expectation{fails: true, messages: m[2:]}); e.lock() {
				fail[m[1]] = e
			}
		}
	}

	refused, accepted := 0, 0
	for _, path := range sources {
		text := read(t, path)
		want := expectations(text)
		if strings.HasSuffix(path, "_fail.c") {
			for name, e := range fail {
				if regexp.MustCompile(`\b` + name + `\b`).MatchString(text) {
					want[name] = e
				}
			}
		}
		if len(want) == 0 {
			continue
		}
		res, err := analyzer.Check(context.Background(), []string{path}, analyzer.Options{
			Kernel: kernel.Version{Major: 6, Minor: 12}, IncludeDirs: []string{dir},
		})
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		found, skipped := map[string]string{}, map[string]bool{}
		for _, f := range res.Findings {
			if strings.HasPrefix(f.Rule, "BLC2") && f.Severity == diag.Error {
				for _, p := range f.Programs {
					found[p.Name] = f.Rule + ": " + f.Message
				}
			}
		}
		for _, s := range res.Skipped {
			skipped[s.Function] = true
		}
		for name, e := range want {
			switch {
			case skipped[name]:
			case e.fails && e.lock():
				refused++
				if found[name] == "" {
					t.Errorf("%s: %s: nothing found, but the verifier must say %q", path, name, e.messages)
				}
			case !e.fails:
				accepted++
				if found[name] != "" {
					t.Errorf("%s: %s: the verifier must accept it, but %s", path, name, found[name])
				}
			}
		}
	}
	t.Logf("%d refused for a lock, %d accepted", refused, accepted)
	if refused < 20 || accepted < 100 {
		t.Error("too few programs were compared")
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
