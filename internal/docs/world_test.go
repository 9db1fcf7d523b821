package docs

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/bpflockcheck/bpflockcheck/internal/external"
)

// buildOnce is a folder with the program in it, as "go install" from a clone
// makes it. TestMain removes it.
var buildOnce = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "bpflockcheck-docs-")
	if err != nil {
		return "", err
	}
	buildDir = dir
	cmd := exec.Command("go", "install", "./cmd/bpflockcheck")
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "GOBIN="+dir, "CGO_ENABLED=0", "GOFLAGS=-buildvcs=false")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", &buildError{err, string(out)}
	}
	return dir, nil
})

var buildDir string

type buildError struct {
	err    error
	output string
}

func (e *buildError) Error() string { return e.err.Error() + "\n" + e.output }

func TestMain(m *testing.M) {
	status := m.Run()
	if buildDir != "" {
		_ = os.RemoveAll(buildDir)
	}
	os.Exit(status)
}

// installed gives the folder that the program is installed in.
func installed(t *testing.T) string {
	t.Helper()
	dir, err := buildOnce()
	if err != nil {
		t.Fatalf("go install: %v", err)
	}
	return dir
}

// environment is that of a user who has just installed the program: it is on
// the PATH, and neither git nor go look beyond this machine.
func environment(t *testing.T) []string {
	t.Helper()
	cache, err := goCaches()
	if err != nil {
		t.Fatal(err)
	}
	return append(append(os.Environ(), cache...),
		"PATH="+installed(t)+string(os.PathListSeparator)+os.Getenv("PATH"),
		"GOFLAGS=-mod=mod", "GOPROXY=off", "NO_COLOR=1", "HOME="+t.TempDir(),
		"GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_NOSYSTEM=1",
		"GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@example.com", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@example.com")
}

// goCaches are the go command's folders, which it would look for in the home
// folder.
var goCaches = sync.OnceValues(func() ([]string, error) {
	out, err := exec.Command("go", "env", "GOCACHE", "GOMODCACHE", "GOPATH").Output()
	if err != nil {
		return nil, err
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	return []string{"GOCACHE=" + lines[0], "GOMODCACHE=" + lines[1], "GOPATH=" + lines[2]}, nil
})

// project makes a folder like the ones that the tool is used in: a git
// repository of one commit with testdata/project, the object of its program,
// and a vmlinux.h.
func project(t *testing.T) string {
	t.Helper()
	clang := external.Require(t, "clang-19", "apt-get install clang-19")
	external.Require(t, "git", "apt-get install git")
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(filepath.Join("testdata", "project"))); err != nil {
		t.Fatal(err)
	}
	copyFile(t, filepath.Join(root, "testdata", "include", "vmlinux.h"), dir)
	copyFile(t, filepath.Join(root, "go.sum"), dir)
	shell(t, dir, clang+" -g -O2 -target bpf -I. -I"+absolute(t, "analyzer/csource/headers/include")+" -c prog.bpf.c -o prog.bpf.o")
	shell(t, dir, "git init -q -b main && git add . && git commit -q -m start")
	return dir
}

func absolute(t *testing.T, name string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func copyFile(t *testing.T, path, dir string) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, filepath.Base(path)), string(b))
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// shell runs a command that must succeed.
func shell(t *testing.T, dir, command string) {
	t.Helper()
	if out, status := run(t, dir, command); status != 0 {
		t.Fatalf("%s: exit status %d\n%s", command, status, out)
	}
}

// run runs a command as typed into a terminal: both outputs in one stream.
func run(t *testing.T, dir, command string) (output string, status int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "bash", "-c", command)
	cmd.Dir, cmd.Env = dir, environment(t)
	out, err := cmd.CombinedOutput()
	if err != nil && cmd.ProcessState == nil {
		t.Fatalf("%s: %v", command, err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}
