package gitrev

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

func TestSince(t *testing.T) {
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("git is not installed")
	}
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	run := func(args ...string) {
		t.Helper()
		cmd := exec.Command("git", args...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@b", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@b")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
	}
	write := func(name, content string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	run("init", "-q")
	write("a.c", "1\n2\n3\n4\n")
	write("ä b.c", "1\n")
	write("gone.c", "1\n")
	run("add", ".")
	run("commit", "-q", "-m", "x")
	write("a.c", "1\nnew\n2\n4\n--- no header\n+++ b/no.c\n")
	write("ä b.c", "1\n2\n")
	write("new.c", "1\n")
	if err := os.Remove(filepath.Join(dir, "gone.c")); err != nil {
		t.Fatal(err)
	}

	c, err := Since(t.Context(), dir, "HEAD")
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		file     string
		from, to int
		want     bool
	}{
		{"a.c", 1, 1, false}, {"a.c", 2, 2, true}, {"a.c", 3, 3, false}, {"a.c", 1, 2, true}, {"a.c", 4, 4, false},
		{"a.c", 6, 6, true}, {"a.c", 0, 0, true},
		{"ä b.c", 2, 2, true}, {"ä b.c", 1, 1, false},
		{"new.c", 1, 1, true}, {"gone.c", 1, 1, false}, {"nowhere.c", 1, 1, true},
	}
	for _, tt := range tests {
		if got := c.Touches(filepath.Join(dir, tt.file), tt.from, tt.to); got != tt.want {
			t.Errorf("Touches(%s, %d, %d) = %v, want %v", tt.file, tt.from, tt.to, got, tt.want)
		}
	}
	for _, rev := range []string{"nope", "--output=x", ""} {
		if _, err := Since(t.Context(), dir, rev); err == nil {
			t.Errorf("no error for revision %q", rev)
		}
	}
	if _, err := Since(t.Context(), t.TempDir(), "HEAD"); err == nil {
		t.Error("no error outside a repository")
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("--- a/x\n+++ b//x\n@@ -1,2 +3 @@\n-a\n-b\n+c\nBinary files a/y and b//y differ\n"))
	f.Fuzz(func(_ *testing.T, diff []byte) { _, _ = parse("/r", diff) })
}
