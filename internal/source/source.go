// Package source reads the files that findings point into, once each. Editors'
// unsaved buffers and standard input take the place of what is on disk.
package source

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"github.com/bpflockcheck/bpflockcheck/analyzer/position"
)

// MaxSize is the size in bytes above which a file is not read: a snippet of it
// helps nobody.
const MaxSize = 64 << 20

// Files is a cache of file contents. It is safe for concurrent use. The zero
// value reads from disk, relative to the working folder.
type Files struct {
	// Dir is what relative paths are relative to; "" is the working folder.
	Dir string
	// Overlay holds contents that replace those on disk, by absolute or
	// relative path.
	Overlay map[string][]byte
	// Recorded holds single lines of files that may not be there, by the path
	// that findings have and the line: an object's debug information.
	Recorded map[string]map[int]string

	mu    sync.Mutex
	files map[string]*entry
}

type entry struct {
	content []byte
	mapper  *position.Mapper
	err     error
}

// Abs gives the absolute form of a path as findings have it.
func (f *Files) Abs(path string) string {
	if !filepath.IsAbs(path) && f.Dir != "" {
		path = filepath.Join(f.Dir, path)
	}
	if abs, err := filepath.Abs(path); err == nil {
		return abs
	}
	return filepath.Clean(path)
}

// Read gives the contents of a file, which must not be changed.
func (f *Files) Read(path string) ([]byte, error) {
	e := f.get(path)
	return e.content, e.err
}

// Mapper gives the file's lines; nil when it cannot be read.
func (f *Files) Mapper(path string) *position.Mapper {
	return f.get(path).mapper
}

// Line gives the text of one line, from the file or else as recorded; nil when
// it is not known.
func (f *Files) Line(path string, line int) []byte {
	if m := f.Mapper(path); m != nil {
		return m.Line(line)
	}
	if text, ok := f.Recorded[path][line]; ok {
		return []byte(text)
	}
	return nil
}

// Forget drops what is cached about a file that was written.
func (f *Files) Forget(path string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.files, f.Abs(path))
}

func (f *Files) get(path string) *entry {
	f.mu.Lock()
	defer f.mu.Unlock()
	abs := f.Abs(path)
	if e := f.files[abs]; e != nil {
		return e
	}
	e := &entry{}
	if e.content, e.err = f.load(path, abs); e.err == nil {
		e.mapper = position.NewMapper(e.content)
	}
	if f.files == nil {
		f.files = map[string]*entry{}
	}
	f.files[abs] = e
	return e
}

func (f *Files) load(path, abs string) ([]byte, error) {
	if path == "" {
		return nil, fs.ErrNotExist
	}
	for _, key := range []string{path, abs} {
		if b, ok := f.Overlay[key]; ok {
			return b, nil
		}
	}
	info, err := os.Stat(abs)
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, errors.New("not a regular file")
	case info.Size() > MaxSize:
		return nil, fmt.Errorf("larger than %d MiB", MaxSize>>20)
	}
	return os.ReadFile(abs)
}
