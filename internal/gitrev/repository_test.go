package gitrev

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// repo is a git repository in a folder of its own.
type repo struct {
	t   *testing.T
	dir string
}

func newRepo(t *testing.T) *repo {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("git is not installed")
	}
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	r := &repo{t, dir}
	r.git("init", "-q")
	return r
}

func (r *repo) git(args ...string) {
	r.t.Helper()
	cmd := exec.Command("git", args...) //nolint:gosec // the tests' own arguments
	cmd.Dir = r.dir
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_COUNT=1",
		"GIT_CONFIG_KEY_0=protocol.file.allow", "GIT_CONFIG_VALUE_0=always",
		"GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@example.com", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@example.com")
	if out, err := cmd.CombinedOutput(); err != nil {
		r.t.Fatalf("git %v: %v\n%s", args, err, out)
	}
}

func (r *repo) write(name string, lines ...string) {
	r.t.Helper()
	path := filepath.Join(r.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		r.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		r.t.Fatal(err)
	}
}

func (r *repo) commit() {
	r.t.Helper()
	r.git("add", ".")
	r.git("commit", "-q", "-m", "x")
}

// since asks about a line of a file, by a path from dir.
func (r *repo) since(dir, rev string) func(file string, line int) bool {
	r.t.Helper()
	c, err := Since(r.t.Context(), dir, rev)
	if err != nil {
		r.t.Fatal(err)
	}
	return func(file string, line int) bool { return c.Touches(filepath.Join(dir, file), line, line) }
}

// Before the first commit there is nothing that could be old.
func TestUnbornHead(t *testing.T) {
	r := newRepo(t)
	r.write("staged.c", "1")
	r.git("add", "staged.c")
	r.write("other.c", "1")
	for _, rev := range []string{"HEAD", "@"} {
		is := r.since(r.dir, rev)
		if !is("staged.c", 1) || !is("other.c", 1) {
			t.Errorf("%s: a file of a repository without a commit is not new", rev)
		}
	}
	if _, err := Since(t.Context(), r.dir, "main~1"); err == nil {
		t.Error("no error for a revision that is not there")
	}
}

func TestStagedOnly(t *testing.T) {
	r := newRepo(t)
	r.write("a.c", "1", "2", "3")
	r.commit()
	r.write("a.c", "1", "new", "2", "3")
	r.git("add", "a.c")
	is := r.since(r.dir, "HEAD")
	if !is("a.c", 2) || is("a.c", 3) {
		t.Error("want the staged line as the only new one")
	}
}

// A file that was only renamed has no new lines.
func TestRenamed(t *testing.T) {
	r := newRepo(t)
	r.write("a.c", "1", "2", "3", "4", "5", "6", "7", "8")
	r.commit()
	r.git("mv", "a.c", "b.c")
	r.write("b.c", "1", "2", "3", "4", "new", "5", "6", "7", "8")
	is := r.since(r.dir, "HEAD")
	if is("b.c", 1) || !is("b.c", 5) || is("b.c", 6) {
		t.Error("want line 5 of the renamed file as the only new one")
	}
}

func TestSubFolder(t *testing.T) {
	r := newRepo(t)
	r.write("sub/a.c", "1")
	r.write("top.c", "1")
	r.commit()
	r.write("sub/a.c", "1", "new")
	r.write("top.c", "1", "new")
	r.write("sub/untracked.c", "1")
	is := r.since(filepath.Join(r.dir, "sub"), "HEAD")
	if is("a.c", 1) || !is("a.c", 2) || !is("../top.c", 2) || is("../top.c", 1) || !is("untracked.c", 1) {
		t.Error("wrong lines are new, seen from a sub-folder")
	}
}

