package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// terminal is a pseudoterminal: what is written to tty is read from its other
// side.
type terminal struct {
	t    *testing.T
	tty  *os.File
	done chan string
}

func openTerminal(t *testing.T) *terminal {
	t.Helper()
	ptmx, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skip(err)
	}
	var n int
	raw, err := ptmx.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var ioctl error
	if err := raw.Control(func(fd uintptr) {
		if n, ioctl = unix.IoctlGetInt(int(fd), unix.TIOCGPTN); ioctl == nil {
			ioctl = unix.IoctlSetPointerInt(int(fd), unix.TIOCSPTLCK, 0)
		}
	}); err != nil || ioctl != nil {
		t.Skip(err, ioctl)
	}
	tty, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skip(err)
	}
	p := &terminal{t, tty, make(chan string, 1)}
	go func() {
		var b bytes.Buffer
		_, _ = io.Copy(&b, ptmx) // ends in EIO when the tty is closed
		_ = ptmx.Close()
		p.done <- b.String()
	}()
	return p
}

// output closes the terminal and gives all that was written to it.
func (p *terminal) output() string {
	p.t.Helper()
	if err := p.tty.Close(); err != nil && !errors.Is(err, os.ErrClosed) {
		p.t.Fatal(err)
	}
	select {
	case s := <-p.done:
		return s
	case <-time.After(10 * time.Second):
		p.t.Fatal("the terminal does not end")
		return ""
	}
}

const racy = "#define SEC(name) __attribute__((section(name), used))\nSEC(\"xdp\") int f(void *ctx) { static long n; n++; /* \x1b[35m */ return 0; }\n"

func racyFolder(t *testing.T, files int) string {
	t.Helper()
	dir := t.TempDir()
	for i := range files {
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%d.bpf.c", i)), []byte(racy), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestColorOnTerminal(t *testing.T) {
	dir := racyFolder(t, 1)
	tests := []struct {
		name string
		args []string
		env  map[string]string
		want bool
	}{
		{"terminal", nil, nil, true},
		{"NO_COLOR", nil, map[string]string{"NO_COLOR": "1"}, false},
		{"NO_COLOR empty", nil, map[string]string{"NO_COLOR": ""}, true},
		{"dumb", nil, map[string]string{"TERM": "dumb"}, false},
		{"--no-color", []string{"--no-color"}, nil, false},
		{"--color never", []string{"--color", "never"}, nil, false},
		{"--color always over NO_COLOR", []string{"--color", "always"}, map[string]string{"NO_COLOR": "1"}, true},
		{"json", []string{"--format", "json"}, nil, false},
		{"github", []string{"--format", "github"}, nil, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := openTerminal(t)
			c := &Command{Stdout: p.tty, Stderr: p.tty, Dir: dir, Env: func(k string) string { return tt.env[k] }}
			if status := c.Main(append([]string{"--no-config", "0.bpf.c"}, tt.args...)); status != ExitFindings {
				t.Errorf("status %d", status)
			}
			out := p.output()
			if got := strings.Contains(out, "\x1b["); got != tt.want {
				t.Errorf("colour: %v, want %v:\n%q", got, tt.want, out)
			}
			if strings.Contains(out, "\x1b[35m") {
				t.Error("the source's own escape sequence reaches the terminal")
			}
		})
	}
	t.Run("file", func(t *testing.T) {
		f, err := os.Create(filepath.Join(dir, "out"))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		c := &Command{Stdout: f, Stderr: f, Dir: dir, Env: func(string) string { return "" }}
		c.Main([]string{"--no-config", "0.bpf.c"})
		if b, err := os.ReadFile(f.Name()); err != nil || bytes.ContainsRune(b, '\x1b') || !bytes.Contains(b, []byte("BLC101")) {
			t.Errorf("colour in a file: %v %q", err, b)
		}
	})
}

// The null device is no terminal, by whatever name it was opened.
func TestNullDevice(t *testing.T) {
	null, err := os.OpenFile("/dev/./null", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	if isTerminal(null) {
		t.Error("standard error sent to the null device is taken for a terminal")
	}
}

// A diff shown on a terminal is safe; elsewhere it is left for patch.
func TestDiffOnTerminal(t *testing.T) {
	dir := racyFolder(t, 1)
	p := openTerminal(t)
	c := &Command{Stdout: p.tty, Stderr: io.Discard, Dir: dir}
	c.Main([]string{"--no-config", "--diff", "0.bpf.c"})
	if out := p.output(); !strings.Contains(out, "__sync_fetch_and_add") || strings.Contains(out, "\x1b[35m") {
		t.Errorf("diff on a terminal: %q", out)
	}
	var b bytes.Buffer
	c = &Command{Stdout: &b, Stderr: io.Discard, Dir: dir}
	c.Main([]string{"--no-config", "--diff", "0.bpf.c"})
	if !strings.Contains(b.String(), "\x1b[35m") {
		t.Errorf("diff elsewhere: %q", b.String())
	}
}

func TestProgress(t *testing.T) {
	defer func(after, every time.Duration) { progressAfter, progressEvery = after, every }(progressAfter, progressEvery)
	dir := racyFolder(t, 3)
	run := func(t *testing.T, args ...string) string {
		p := openTerminal(t)
		c := &Command{Stdout: io.Discard, Stderr: p.tty, Dir: dir, Env: func(string) string { return "" }}
		c.Main(append([]string{"--no-config", "--jobs", "1", "."}, args...))
		return p.output()
	}
	if out := run(t); strings.Contains(out, "checked") {
		t.Errorf("a short run shows progress: %q", out)
	}
	progressAfter, progressEvery = 0, 0
	out := run(t)
	if !strings.Contains(out, "\r\x1b[Kchecked 1 of 3 files") {
		t.Errorf("a long run shows no progress: %q", out)
	}
	// The line is gone before anything else is printed, and the summary is the
	// last one.
	_, rest, ok := strings.Cut(out[strings.LastIndex(out, "checked"):], "files")
	if !ok || !strings.HasPrefix(rest, "\r\x1b[K") {
		t.Errorf("the progress line stays: %q", rest)
	}
	lines := strings.Split(strings.TrimSpace(strings.TrimPrefix(rest, "\r\x1b[K")), "\n")
	if last := lines[len(lines)-1]; !strings.HasPrefix(last, "3 findings (3 warnings) in 3 files, 3 programs, ") {
		t.Errorf("last line: %q", last)
	}
	if out := run(t, "--quiet"); out != "" {
		t.Errorf("with --quiet: %q", out)
	}
	var b bytes.Buffer
	c := &Command{Stdout: io.Discard, Stderr: &b, Dir: dir}
	c.Main([]string{"--no-config", "."})
	if strings.Contains(b.String(), "checked") {
		t.Errorf("progress where there is no terminal: %q", b.String())
	}
}
