package docs

import (
	"bytes"
	"regexp"
	"strings"
	"testing"

	"github.com/bpflockcheck/bpflockcheck/internal/cli"
	"github.com/bpflockcheck/bpflockcheck/internal/report"
)

var (
	flagInHelp = regexp.MustCompile(`(?m)^ +(?:-\w, |    )--([a-z][a-z-]*)`)
	subcommand = regexp.MustCompile(`(?m)^  ([a-z]+)  +[A-Z]`)
	flagShown  = regexp.MustCompile(`(?:^|[\s\x60"(\[=])--([a-z][a-z-]+)`)
	codeSpan   = regexp.MustCompile("`([^`\n]+)`")
)

// help gives what a command prints of itself.
func help(t *testing.T, args ...string) string {
	t.Helper()
	var out, errs bytes.Buffer
	c := &cli.Command{Stdin: strings.NewReader(""), Stdout: &out, Stderr: &errs, Dir: t.TempDir()}
	if status := c.Main(append(args, "--help")); status != cli.ExitOK {
		t.Fatalf("%v --help: exit status %d: %s", args, status, errs.String())
	}
	return out.String()
}

// commandFlags gives the flags of each command, by its name; "" is the root's.
// Those of commands within commands count as the outer one's.
func commandFlags(t *testing.T) map[string]map[string]bool {
	t.Helper()
	out := map[string]map[string]bool{}
	var collect func(top string, args []string)
	collect = func(top string, args []string) {
		text := help(t, args...)
		if out[top] == nil {
			out[top] = map[string]bool{}
		}
		for _, m := range flagInHelp.FindAllStringSubmatch(text, -1) {
			out[top][m[1]] = true
		}
		_, list, ok := strings.Cut(text, "Available Commands:\n")
		if !ok {
			return
		}
		list, _, _ = strings.Cut(list, "\n\n")
		for _, m := range subcommand.FindAllStringSubmatch(list, -1) {
			if m[1] == "help" {
				continue
			}
			name := top
			if name == "" {
				name = m[1]
			}
			collect(name, append(append([]string{}, args...), m[1]))
		}
	}
	collect("", nil)
	if len(out) < 8 || !out[""]["format"] || !out["verify"]["vm"] {
		t.Fatalf("the help is not understood: %v", out)
	}
	return out
}

// TestFlagsAreDocumented: docs/command-line.md names every command and flag.
func TestFlagsAreDocumented(t *testing.T) {
	doc := documents(t)["docs/command-line.md"]
	for name, flags := range commandFlags(t) {
		if name != "" && !strings.Contains(doc, "bpflockcheck "+name) {
			t.Errorf("docs/command-line.md does not name the command %q", name)
		}
		for f := range flags {
			if f != "no-descriptions" && !strings.Contains(doc, "--"+f) { // the former is of cobra's completion
				t.Errorf("docs/command-line.md does not name --%s of %q", f, name)
			}
		}
	}
	for _, f := range report.Formats() {
		if !strings.Contains(doc, "| `"+f+"` |") {
			t.Errorf("docs/command-line.md does not explain the format %q", f)
		}
	}
	for _, name := range []string{"README.md", "docs/command-line.md"} {
		for _, status := range []string{"| 0 |", "| 1 |", "| 2 |"} {
			if !strings.Contains(documents(t)[name], status) {
				t.Errorf("%s does not explain the exit status %s", name, status)
			}
		}
	}
}

// TestFlagsExist: a flag in a code span of a document, or in a command of it,
// is one that the named command has. Spans that begin with the name of another
// program are that program's.
func TestFlagsExist(t *testing.T) {
	flags := commandFlags(t)
	checked := 0
	check := func(where, code string) {
		words := strings.Fields(code)
		if len(words) == 0 {
			return
		}
		var known map[string]bool
		switch {
		case words[0] == "bpflockcheck":
			known = flags[""]
			for _, w := range words[1:] {
				if f := flags[w]; f != nil {
					known = f
					break
				}
			}
		case strings.HasPrefix(words[0], "--"):
			known = map[string]bool{}
			for _, list := range flags {
				for f := range list {
					known[f] = true
				}
			}
		default:
			return
		}
		for _, m := range flagShown.FindAllStringSubmatch(code, -1) {
			checked++
			if !known[m[1]] && m[1] != "help" {
				t.Errorf("%s: %s: there is no flag --%s", where, code, m[1])
			}
		}
	}
	for name, doc := range documents(t) {
		list, err := sessions(doc)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		for _, s := range list {
			for _, c := range s.commands {
				text, _, _ := strings.Cut(c.text, " #")
				check(name, text)
			}
		}
		for _, m := range codeSpan.FindAllStringSubmatch(doc, -1) {
			check(name, m[1])
		}
	}
	if checked < 30 {
		t.Errorf("only %d flags found", checked)
	}
}

// placeholder is what is written where something is still to be said.
var placeholder = regexp.MustCompile(`\b(TODO|TBD|FIXME|XXX|FIGURES)\b`)

// TestNothingIsLeftOpen: a document has no gap and no broken table.
func TestNothingIsLeftOpen(t *testing.T) {
	for name, doc := range documents(t) {
		for i, line := range strings.Split(doc, "\n") {
			if placeholder.MatchString(line) {
				t.Errorf("%s:%d: %s", name, i+1, line)
			}
		}
		// A row of a table after a blank line is the head of another table:
		// its rule must follow.
		lines := strings.Split(doc, "\n")
		for i := range lines {
			if strings.HasPrefix(lines[i], "| ") && (i == 0 || lines[i-1] == "") && (i+1 == len(lines) || !strings.HasPrefix(lines[i+1], "| ---")) {
				t.Errorf("%s:%d: a row outside of a table", name, i+1)
			}
		}
	}
}