// Of files outside the repository, or that git is told to ignore, nothing is
// known: nothing found in them may get lost.
func TestUnknownFilesAreNew(t *testing.T) {
	r := newRepo(t)
	r.write(".gitignore", "built.c")
	r.write("a.c", "1")
	r.commit()
	r.write("built.c", "1")
	outside := filepath.Join(t.TempDir(), "x.c")
	if err := os.WriteFile(outside, []byte("1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := Since(t.Context(), r.dir, "HEAD")
	if err != nil {
		t.Fatal(err)
	}
	if !c.Touches(outside, 1, 1) || !c.Touches(filepath.Join(r.dir, "built.c"), 1, 1) || c.Touches(filepath.Join(r.dir, "a.c"), 1, 1) {
		t.Error("a file that git does not know is not new, or one that it knows is")
	}
}

// The working folder may be a symbolic link, while git names the real one.
func TestSymbolicLink(t *testing.T) {
	r := newRepo(t)
	r.write("a.c", "1")
	r.commit()
	r.write("a.c", "1", "new")
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(r.dir, link); err != nil {
		t.Skip(err)
	}
	is := r.since(link, "HEAD")
	if is("a.c", 1) || !is("a.c", 2) {
		t.Error("wrong lines are new, seen through a symbolic link")
	}
}

func TestShallowClone(t *testing.T) {
	r := newRepo(t)
	r.write("a.c", "1")
	r.commit()
	r.write("a.c", "1", "2")
	r.commit()
	clone := &repo{t, filepath.Join(t.TempDir(), "clone")}
	r.git("clone", "-q", "--depth", "1", "file://"+filepath.ToSlash(r.dir), clone.dir)
	if real, err := filepath.EvalSymlinks(clone.dir); err == nil {
		clone.dir = real
	}
	clone.write("a.c", "1", "2", "3")
	is := clone.since(clone.dir, "HEAD")
	if is("a.c", 2) || !is("a.c", 3) {
		t.Error("wrong lines are new in a shallow clone")
	}
	if _, err := Since(t.Context(), clone.dir, "HEAD~1"); err == nil || !strings.Contains(err.Error(), "shallow") {
		t.Errorf("the history that a shallow clone lacks: %v, want its shallowness named", err)
	}
}

// What others did on the branch that a pull request goes to is not its change.
func TestBranchedOff(t *testing.T) {
	r := newRepo(t)
	r.write("a.c", "1", "2", "3", "4", "5", "6")
	r.commit()
	r.git("branch", "base")
	r.git("checkout", "-q", "-b", "theirs")
	r.write("a.c", "1", "theirs", "3", "4", "5", "6")
	r.commit()
	r.git("checkout", "-q", "--detach", "base")
	r.write("a.c", "1", "2", "3", "4", "ours", "6")
	r.commit()
	for _, rev := range []string{"theirs", "base", "HEAD~1"} {
		is := r.since(r.dir, rev)
		if is("a.c", 2) || !is("a.c", 5) {
			t.Errorf("since %s, line 2 is new: %v, want false; line 5: %v, want true", rev, is("a.c", 2), is("a.c", 5))
		}
	}
	// Ahead of HEAD, only the working tree can have changes.
	r.git("checkout", "-q", "base")
	r.write("a.c", "1", "2", "3", "4", "5", "tree")
	if is := r.since(r.dir, "theirs"); is("a.c", 2) || !is("a.c", 6) {
		t.Error("wrong lines are new since a revision ahead of HEAD")
	}
	// Without common history there is the revision itself.
	r.git("checkout", "-q", "--orphan", "other")
	r.write("a.c", "1", "2", "3", "4", "5", "6", "7")
	r.commit()
	if is := r.since(r.dir, "base"); is("a.c", 1) || !is("a.c", 7) {
		t.Error("wrong lines are new since a revision of another history")
	}
}

func TestLinkedWorktree(t *testing.T) {
	r := newRepo(t)
	r.write("a.c", "1")
	r.commit()
	tree := &repo{t, filepath.Join(r.dir, "..", "tree")}
	r.git("worktree", "add", "-q", tree.dir)
	tree.dir = filepath.Clean(tree.dir)
	tree.write("a.c", "1", "new")
	is := tree.since(tree.dir, "HEAD")
	if is("a.c", 1) || !is("a.c", 2) {
		t.Error("wrong lines are new in a linked work tree")
	}
}

// Seen from the project around it, a submodule's lines are new since the
// commit that the revision has of it.
func TestSubmodule(t *testing.T) {
	lib := newRepo(t)
	lib.write("a.c", "1")
	lib.commit()
	r := newRepo(t)
	r.write("top.c", "1")
	r.git("submodule", "--quiet", "add", lib.dir, "lib")
	r.commit()
	sub := &repo{t, filepath.Join(r.dir, "lib")}
	sub.write("a.c", "1", "committed")
	sub.commit()
	sub.write("a.c", "1", "committed", "edited")
	sub.write("b.c", "untracked")
	is := r.since(r.dir, "HEAD")
	for file, want := range map[string][]bool{"lib/a.c": {false, true, true}, "lib/b.c": {true}, "top.c": {false}} {
		for i, w := range want {
			if got := is(file, i+1); got != w {
				t.Errorf("%s:%d is new: %v, want %v", file, i+1, got, w)
			}
		}
	}
	is = sub.since(sub.dir, "HEAD")
	if is("a.c", 2) || !is("a.c", 3) || !is("b.c", 1) {
		t.Error("wrong lines are new, seen from the submodule")
	}
}

// A user's settings, and what a hook's environment says, change nothing.
func TestForeignSettings(t *testing.T) {
	r := newRepo(t)
	r.write("a.c", "1", "2")
	r.commit()
	r.write("a.c", "1", "new", "2")
	for key, value := range map[string]string{
		"diff.noprefix": "true", "diff.mnemonicPrefix": "true", "color.ui": "always", "diff.external": "false", "core.quotePath": "false",
		"diff.relative": "true", "diff.submodule": "short", "diff.interHunkContext": "9", "diff.ignoreSubmodules": "all", "diff.orderFile": "x",
	} {
		r.git("config", key, value)
	}
	r.write(".gitattributes", "*.c diff=odd")
	r.git("config", "diff.odd.textconv", "tr a-z A-Z <")
	r.write("x", "*")
	is := r.since(r.dir, "HEAD")
	if is("a.c", 1) || !is("a.c", 2) || is("a.c", 3) {
		t.Error("settings of the repository change which lines are new")
	}
}

// A repository of another user's, as in many a container, is refused with the way
// to trust it.
func TestForeignOwner(t *testing.T) {
	r := newRepo(t)
	r.write("a.c", "1")
	r.commit()
	t.Setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1") // git's own switch for its tests
	t.Setenv("GIT_CONFIG_GLOBAL", os.DevNull)
	t.Setenv("GIT_CONFIG_NOSYSTEM", "1")
	_, err := Since(t.Context(), r.dir, "HEAD")
	if err == nil {
		t.Skip("this git trusts every owner")
	}
	if want := "git config --global --add safe.directory"; !strings.Contains(err.Error(), want) {
		t.Errorf("error %q says nothing of %q", err, want)
	}
}

// Of what git does not diff, all is new when it changed.
func TestNotDiffed(t *testing.T) {
	r := newRepo(t)
	names := []string{"a.c", "x and b/y.c", "größe.c", "s/b.o", "same.c", "gone.c"}
	for _, name := range names {
		r.write(name, "1", "2", "\x00")
	}
	r.write(".gitattributes", "*.c -diff")
	r.commit()
	for _, name := range names[:4] {
		r.write(name, "1", "2", "\x00", "3")
	}
	if err := os.Remove(filepath.Join(r.dir, "gone.c")); err != nil {
		t.Fatal(err)
	}
	is := r.since(r.dir, "HEAD")
	for _, name := range names {
		if want := name != "same.c" && name != "gone.c"; is(name, 1) != want || is(name, 0) != want {
			t.Errorf("%s: new is %v, want %v", name, is(name, 1), want)
		}
	}
}
