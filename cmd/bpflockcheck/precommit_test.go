package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bpflockcheck/bpflockcheck/internal/external"
)

// TestPreCommit runs the hook with the real pre-commit, from a clone of this
// repository, in a repository with a good and a bad staged file.
func TestPreCommit(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the program anew")
	}
	preCommit := external.Require(t, "pre-commit", "apt-get install pre-commit")
	external.Require(t, "git", "apt-get install git")
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(root, ".git")); err != nil {
		t.Skip("not a clone of the repository")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	dir := t.TempDir()
	env := append(os.Environ(),
		"GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_NOSYSTEM=1", "GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@example.com",
		"GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@example.com", "PRE_COMMIT_HOME="+filepath.Join(t.TempDir(), "cache"),
		"GOFLAGS=-modcacherw -buildvcs=false", "CGO_ENABLED=0")
	// pre-commit gives the build a GOPATH of its own; the modules need not be
	// downloaded again for that.
	if cache, err := exec.Command("go", "env", "GOMODCACHE").Output(); err == nil {
		env = append(env, "GOMODCACHE="+strings.TrimSpace(string(cache)))
	}
	run := func(dir, name string, args ...string) (string, error) {
		cmd := exec.CommandContext(ctx, name, args...) //nolint:gosec // git, or the pre-commit that was looked for
		cmd.Dir, cmd.Env = dir, env
		cmd.WaitDelay = 5 * time.Second // its children hold the pipes
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	must := func(dir string, args ...string) {
		t.Helper()
		if out, err := run(dir, "git", args...); err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
	}
	// A clean clone: what is not committed is no hook yet.
	hook := filepath.Join(t.TempDir(), "hook")
	must(dir, "clone", "-q", root, hook)
	if _, err := os.Stat(filepath.Join(hook, ".pre-commit-hooks.yaml")); err != nil {
		t.Skip("the hook is not committed yet")
	}
	must(dir, "init", "-q")
	for _, name := range []string{"vmlinux.h", "clean.bpf.c", "racy.bpf.c"} {
		b, err := os.ReadFile(filepath.Join("testdata", "src", name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	must(dir, "add", "vmlinux.h", "clean.bpf.c")
	head, err := run(hook, "git", "rev-parse", "HEAD")
	if err != nil {
		t.Fatalf("git rev-parse: %v\n%s", err, head)
	}
	config := fmt.Sprintf("repos:\n  - repo: %s\n    rev: %s\n    hooks: [{id: bpflockcheck}]\n", hook, strings.TrimSpace(head))
	if err := os.WriteFile(filepath.Join(dir, ".pre-commit-config.yaml"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	must(dir, "add", ".pre-commit-config.yaml")
	if out, err := run(dir, preCommit, "run"); err != nil {
		t.Fatalf("a clean file fails the hook: %v\n%s", err, out)
	}
	must(dir, "add", "racy.bpf.c")
	out, err := run(dir, preCommit, "run")
	if err == nil || !strings.Contains(out, "warning[BLC101]") {
		t.Fatalf("a racy file passes the hook: %v\n%s", err, out)
	}
}
