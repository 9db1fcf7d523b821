package gitignore

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestMatch(t *testing.T) {
	tests := []struct {
		lines string
		path  string
		isDir bool
		want  Result
	}{
		{"*.o", "a.o", false, Ignore},
		{"*.o", "x/y/a.o", false, Ignore},
		{"*.o", "a.oo", false, None},
		{"/build", "build", true, Ignore},
		{"/build", "x/build", true, None},
		{"build/", "x/build", true, Ignore},
		{"build/", "x/build", false, None},
		{"a/b", "a/b", false, Ignore},
		{"a/b", "x/a/b", false, None},
		{"a/**", "a/b/c", false, Ignore},
		{"a/**", "a", true, None},
		{"a/**/z", "a/z", false, Ignore},
		{"a/**/z", "a/b/c/z", false, Ignore},
		{"**/z", "z", false, Ignore},
		{"*.o\n!keep.o", "keep.o", false, Include},
		{"!keep.o\n*.o", "keep.o", false, Ignore},
		{"# x\n\n  ", "# x", false, None},
		{`\#x`, "#x", false, Ignore},
		{"[a-c]?.txt", "b1.txt", false, Ignore},
		{"[!a-c]?.txt", "b1.txt", false, None},
		{"[]]", "]", false, Ignore},
		{"[x", "[x", false, Ignore},
		{"trailing   ", "trailing", false, Ignore},
		{"/", "a", false, None},
	}
	for _, tt := range tests {
		if got := Parse(tt.lines).Match(tt.path, tt.isDir); got != tt.want {
			t.Errorf("%q.Match(%q, %v) = %v, want %v", tt.lines, tt.path, tt.isDir, got, tt.want)
		}
	}
}

func TestMatchPath(t *testing.T) {
	m := Parse("gen/\n*.skip\n")
	for path, want := range map[string]bool{
		"gen/a/b.c": true, "a/gen/b.c": true, "gen": false, "a.skip": true, "a/b.c": false,
	} {
		if got := m.MatchPath(path); got != want {
			t.Errorf("MatchPath(%q) = %v, want %v", path, got, want)
		}
	}
}

// TestAgainstGit asks git itself about the same paths.
func TestAgainstGit(t *testing.T) {
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("git is not installed")
	}
	patterns := "*.o\n!keep.o\n/build\nsub/*.txt\n**/cache\na/**/z\n[a-c]?.log\nd[!x]\nq/**\n"
	paths := []string{
		"x.o", "keep.o", "s/keep.o", "s/x.o", "build", "s/build", "sub/a.txt", "sub/s/a.txt",
		"cache", "s/cache", "a/z", "a/b/z", "a/b/c/z", "b/a/z", "a1.log", "d1.log", "dx", "dy", "q", "q/1", "q/1/2",
	}
	dir := t.TempDir()
	if out, err := exec.Command("git", "init", "-q", dir).CombinedOutput(); err != nil {
		t.Fatalf("git init: %v\n%s", err, out)
	}
	if err := os.WriteFile(filepath.Join(dir, ".gitignore"), []byte(patterns), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("git", "check-ignore", "--no-index", "--stdin")
	cmd.Dir = dir
	cmd.Stdin = strings.NewReader(strings.Join(paths, "\n"))
	out, _ := cmd.Output() // exits 1 when nothing matches
	ignored := map[string]bool{}
	for _, line := range strings.Split(string(out), "\n") {
		ignored[line] = true
	}
	m := Parse(patterns)
	for _, p := range paths {
		if got := m.MatchPath(p); got != ignored[p] {
			t.Errorf("MatchPath(%q) = %v, git says %v", p, got, ignored[p])
		}
	}
}

func FuzzMatch(f *testing.F) {
	f.Add("**/a*[!x]\\", "a/b/c", true)
	f.Fuzz(func(_ *testing.T, lines, path string, isDir bool) {
		m := Parse(lines)
		m.Match(path, isDir)
		m.MatchPath(path)
	})
}
