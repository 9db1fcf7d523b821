package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"github.com/bpflockcheck/bpflockcheck/internal/external"
)

// releaseConfig is the part of .goreleaser.yaml that says what is built.
type releaseConfig struct {
	Before struct{ Hooks []string }
	Builds []struct {
		Main                              string
		Env, Flags, Ldflags, Goos, Goarch []string
	}
	Archives []struct{ Files []any }
}

func readRelease(t *testing.T) releaseConfig {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "..", ".goreleaser.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var c releaseConfig
	if err := yaml.Unmarshal(b, &c); err != nil {
		t.Fatal(err)
	}
	if len(c.Builds) != 1 || len(c.Archives) != 1 {
		t.Fatalf("want one build and one archive: %+v", c)
	}
	return c
}

// TestReleaseVersion builds with the release's flags and asks the program for
// its version, which the linker puts into a variable by its name: a mistyped
// name is no error to it.
func TestReleaseVersion(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the program")
	}
	build := readRelease(t).Builds[0]
	if !slices.Contains(build.Env, "CGO_ENABLED=0") {
		t.Error("the release is built with cgo")
	}
	program := filepath.Join(t.TempDir(), "bpflockcheck")
	args := append([]string{"build", "-o", program, "-ldflags", strings.ReplaceAll(strings.Join(build.Ldflags, " "), "{{.Version}}", "1.2.3")}, build.Flags...)
	cmd := exec.Command("go", append(args, build.Main)...) //nolint:gosec // the release's own flags
	cmd.Dir = filepath.Join("..", "..")
	cmd.Env = append(os.Environ(), build.Env...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	out, err := exec.Command(program, "version").Output() //nolint:gosec // the program just built
	if err != nil || !strings.HasPrefix(string(out), "bpflockcheck v1.2.3 (") {
		t.Errorf("version: %q, %v", out, err)
	}
}

// TestReleaseFiles runs the hook that makes what the archives hold, and looks
// for all of it.
func TestReleaseFiles(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the program")
	}
	external.Require(t, "sh", "apt-get install dash")
	c := readRelease(t)
	if len(c.Before.Hooks) != 1 {
		t.Fatalf("hooks: %v", c.Before.Hooks)
	}
	hook := strings.Fields(c.Before.Hooks[0])
	dir := t.TempDir()
	cmd := exec.Command(filepath.Join("..", "..", hook[0]), dir) //nolint:gosec // the release's own hook
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, f := range c.Archives[0].Files {
		pattern, ok := f.(string)
		if !ok {
			pattern, _ = f.(map[string]any)["src"].(string)
		}
		where := filepath.Join("..", "..", pattern)
		if rest, made := strings.CutPrefix(pattern, hook[1]+"/"); made {
			where = filepath.Join(dir, rest)
		}
		found, err := filepath.Glob(where)
		if err != nil || len(found) == 0 {
			t.Errorf("nothing is %s (%v)", pattern, err)
		}
		for _, name := range found {
			if info, err := os.Stat(name); err != nil || info.Size() == 0 {
				t.Errorf("%s is empty (%v)", name, err)
			}
		}
	}
}

// TestCrossBuildCoversRelease holds the script that CI runs to the systems
// that are released.
func TestCrossBuildCoversRelease(t *testing.T) {
	b, err := os.ReadFile(filepath.Join("..", "..", "scripts", "cross-build"))
	if err != nil {
		t.Fatal(err)
	}
	build := readRelease(t).Builds[0]
	for _, line := range []string{"for os in " + strings.Join(build.Goos, " "), "for arch in " + strings.Join(build.Goarch, " "), "CGO_ENABLED=0"} {
		if !strings.Contains(string(b), line) {
			t.Errorf("scripts/cross-build lacks %q", line)
		}
	}
}
