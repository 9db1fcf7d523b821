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

// TestPreCommitTryRepo runs the hook that takes the installed program, with
// pre-commit try-repo, on what people stage.
func TestPreCommitTryRepo(t *testing.T) {
	preCommit := external.Require(t, "pre-commit", "apt-get install pre-commit")
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(root, ".git")); err != nil {
		t.Skip("not a clone of the repository")
	}
	r := newGitRepo(t)
	r.env = append(r.env, "PRE_COMMIT_HOME="+filepath.Join(t.TempDir(), "cache"))
	hook := filepath.Join(t.TempDir(), "hook")
	r.must("clone", "-q", root, hook)
	// As it is in the work tree, committed or not.
	manifest, err := os.ReadFile(filepath.Join(root, ".pre-commit-hooks.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(hook, ".pre-commit-hooks.yaml"), manifest, 0o600); err != nil {
		t.Fatal(err)
	}
	try := func(args ...string) (string, error) {
		cmd := exec.CommandContext(t.Context(), preCommit, append([]string{"try-repo", hook, "bpflockcheck-system"}, args...)...) //nolint:gosec // the pre-commit that was looked for
		cmd.Dir, cmd.Env = r.dir, r.env
		cmd.WaitDelay = 5 * time.Second
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	passes := func(what, want string) {
		t.Helper()
		if out, err := try(); err != nil || !strings.Contains(out, want) {
			t.Errorf("%s: %v, want %q\n%s", what, err, want, out)
		}
	}
	fails := func(what string, want ...string) string {
		t.Helper()
		out, err := try()
		if err == nil {
			t.Errorf("%s passes the hook:\n%s", what, out)
		}
		for _, w := range want {
			if !strings.Contains(out, w) {
				t.Errorf("%s: want %q\n%s", what, w, out)
			}
		}
		return out
	}
	copySources(t, r.dir, "vmlinux.h", "clean.bpf.c")
	r.must("add", ".")
	passes("a clean file", "Passed")
	copySources(t, r.dir, "racy.bpf.c")
	passes("a racy file that is not staged", "Passed")
	r.must("add", "racy.bpf.c")
	fails("a racy file", "warning[BLC101]", "racy.bpf.c:18:3")
	r.must("commit", "-q", "-m", "x")

	r.must("rm", "-q", "racy.bpf.c")
	passes("a deleted file", "no files to check")
	r.must("commit", "-q", "-m", "gone")

	r.write("count.h", "static int lines;\n")
	r.must("add", ".")
	passes("a header alone", "no files to check")
	r.write("count.h", "static __u64 n;\nstatic inline void count(void) { n++; }\n")
	for _, name := range []string{"one", "two with blanks", "tres-ñ"} {
		r.write(name+".bpf.c", "#include \"vmlinux.h\"\n#include <bpf/bpf_helpers.h>\n#include \"count.h\"\nSEC(\"xdp\") int f(struct xdp_md *c) { count(); return 0; }\n")
	}
	r.must("add", ".")
	if out := fails("a racy header in several files", "count.h:2:"); strings.Count(out, "warning[BLC101]") != 1 {
		t.Errorf("the header's finding is not one:\n%s", out)
	}
	r.must("commit", "-q", "-m", "header")

	// More files than one command line takes are split over several processes:
	// each finding is still there.
	const files = 700
	name := func(i int) string { return fmt.Sprintf("%s/%03d.bpf.c", strings.Repeat("long-", 40), i) }
	racy, clean := "n++;", ""
	for i := range files {
		body := clean
		if i%100 == 7 {
			body = racy
		}
		r.write(name(i), "#define SEC(x) __attribute__((section(x), used))\nstatic long n;\nSEC(\"xdp\") int f(void *c) { "+body+" return n; }\n")
	}
	r.must("add", ".")
	out := fails("many files")
	for i := 7; i < files; i += 100 {
		if !strings.Contains(out, name(i)+":3:") {
			t.Errorf("the finding in file %d is lost", i)
		}
	}
	if n := strings.Count(out, "warning[BLC101]"); n != files/100 {
		t.Errorf("%d findings in many files, want %d", n, files/100)
	}
}
