package docs

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
)

// A command of a console block, and the output shown below it.
type command struct {
	text string // without the prompt
	line int    // of the document, from 1
	want []string
	// What stands before each line: a block can be part of a list.
	indent string
	// The lines of the document that hold the output: [first, last).
	first, last int
}

// A session is one console block: its commands run one after the other in one
// folder.
type session struct {
	line     int
	commands []command
}

// sessions gives a document's console blocks. Everything in one that is not
// behind a prompt is the output of the command above it.
func sessions(doc string) ([]session, error) {
	var out []session
	var open *session
	indent := ""
	for i, line := range strings.Split(doc, "\n") {
		if open == nil {
			if before, ok := strings.CutSuffix(line, "```console"); ok && strings.TrimSpace(before) == "" {
				open, indent = &session{line: i + 1}, before
			}
			continue
		}
		line = strings.TrimPrefix(line, indent)
		switch {
		case line == "```":
			out, open = append(out, *open), nil
		case strings.HasPrefix(line, "$ "):
			open.commands = append(open.commands, command{text: strings.TrimPrefix(line, "$ "), line: i + 1, first: i + 1, last: i + 1, indent: indent})
		case len(open.commands) == 0:
			return nil, fmt.Errorf("line %d: output without a command", i+1)
		default:
			c := &open.commands[len(open.commands)-1]
			c.want, c.last = append(c.want, line), i+1
		}
	}
	if open != nil {
		return nil, fmt.Errorf("line %d: the block does not end", open.line)
	}
	return out, nil
}

// elision stands for any number of lines of output.
const elision = "..."

// varies are the parts of an output that differ from run to run.
var varies = []struct {
	re   *regexp.Regexp
	with string
}{
	{regexp.MustCompile(`\b[0-9.]+(ms|s)$`), "TIME"},
	{regexp.MustCompile(`^Linux [0-9]\S* \(running\)`), "Linux (running)"},
	{regexp.MustCompile(`refused by Linux [0-9]\S*`), "refused by Linux"},
	{regexp.MustCompile(`^bpflockcheck (v[0-9]|\(devel\)|devel).*`), "bpflockcheck VERSION"},
}

// steady takes out of a line what varies.
func steady(line string) string {
	for _, v := range varies {
		line = v.re.ReplaceAllString(line, v.with)
	}
	return strings.TrimRight(line, " ")
}

// matches reports whether an output is the one shown, where a line "..." stands
// for any lines. It gives the first shown line that is not in the output.
func matches(want, got []string) (ok bool, missing string) {
	if len(want) == 0 {
		return len(got) == 0, "(nothing)"
	}
	if want[0] == elision {
		for i := range len(got) + 1 {
			if ok, m := matches(want[1:], got[i:]); ok {
				return true, ""
			} else if missing == "" || m != want[min(1, len(want)-1)] {
				missing = m
			}
		}
		return false, missing
	}
	if len(got) == 0 || steady(want[0]) != steady(got[0]) {
		return false, want[0]
	}
	return matches(want[1:], got[1:])
}

func TestMatches(t *testing.T) {
	for _, c := range []struct {
		want, got string
		ok        bool
	}{
		{"a|b", "a|b", true},
		{"a", "a|b", false},
		{"a|...", "a|b|c", true},
		{"a|...", "a", true},
		{"...|c", "a|b|c", true},
		{"...|b", "a|b|c", false},
		{"a|...|c|...", "a|b|c|d", true},
		{"...|x|...", "a|b", false},
		{"2 findings in 1 file, 75ms", "2 findings in 1 file, 1.2s", true},
		{"2 findings in 1 file, 75ms", "3 findings in 1 file, 75ms", false},
	} {
		if ok, missing := matches(strings.Split(c.want, "|"), strings.Split(c.got, "|")); ok != c.ok || !ok && missing == "" {
			t.Errorf("matches(%q, %q) = %v, %q", c.want, c.got, ok, missing)
		}
	}
}

func TestSessions(t *testing.T) {
	got, err := sessions("text\n```console\n$ a\nout\n\n$ b # c\n```\n```sh\n$ d\n```\n")
	if err != nil || len(got) != 1 || len(got[0].commands) != 2 {
		t.Fatalf("%+v, %v", got, err)
	}
	if c := got[0].commands[0]; c.text != "a" || strings.Join(c.want, "|") != "out|" || c.first != 3 || c.last != 5 {
		t.Errorf("first command: %+v", c)
	}
	got, err = sessions("1. list\n\n   ```console\n   $ a\n   out\n   ```\n")
	if err != nil || len(got) != 1 || strings.Join(got[0].commands[0].want, "|") != "out" {
		t.Errorf("in a list: %+v, %v", got, err)
	}
	for _, bad := range []string{"```console\nout\n```\n", "```console\n$ a\n"} {
		if _, err := sessions(bad); err == nil {
			t.Errorf("%q: no error", bad)
		}
	}
}
