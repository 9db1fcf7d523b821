package unit

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bpflockcheck/bpflockcheck/internal/external"
)

// TestCorpus loads every BPF C file of the kernel's selftests, or else below the
// folders that BPFLOCKCHECK_CORPUS lists, as a project that nobody configured: none
// may fail, panic or take long, and nearly all must lose nothing but inline assembly.
func TestCorpus(t *testing.T) {
	dirs := filepath.SplitList(os.Getenv("BPFLOCKCHECK_CORPUS"))
	if len(dirs) == 0 {
		dirs = []string{external.Selftests(t)}
	}
	for _, dir := range dirs {
		cache := NewCache()
		files, lossy := 0, 0
		var failed []string
		included := map[string]bool{} // by other units
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".c") {
				return err
			}
			text, err := os.ReadFile(path)
			if err != nil || !strings.Contains(string(text), "SEC(") {
				return nil // a dangling link, or no BPF program
			}
			files++
			ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
			defer cancel()
			u, err := Load(ctx, path, Config{Root: dir, Cache: cache})
			if err != nil {
				failed = append(failed, path)
				t.Log(err)
				return nil
			}
			for _, f := range u.Files[1:] {
				included[f.Key] = true
			}
			lost := false
			for _, s := range u.Skipped {
				if !strings.Contains(s.Reason, "inline assembly") {
					lost = true
					t.Log(s)
				}
			}
			if lost {
				lossy++
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
		t.Logf("%s: %d files, %d failed, %d lost a part", dir, files, len(failed), lossy)
		for _, path := range failed {
			if !included[path] {
				t.Errorf("%s cannot be analysed", path)
			}
		}
		if lossy*20 > files {
			t.Errorf("%s: too much is lost", dir)
		}
	}
}
