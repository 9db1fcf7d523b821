package main

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"

	"github.com/bpflockcheck/bpflockcheck/internal/cli"
	"github.com/bpflockcheck/bpflockcheck/internal/external"
)

// action is action.yml as GitHub reads it.
type action struct {
	Inputs map[string]struct{ Description, Default string }
	Runs   struct {
		Using string
		Steps []actionStep
	}
}

type actionStep struct {
	Name, Uses, Shell, Run string
	Env                    map[string]string
	With                   map[string]any
}

func readAction(t *testing.T) action {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "..", "action.yml"))
	if err != nil {
		t.Fatal(err)
	}
	var a action
	if err := yaml.UnmarshalWithOptions(b, &a, yaml.AllowDuplicateMapKey()); err != nil {
		t.Fatal(err)
	}
	if a.Runs.Using != "composite" || len(a.Runs.Steps) != 3 {
		t.Fatalf("want a composite action of three steps, got %+v", a.Runs)
	}
	return a
}

func (a *action) step(t *testing.T, name string) actionStep {
	t.Helper()
	i := slices.IndexFunc(a.Runs.Steps, func(s actionStep) bool { return s.Name == name })
	if i < 0 {
		t.Fatalf("no step %q", name)
	}
	return a.Runs.Steps[i]
}

var expression = regexp.MustCompile(`\$\{\{ *([a-z_.-]+) *\}\}`)

// run runs a step as the runner does: expressions are put in as they are, the
// script goes into a file, and bash runs that.
func (a *action) run(t *testing.T, s actionStep, dir string, inputs, contexts map[string]string, env ...string) (stdout, stderr string, status int) {
	t.Helper()
	if s.Shell != "bash" {
		t.Fatalf("step %q is for the shell %q", s.Name, s.Shell)
	}
	expand := func(text string) string {
		return expression.ReplaceAllStringFunc(text, func(e string) string {
			name := expression.FindStringSubmatch(e)[1]
			if input, ok := strings.CutPrefix(name, "inputs."); ok {
				declared, ok := a.Inputs[input]
				if !ok {
					t.Fatalf("the action has no input %q", input)
				}
				if given, ok := inputs[input]; ok {
					return given
				}
				return declared.Default
			}
			value, ok := contexts[name]
			if !ok {
				t.Fatalf("unknown expression %q", name)
			}
			return value
		})
	}
	script := filepath.Join(t.TempDir(), "step.sh")
	if err := os.WriteFile(script, []byte(expand(s.Run)), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, external.Require(t, "bash", "apt-get install bash"), "--noprofile", "--norc", "-eo", "pipefail", script) //nolint:gosec // the action's own script
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), env...)
	for k, v := range s.Env {
		cmd.Env = append(cmd.Env, k+"="+expand(v))
	}
	var out, errs strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	if err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

// programOnPath gives a folder with a program bpflockcheck, which is this
// test's own, for the PATH.
func programOnPath(t *testing.T) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	bin := t.TempDir()
	if err := os.Symlink(self, filepath.Join(bin, "bpflockcheck")); err != nil {
		t.Skip(err)
	}
	return bin
}

