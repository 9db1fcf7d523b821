//go:build unix

package atomicfile

import (
	"os"
	"syscall"
)

// keepOwner gives a new file to the owner of the one that it replaces: a file
// that the superuser mends is still its user's.
func keepOwner(f *os.File, old os.FileInfo) {
	had, ok := old.Sys().(*syscall.Stat_t)
	if !ok {
		return
	}
	info, err := f.Stat()
	if err != nil {
		return
	}
	if has, ok := info.Sys().(*syscall.Stat_t); ok && (has.Uid != had.Uid || has.Gid != had.Gid) {
		_ = f.Chown(int(had.Uid), int(had.Gid)) // who may not has written to the file of another all the same
	}
}
