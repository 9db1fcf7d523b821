package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/bpflockcheck/bpflockcheck/internal/cli"
	"github.com/bpflockcheck/bpflockcheck/internal/external"
)

// run runs the command line in this process.
func run(t *testing.T, args ...string) string {
	t.Helper()
	var stdout, stderr bytes.Buffer
	c := &cli.Command{Stdout: &stdout, Stderr: &stderr}
	if status := c.Main(args); status != cli.ExitOK {
		t.Fatalf("%v exits %d: %s", args, status, stderr.String())
	}
	return stdout.String()
}

// TestManPage asks two formatters what they mind in the page.
func TestManPage(t *testing.T) {
	page := run(t, "man")
	for _, tool := range []struct {
		name, pkg string
		args      []string
	}{
		{"groff", "groff-base", []string{"-man", "-ww", "-z", "-Tutf8", "-"}},
		{"mandoc", "mandoc", []string{"-Tlint", "-Wwarning"}},
	} {
		t.Run(tool.name, func(t *testing.T) {
			cmd := exec.Command(external.Require(t, tool.name, "apt-get install "+tool.pkg), tool.args...) //nolint:gosec // the formatter that was looked for
			cmd.Stdin = strings.NewReader(page)
			out, err := cmd.CombinedOutput()
			for line := range strings.Lines(string(out)) {
				// A page made by the program itself has no date of its own.
				if !strings.Contains(line, "missing date") {
					t.Error(line)
				}
			}
			if len(out) == 0 && err != nil {
				t.Error(err)
			}
		})
	}
	for _, want := range []string{".SS bpflockcheck config init", ".SS bpflockcheck completion bash", ".SS bpflockcheck verify", `.B \\-\\-baseline`} {
		if !strings.Contains(page, strings.ReplaceAll(want, `\\`, `\`)) {
			t.Errorf("the page lacks %q", want)
		}
	}
}

// TestCompletionParses asks the shells whether they can read their scripts.
func TestCompletionParses(t *testing.T) {
	for _, shell := range []string{"bash", "zsh", "fish"} {
		t.Run(shell, func(t *testing.T) {
			cmd := exec.Command(external.Require(t, shell, "apt-get install "+shell), "-n", "/dev/stdin") //nolint:gosec // the shell that was looked for
			cmd.Stdin = strings.NewReader(run(t, "completion", shell))
			if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
	if script := run(t, "completion", "powershell"); !strings.Contains(script, "Register-ArgumentCompleter") {
		t.Error("no PowerShell script")
	}
}

// TestCompletesInBash types the beginning of commands into bash.
func TestCompletesInBash(t *testing.T) {
	bash := external.Require(t, "bash", "apt-get install bash")
	const lib = "/usr/share/bash-completion/bash_completion"
	if _, err := os.Stat(lib); err != nil {
		external.Missing(t, "bash-completion is not installed (apt-get install bash-completion)")
	}
	dir := t.TempDir()
	// The script runs the program by its name: this test's program is one, by
	// way of testscript.
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	bin := filepath.Join(dir, "bin")
	if err := os.Mkdir(bin, 0o750); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(self, filepath.Join(bin, "bpflockcheck")); err != nil {
		t.Fatal(err)
	}
	script := filepath.Join(dir, "completion.bash")
	if err := os.WriteFile(script, []byte(run(t, "completion", "bash")), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "prog.bpf.c"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for line, want := range map[string][]string{
		"bpflockcheck con":                   {"config"},
		"bpflockcheck config in":             {"init"},
		"bpflockcheck --format gi":           {"github", "gitlab"},
		"bpflockcheck --output sa":           {"sarif="},
		"bpflockcheck --fail-on n":           {"note", "never"},
		"bpflockcheck check --new-f":         {"--new-from-rev"},
		"bpflockcheck explain lost":          {"lost-update"},
		"bpflockcheck --disable BLC101,lost": {`BLC101\,lost-update`},
		"bpflockcheck --severity lost":       {"lost-update="},
		"bpflockcheck rules --format j":      {"json"},
		"bpflockcheck pro":                   {"prog.bpf.c"},
	} {
		t.Run(line, func(t *testing.T) {
			words := strings.Fields(line)
			cmd := exec.Command(bash, "--norc", "-c", `
				source "$1"; source "$2"; shift 2
				COMP_LINE="$*" COMP_POINT=${#COMP_LINE} COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_TYPE=9
				compopt() { :; }
				__start_bpflockcheck bpflockcheck "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD-1]}"
				if [ ${#COMPREPLY[@]} = 0 ]; then COMPREPLY=($(compgen -f -- "${COMP_WORDS[COMP_CWORD]}")); fi
				printf '%s\n' "${COMPREPLY[@]}"`, "bash", lib, script)
			cmd.Args = append(cmd.Args, words...) //nolint:gosec // the words above
			cmd.Dir = dir
			cmd.Env = append(os.Environ(), "PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"))
			out, err := cmd.CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			var got []string
			for l := range strings.Lines(string(out)) {
				name, _, _ := strings.Cut(strings.TrimSpace(l), " ")
				got = append(got, name)
			}
			if !slices.Equal(got, want) {
				t.Errorf("completes to %q, want %q", got, want)
			}
		})
	}
}
