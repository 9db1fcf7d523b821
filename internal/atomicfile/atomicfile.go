// Package atomicfile replaces files so that a reader, or a crash in the midst,
// sees either the old contents or the new.
package atomicfile

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
)

// Write puts content into the file at path. The mode and the owner of a file
// that exists are kept, as far as the process may give files away; else the
// mode is mode less the process's umask. A symbolic link is followed, not
// replaced, even one to a file that is still to be made.
func Write(path string, content []byte, mode os.FileMode) (err error) {
	path = followed(path)
	old, err := os.Stat(path)
	if err != nil {
		old = nil
	}
	if old != nil {
		if !old.Mode().IsRegular() {
			// A pipe or /dev/stdout cannot be replaced, only written to.
			return os.WriteFile(path, content, mode)
		}
		mode = old.Mode().Perm()
	}
	tmp, err := create(path, mode)
	if err != nil {
		// The temporary name would only puzzle.
		var pe *fs.PathError
		if errors.As(err, &pe) {
			err = pe.Err
		}
		return &fs.PathError{Op: "write", Path: path, Err: err}
	}
	defer func() {
		if err != nil {
			_ = os.Remove(tmp.Name())
		}
	}()
	if _, err = tmp.Write(content); err != nil {
		_ = tmp.Close()
		return fmt.Errorf("%s: %w", path, err)
	}
	if old != nil {
		keepOwner(tmp, old)
		if err = tmp.Chmod(mode); err != nil {
			_ = tmp.Close()
			return err
		}
	}
	if err = tmp.Close(); err != nil {
		return err
	}
	return os.Rename(tmp.Name(), path)
}

// maxLinks is how many links in a row are followed, as Linux has it (fs/namei.c,
// MAXSYMLINKS).
const maxLinks = 40

// followed gives the place that a path's links lead to.
func followed(path string) string {
	if target, err := filepath.EvalSymlinks(path); err == nil {
		return target
	}
	for range maxLinks {
		target, err := os.Readlink(path)
		if err != nil {
			break
		}
		if !filepath.IsAbs(target) {
			target = filepath.Join(filepath.Dir(path), target)
		}
		path = target
	}
	return path
}

// create makes a new file beside path. Other than by os.CreateTemp, the umask
// has its say.
func create(path string, mode os.FileMode) (*os.File, error) {
	const tries = 100
	for i := 0; ; i++ {
		name := fmt.Sprintf(".%s.%d", filepath.Base(path), rand.Uint32()) //nolint:gosec // names have to differ, not to be secret: O_EXCL
		f, err := os.OpenFile(filepath.Join(filepath.Dir(path), name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
		if !errors.Is(err, fs.ErrExist) || i == tries {
			return f, err
		}
	}
}
