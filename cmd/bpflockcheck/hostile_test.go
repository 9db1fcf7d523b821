package main

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/bpflockcheck/bpflockcheck/internal/cli"
	"github.com/bpflockcheck/bpflockcheck/internal/report"
)

// TestHostileNames gives files whose names and contents are made to steer a
// terminal, a CI service's log or a parser, to the whole program, and looks at
// everything it prints.
func TestHostileNames(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("has no such names")
	}
	dir := t.TempDir()
	copySources(t, dir, "vmlinux.h", "racy.bpf.c")
	b, err := os.ReadFile(filepath.Join(dir, "racy.bpf.c"))
	if err != nil {
		t.Fatal(err)
	}
	racy := strings.Replace(string(b), "+= 1;", "+= 1; /* \x1b[31m ::error::x ##[error]x ##vso[x] \u202e  ]]> */", 1)
	broken := "SEC(\"xdp\") int f(void *c) { \x1b[31m ::error::x ##[error] \u2066 \x9b31m\xff }\n#include \"a\x1b[31m\n##[error]x\"\n"
	names := []string{
		"a\n::error file=x::y.bpf.c", "b\x1b[31m]]>.bpf.c", "::warning ::c.bpf.c", "d\u202e.bpf.c", "e&\"'<>,:%.bpf.c", "##[add-path]f.bpf.c",
		"##vso[task.setvariable variable=x]g.bpf.c", "h\xff\xfe.bpf.c", "i\u0085\u2028.bpf.c", " j.bpf.c", "k\r.bpf.c",
	}
	for _, name := range names {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(racy), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "broken "+name), []byte(broken), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Remove(filepath.Join(dir, "racy.bpf.c")); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, ".git"), 0o750); err != nil {
		t.Fatal(err)
	}
	for _, format := range report.Formats() {
		t.Run(format, func(t *testing.T) {
			var stdout, stderr strings.Builder
			c := &cli.Command{Stdout: &stdout, Stderr: &stderr, Dir: dir}
			if status := c.Main([]string{"--no-config", "--verbose", "--format", format, "."}); status != cli.ExitFindings {
				t.Errorf("status %d: %q", status, stderr.String())
			}
			inert(t, "standard output", stdout.String(), format == "text")
			inert(t, "standard error", stderr.String(), true)
			switch format {
			case "github":
				lines := strings.Split(strings.TrimSuffix(stdout.String(), "\n"), "\n")
				if len(lines) != len(names) {
					t.Errorf("%d lines for %d findings", len(lines), len(names))
				}
				annotation := regexp.MustCompile(`^::warning file=[^:,]+,line=18,endLine=18,col=3,endColumn=10,title=BLC101 lost-update::`)
				for _, line := range lines {
					if !annotation.MatchString(line) {
						t.Errorf("no annotation: %q", line)
					}
				}
			case "json", "sarif", "gitlab":
				if !json.Valid([]byte(stdout.String())) {
					t.Error("not JSON")
				}
			case "checkstyle", "junit":
				dec := xml.NewDecoder(strings.NewReader(stdout.String()))
				for {
					if _, err := dec.Token(); errors.Is(err, io.EOF) {
						break
					} else if err != nil {
						t.Fatal(err)
					}
				}
			}
		})
	}
	t.Run("errors", func(t *testing.T) {
		for _, args := range [][]string{
			append([]string{"--"}, "\x1b[31m\n::error::x"), {"\x1b[31m\n::error::x.bpf.c"}, {"--\x1b[31m"}, {"--enable", "\x1b[31m\n##[error]x"},
			{"--config", "\x1b[31m"}, {"--baseline", "\n::error::x"}, {"--kernel", "\x1b"}, {"explain", "\u202e"}, {"--output", "\x1b=x"},
		} {
			var stdout, stderr strings.Builder
			c := &cli.Command{Stdout: &stdout, Stderr: &stderr, Dir: dir}
			c.Main(args)
			inert(t, strings.ToValidUTF8(strings.Join(args, " "), "?"), stderr.String(), true)
		}
	})
}

// inert reports what in a text a terminal or the runner of a CI service acts
// on.
func inert(t *testing.T, what, text string, log bool) {
	t.Helper()
	if !utf8.ValidString(text) {
		t.Errorf("%s: not UTF-8", what)
	}
	for _, r := range text {
		if r != '\n' && (unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == 0x2028 || r == 0x2029) {
			t.Errorf("%s: holds %U", what, r)
			break
		}
	}
	if !log {
		return
	}
	if i := slices.IndexFunc(strings.Split(text, "\n"), func(l string) bool { return strings.HasPrefix(strings.TrimSpace(l), "::") }); i >= 0 {
		t.Errorf("%s: line %d is a workflow command", what, i+1)
	}
	for _, command := range []string{"##[", "##vso["} {
		if strings.Contains(text, command) {
			t.Errorf("%s: holds the command %s", what, command)
		}
	}
}
