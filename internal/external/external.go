// Package external finds the programs, not written here, that tests check the
// tool's output and verdicts with.
package external

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
)

// RequireAll is the environment variable that turns a test which cannot run
// for want of a program into one that fails. CI sets it.
const RequireAll = "BPFLOCKCHECK_REQUIRE_ALL"

// Require gives the path of a program, or skips the test with the reason and
// how to install it. Programs are looked for in the cache that scripts/test
// fills, then on the PATH.
func Require(t testing.TB, name, howTo string) string {
	t.Helper()
	for _, pattern := range []string{
		filepath.Join(cacheDir(), "bin", name),
		filepath.Join(cacheDir(), "npm", "node_modules", "@microsoft", "*", name),
	} {
		if found, err := filepath.Glob(pattern); err == nil && len(found) > 0 {
			return found[0]
		}
	}
	path, err := exec.LookPath(name)
	if err == nil {
		return path
	}
	Missing(t, name+" is not installed ("+howTo+")")
	return ""
}

// Missing skips the test for a reason, or fails it when everything is required.
func Missing(t testing.TB, reason string) {
	t.Helper()
	if os.Getenv(RequireAll) != "" {
		t.Fatal(reason)
	}
	t.Skip(reason)
}

// cacheDir is the module's .cache folder.
func cacheDir() string {
	_, file, _, ok := runtime.Caller(0)
	if !ok {
		return ""
	}
	return filepath.Join(filepath.Dir(file), "..", "..", ".cache")
}

// Selftests gives the folder of the kernel's BPF selftests, which
// scripts/fetch-selftests.sh fetches, or skips the test.
func Selftests(t testing.TB) string {
	t.Helper()
	tree := os.Getenv("BPFLOCKCHECK_SELFTESTS")
	if tree == "" {
		cache, err := os.UserCacheDir()
		if err != nil {
			Missing(t, err.Error())
		}
		tree = filepath.Join(cache, "bpflockcheck", "sources", "linux-source-6.12")
	}
	dir := filepath.Join(tree, "tools", "testing", "selftests", "bpf")
	if _, err := os.Stat(dir); err != nil {
		Missing(t, "no kernel selftests (scripts/fetch-selftests.sh fetches them)")
	}
	return dir
}