// copySources puts files of testdata/src into a folder.
func copySources(t *testing.T, dir string, names ...string) {
	t.Helper()
	if err := os.MkdirAll(dir, 0o750); err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		b, err := os.ReadFile(filepath.Join("testdata", "src", name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// TestActionRuns runs the action's last step with inputs of all kinds.
func TestActionRuns(t *testing.T) {
	a := readAction(t)
	step := a.step(t, "Run bpflockcheck")
	bin := programOnPath(t)
	tests := []struct {
		name   string
		inputs map[string]string
		status int
		stdout string // a regular expression; "" for nothing at all
		stderr string
		file   string // written
	}{
		{name: "defaults", status: 1, stdout: `^::warning file=racy.bpf.c,line=18,`},
		{name: "fail-on", inputs: map[string]string{"fail-on": "error"}, stdout: `^::warning`},
		{name: "fail-on never", inputs: map[string]string{"fail-on": "never"}, stdout: `^::warning`},
		{name: "bad fail-on", inputs: map[string]string{"fail-on": "sometimes"}, status: 2, stderr: `--fail-on "sometimes": want`},
		{name: "clean", inputs: map[string]string{"paths": "clean.bpf.c"}},
		{name: "sarif", inputs: map[string]string{"sarif": "out dir/bpf.sarif"}, status: 1, stdout: `^::warning`, file: "out dir/bpf.sarif"},
		{name: "several paths", inputs: map[string]string{"paths": "clean.bpf.c  racy.bpf.c"}, status: 1, stdout: `^::warning file=racy`},
		{name: "blanks", inputs: map[string]string{"paths": "with blanks/racy.bpf.c\n"}, status: 1, stdout: `^::warning file=with blanks/racy.bpf.c,`},
		{name: "lines", inputs: map[string]string{"paths": "clean.bpf.c\nwith blanks\n\n"}, status: 1, stdout: `^::warning file=with blanks/racy.bpf.c,[^\n]*\n$`},
		{name: "no patterns", inputs: map[string]string{"paths": "*.bpf.c"}, status: 2, stderr: `\*\.bpf\.c: no such file`},
		{name: "args", inputs: map[string]string{"args": "--disable BLC101 --quiet"}},
		{name: "args of several lines", inputs: map[string]string{"args": "--severity\nBLC101=error\n--fail-on=error\n"}, status: 1, stdout: `^::error`},
		{name: "clang's flags", inputs: map[string]string{"paths": "macro.bpf.c", "args": "-- -DRACY"}, status: 1, stdout: `^::warning file=macro.bpf.c`},
		// What comes from outside must stay data.
		{name: "command in paths", inputs: map[string]string{"paths": "clean.bpf.c; touch owned; $(touch owned) `touch owned`"}, status: 2, stderr: `no such file`},
		{name: "command in fail-on", inputs: map[string]string{"fail-on": "$(touch owned)"}, status: 2, stderr: `--fail-on`},
		{name: "quotes in args", inputs: map[string]string{"args": "'; touch owned; '"}, status: 2, stdout: `^::warning`, stderr: `no such file`},
		{name: "command in sarif", inputs: map[string]string{"sarif": `"; touch owned; "`}, status: 1, stdout: `^::warning`, file: `"; touch owned; "`},
		{name: "flag in paths", inputs: map[string]string{"paths": "--write-baseline=owned"}, status: 2, stderr: `\./--write-baseline=owned: no such file|--write-baseline=owned: no such file`},
		{name: "flag in fail-on", inputs: map[string]string{"fail-on": "--write-baseline=owned"}, status: 2, stderr: `want error, warning`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			copySources(t, dir, "vmlinux.h", "racy.bpf.c", "clean.bpf.c")
			copySources(t, filepath.Join(dir, "with blanks"), "vmlinux.h", "racy.bpf.c")
			if tt.name == "defaults" || tt.inputs["paths"] == "" {
				if err := os.RemoveAll(filepath.Join(dir, "with blanks")); err != nil {
					t.Fatal(err)
				}
			}
			macro := "#ifdef RACY\n#include \"racy.bpf.c\"\n#endif\n__attribute__((section(\"xdp\"))) int g(void *c) {\n#ifdef RACY\nstatic long n; n++;\n#endif\nreturn 0; }\n"
			if err := os.WriteFile(filepath.Join(dir, "macro.bpf.c"), []byte(macro), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.Mkdir(filepath.Join(dir, "out dir"), 0o750); err != nil {
				t.Fatal(err)
			}
			if err := os.Mkdir(filepath.Join(dir, ".git"), 0o750); err != nil {
				t.Fatal(err)
			}
			stdout, stderr, status := a.run(t, step, dir, tt.inputs, nil, "PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"))
			if status != tt.status {
				t.Errorf("status %d, want %d\n%s%s", status, tt.status, stdout, stderr)
			}
			if tt.stdout == "" && stdout != "" || !regexp.MustCompile(tt.stdout).MatchString(stdout) {
				t.Errorf("stdout %q, want %q", stdout, tt.stdout)
			}
			if !regexp.MustCompile(tt.stderr).MatchString(stderr) {
				t.Errorf("stderr %q, want %q", stderr, tt.stderr)
			}
			if _, err := os.Stat(filepath.Join(dir, "owned")); err == nil {
				t.Error("an input was run, or taken for a flag")
			}
			if tt.file != "" {
				if b, err := os.ReadFile(filepath.Join(dir, tt.file)); err != nil || !json.Valid(b) {
					t.Errorf("%s: %v", tt.file, err)
				}
			}
		})
	}
}

// TestActionInstalls runs the action's build, in an environment that is meant
// for another module.
func TestActionInstalls(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the program")
	}
	a := readAction(t)
	if !strings.HasPrefix(a.Runs.Steps[0].Uses, "actions/setup-go@v") {
		t.Errorf("the first step is %q, want setup-go", a.Runs.Steps[0].Uses)
	}
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	temp := filepath.Join(t.TempDir(), "with blank")
	paths := filepath.Join(t.TempDir(), "path")
	_, stderr, status := a.run(t, a.step(t, "Install bpflockcheck"), t.TempDir(), nil,
		map[string]string{"github.action_path": root, "runner.temp": temp}, "GITHUB_PATH="+paths, "GOFLAGS=-mod=vendor", "GOWORK=/nowhere/go.work")
	if status != 0 {
		t.Fatalf("status %d: %s", status, stderr)
	}
	b, err := os.ReadFile(paths)
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(filepath.Join(strings.TrimSpace(string(b)), "bpflockcheck"), "version").Output() //nolint:gosec // the program just built
	if err != nil || !strings.HasPrefix(string(out), "bpflockcheck ") {
		t.Errorf("%q, %v", out, err)
	}
}

// TestProblemMatcher applies the matcher's patterns to the text format as the
// runner does, one after the other on consecutive lines, and compares with the
// findings in JSON.
func TestProblemMatcher(t *testing.T) {
	b, err := os.ReadFile(filepath.Join("..", "..", ".github", "bpflockcheck-matcher.json"))
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		ProblemMatcher []struct {
			Owner, Severity string
			Pattern         []struct {
				Regexp                                      string
				Severity, Code, Message, File, Line, Column int
			}
		}
	}
	if err := json.Unmarshal(b, &doc); err != nil {
		t.Fatal(err)
	}
	type problem struct {
		Severity, Code, Message, File string
		Line, Column                  int
	}
	args := []string{"--no-config", "--enable", "all", "--confidence", "low", filepath.Join("..", "..", "testdata", "demo"), filepath.Join("..", "..", "testdata", "blc105_torn_update")}
	objects, err := filepath.Glob(filepath.Join("..", "..", "testdata", "object", "prebuilt", "*.o"))
	if err != nil {
		t.Fatal(err)
	}
	args = append(args, objects...)
	text := output(t, append(args, "--format", "text"))
	var got []problem
	lines := strings.Split(text, "\n")
	for i := range lines {
		for _, m := range doc.ProblemMatcher {
			p := problem{Severity: m.Severity}
			matched := 0
			for k, pattern := range m.Pattern {
				if i+k >= len(lines) {
					break
				}
				g := regexp.MustCompile(pattern.Regexp).FindStringSubmatch(lines[i+k])
				if g == nil {
					break
				}
				matched++
				for at, to := range map[int]*string{pattern.Severity: &p.Severity, pattern.Code: &p.Code, pattern.Message: &p.Message, pattern.File: &p.File} {
					if at > 0 {
						*to = g[at]
					}
				}
				for at, to := range map[int]*int{pattern.Line: &p.Line, pattern.Column: &p.Column} {
					if at > 0 {
						*to, _ = strconv.Atoi(g[at])
					}
				}
			}
			if matched == len(m.Pattern) {
				got = append(got, p)
			}
		}
	}
	var report struct {
		Findings []struct {
			Rule, Severity, Message, File string
			Line, Column                  int
		}
	}
	if err := json.Unmarshal([]byte(output(t, append(args, "--format", "json"))), &report); err != nil {
		t.Fatal(err)
	}
	var want []problem
	kinds := map[string]int{}
	for _, f := range report.Findings {
		if kinds[f.Severity]++; f.Severity == "note" {
			f.Severity = "notice" // as the runner calls it
		}
		want = append(want, problem{f.Severity, f.Rule, f.Message, f.File, f.Line, f.Column})
	}
	if len(kinds) != 3 {
		t.Errorf("want findings of each severity, got %v", kinds)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("what the matcher takes out of the text (-want +got):\n%s", d)
	}
}

// output runs the command line in this process and gives its standard output.
func output(t *testing.T, args []string) string {
	t.Helper()
	var stdout, stderr strings.Builder
	c := &cli.Command{Stdout: &stdout, Stderr: &stderr}
	if status := c.Main(args); status == cli.ExitFailure {
		t.Fatal(stderr.String())
	}
	return stdout.String()
}
