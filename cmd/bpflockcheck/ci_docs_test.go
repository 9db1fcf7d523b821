package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"github.com/bpflockcheck/bpflockcheck/internal/cli"
	"github.com/bpflockcheck/bpflockcheck/internal/external"
)

// ciBlock gives the fenced block of docs/ci.md in a language that holds a text.
func ciBlock(t *testing.T, language, holding string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "..", "docs", "ci.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile("(?ms)^```(\\w+)\n(.*?)^```$").FindAllStringSubmatch(string(b), -1) {
		if m[1] == language && strings.Contains(m[2], holding) {
			return m[2]
		}
	}
	t.Fatalf("docs/ci.md has no %s block with %q", language, holding)
	return ""
}

// gitRepo is a git repository whose hooks find this test's program.
type gitRepo struct {
	t   *testing.T
	dir string
	env []string
}

func newGitRepo(t *testing.T) *gitRepo {
	t.Helper()
	external.Require(t, "git", "apt-get install git")
	r := &gitRepo{t: t, dir: t.TempDir()}
	r.env = append(os.Environ(),
		"PATH="+programOnPath(t)+string(os.PathListSeparator)+os.Getenv("PATH"),
		"GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_NOSYSTEM=1", "GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@example.com",
		"GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@example.com")
	r.must("init", "-q")
	return r
}

func (r *gitRepo) git(args ...string) (string, error) {
	cmd := exec.CommandContext(r.t.Context(), "git", args...) //nolint:gosec // the tests' own arguments
	cmd.Dir, cmd.Env = r.dir, r.env
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func (r *gitRepo) must(args ...string) {
	r.t.Helper()
	if out, err := r.git(args...); err != nil {
		r.t.Fatalf("git %v: %v\n%s", args, err, out)
	}
}

func (r *gitRepo) write(name, text string) {
	r.t.Helper()
	path := filepath.Join(r.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		r.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		r.t.Fatal(err)
	}
}

// TestPlainHook installs the hook of the documentation as it stands there and
// commits.
func TestPlainHook(t *testing.T) {
	hook := ciBlock(t, "sh", "--new-from-rev HEAD")
	r := newGitRepo(t)
	path := filepath.Join(r.dir, ".git", "hooks", "pre-commit")
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(hook), 0o700); err != nil { //nolint:gosec // a hook has to be executable
		t.Fatal(err)
	}
	refused := func(what string) {
		t.Helper()
		if out, err := r.git("commit", "-q", "-m", what); err == nil || !strings.Contains(out, "warning[BLC101]") {
			t.Errorf("%s is not refused: %v\n%s", what, err, out)
		}
	}
	// The very first commit.
	copySources(t, r.dir, "vmlinux.h", "racy.bpf.c")
	r.must("add", ".")
	refused("a racy first commit")
	r.must("rm", "-q", "-f", "racy.bpf.c")
	copySources(t, r.dir, "clean.bpf.c")
	r.must("add", ".")
	r.must("commit", "-q", "-m", "clean")
	// An old finding, let in on purpose, stands in nobody's way.
	copySources(t, r.dir, "racy.bpf.c")
	r.must("add", ".")
	refused("a new racy file")
	r.must("commit", "-q", "--no-verify", "-m", "racy")
	b, err := os.ReadFile(filepath.Join(r.dir, "racy.bpf.c"))
	if err != nil {
		t.Fatal(err)
	}
	r.write("racy.bpf.c", "/* moved */\n"+string(b))
	r.must("commit", "-q", "-a", "-m", "a line above it")
	r.must("mv", "racy.bpf.c", "renamed.bpf.c")
	r.must("commit", "-q", "-m", "another name")
	r.write("renamed.bpf.c", "/* moved */\n"+strings.Replace(string(b), "*n += 1;", "*n += 2;", 1))
	r.must("add", ".")
	refused("a change of the racy line")
	r.must("checkout", "-q", "HEAD", "--", ".")
	// From a folder below, and from a linked work tree.
	r.write("sub/x.txt", "x\n")
	r.must("add", ".")
	r.must("-C", "sub", "commit", "-q", "-m", "from below")
	r.must("worktree", "add", "-q", filepath.Join(t.TempDir(), "tree"))
}

// TestGitLabSnippet runs the script of the documentation's job, with this
// program for the one it would fetch, and looks at what it uploads.
func TestGitLabSnippet(t *testing.T) {
	var doc map[string]struct {
		Image     string
		Script    []string
		Artifacts struct {
			When    string
			Reports map[string]string
		}
	}
	if err := yaml.Unmarshal([]byte(ciBlock(t, "yaml", "codequality")), &doc); err != nil {
		t.Fatal(err)
	}
	job := doc["bpf"]
	if len(job.Script) != 1 || job.Artifacts.When != "always" || len(job.Artifacts.Reports) != 2 {
		t.Fatalf("unexpected job: %+v", job)
	}
	args, ok := strings.CutPrefix(job.Script[0], "go run github.com/bpflockcheck/bpflockcheck/cmd/bpflockcheck@latest ")
	if !ok {
		t.Fatalf("unexpected script: %q", job.Script[0])
	}
	dir := t.TempDir()
	copySources(t, dir, "vmlinux.h", "racy.bpf.c")
	c := &cli.Command{Dir: dir, Stdout: &strings.Builder{}, Stderr: &strings.Builder{}}
	if status := c.Main(strings.Fields(args)); status != cli.ExitFindings {
		t.Fatalf("status %d: %s", status, c.Stderr)
	}
	issues, err := os.ReadFile(filepath.Join(dir, job.Artifacts.Reports["codequality"]))
	if err != nil {
		t.Fatal(err)
	}
	var list []map[string]any
	if err := json.Unmarshal(issues, &list); err != nil || len(list) != 1 || list[0]["check_name"] != "BLC101 lost-update" {
		t.Errorf("code quality report: %v, %v", err, list)
	}
	if suites, err := os.ReadFile(filepath.Join(dir, job.Artifacts.Reports["junit"])); err != nil || !strings.Contains(string(suites), `failures="1"`) {
		t.Errorf("JUnit report: %v\n%s", err, suites)
	}
}
