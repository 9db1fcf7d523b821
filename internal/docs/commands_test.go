package docs

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/bpflockcheck/bpflockcheck/internal/external"
)

var update = flag.Bool("update", false, "rewrite the outputs that the documents show")

// elsewhere are the commands that are not run here, by their beginning, with
// the reason and what stands in for them.
var elsewhere = []struct {
	prefix, reason string
	instead        func(t *testing.T, command string)
}{
	{"go install github.com/bpflockcheck/", "needs the module proxy and a published version; installing from the clone is what every command here is run with", func(t *testing.T, command string) {
		pkg, _, ok := strings.Cut(strings.Fields(command)[2], "@")
		if dir := strings.TrimPrefix(pkg, "github.com/bpflockcheck/bpflockcheck/"); !ok || dir != "cmd/bpflockcheck" {
			t.Errorf("%s: is installed from cmd/bpflockcheck, at a version", command)
		}
		if _, err := os.Stat(filepath.Join(installed(t), "bpflockcheck")); err != nil {
			t.Error(err)
		}
	}},
	{"scripts/test", "runs this very test", func(t *testing.T, command string) { shell(t, root, "bash -n "+strings.Fields(command)[0]) }},
	{".ci/run", "runs this very test", func(t *testing.T, command string) { shell(t, root, "bash -n "+strings.Fields(command)[0]) }},
	{"pre-commit ", "needs the network; cmd/bpflockcheck tests the hooks with the real pre-commit on a clone", nil},
}

// inClone are the commands that are run in a clone of this repository; all
// others are run in a project of a user.
var inClone = regexp.MustCompile(`\./cmd/bpflockcheck\b|\bgo test \./internal|\btestdata/`)

// asRoot are the commands that load programs.
var asRoot = regexp.MustCompile(`\bbpflockcheck verify\b|--verify\b`)

// TestCommands runs every command of a console block, block by block, and
// compares its output with the one shown. A command without output shown must
// work: it may have findings, but not fail. With -update, outputs that differ
// are rewritten, in full: abridge them with lines of "..." again.
func TestCommands(t *testing.T) {
	ran := 0
	for name, doc := range documents(t) {
		list, err := sessions(doc)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		e := &editor{path: filepath.Join(root, name), lines: strings.Split(doc, "\n")}
		for _, s := range list {
			ran += len(s.commands)
			t.Run(name+":"+s.commands[0].text, func(t *testing.T) { runSession(t, name, s, e) })
		}
		e.save(t)
	}
	if ran < 15 {
		t.Errorf("only %d commands found", ran)
	}
}

func runSession(t *testing.T, name string, s session, e *editor) {
	dir := ""
	for _, c := range s.commands {
		if standsIn(t, c.text) {
			continue
		}
		if asRoot.MatchString(c.text) && os.Getuid() != 0 {
			external.Missing(t, c.text+": loads programs, which needs root")
		}
		where := root
		if !inClone.MatchString(c.text) {
			if dir == "" {
				dir = project(t)
			}
			where = dir
		}
		out, status := run(t, where, c.text)
		if status > 1 {
			t.Errorf("%s:%d: %s: exit status %d\n%s", name, c.line, c.text, status, out)
			continue
		}
		if len(c.want) == 0 {
			continue
		}
		got := strings.Split(strings.TrimRight(out, "\n"), "\n")
		want := c.want
		for len(want) > 0 && want[len(want)-1] == "" {
			want = want[:len(want)-1]
		}
		ok, missing := matches(want, got)
		if ok {
			continue
		}
		if *update {
			for i := range got {
				got[i] = strings.TrimRight(c.indent+got[i], " ")
			}
			e.replace(c.first, c.last, got)
			t.Logf("%s:%d: rewritten", name, c.line)
			continue
		}
		t.Errorf("%s:%d: %s: the output shown is not the tool's, from the line\n%s\nIt is now (go test ./internal/docs -update):\n%s", name, c.line, c.text, missing, out)
	}
}

// standsIn reports whether a command is tested elsewhere, and runs what stands
// in for it.
func standsIn(t *testing.T, command string) bool {
	for _, e := range elsewhere {
		if strings.HasPrefix(command, e.prefix) {
			if e.instead != nil {
				e.instead(t, command)
			}
			return true
		}
	}
	return false
}

// editor rewrites parts of a document. Parts are given by the lines of the
// document as it was.
type editor struct {
	path  string
	lines []string
	parts []part
}

type part struct {
	first, last int
	with        []string
}

func (e *editor) replace(first, last int, with []string) {
	e.parts = append(e.parts, part{first, last, with})
}

func (e *editor) save(t *testing.T) {
	t.Helper()
	if len(e.parts) == 0 {
		return
	}
	var out []string
	at := 0
	for _, p := range e.parts { // in the order of the document
		out = append(append(out, e.lines[at:p.first]...), p.with...)
		at = p.last
	}
	text := strings.Join(append(out, e.lines[at:]...), "\n")
	if err := os.WriteFile(e.path, []byte(text), 0o644); err != nil { //nolint:gosec // a document of the repository
		t.Fatal(err)
	}
}
