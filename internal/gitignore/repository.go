package gitignore

import (
	"os"
	"path/filepath"
)

// RepositoryRoot gives the nearest folder at or above dir that holds .git, and
// so the topmost whose .gitignore applies to dir; "" when there is none.
func RepositoryRoot(dir string) string {
	for {
		if _, err := os.Stat(filepath.Join(dir, ".git")); err == nil {
			return dir
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return ""
		}
		dir = parent
	}
}
