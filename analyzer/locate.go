package analyzer

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/bpflockcheck/bpflockcheck/analyzer/diag"
	"github.com/bpflockcheck/bpflockcheck/analyzer/position"
)

// locator gives every file one name, however a front end or a compiler spelled
// it: relative to the working folder when it lies within, as the arguments
// spelled it when it lies within one of them, absolute otherwise.
type locator struct {
	o *Options
	// sources are the C inputs by base name, to find the file that an object
	// compiled elsewhere was made from.
	sources map[string][]input
	inputs  map[string]string // absolute path to the path as shown
	cache   map[string]string
}

func newLocator(o *Options, files []input) *locator {
	l := &locator{o: o, sources: map[string][]input{}, inputs: map[string]string{}, cache: map[string]string{}}
	for _, in := range files {
		l.inputs[in.abs] = in.path
		if in.kind == kindC {
			base := filepath.Base(in.abs)
			l.sources[base] = append(l.sources[base], in)
		}
	}
	return l
}

// name gives the one name of a file. objectPath is the object that mentions
// it, "" for a source.
func (l *locator) name(file, objectPath string) string {
	if file == "" {
		return ""
	}
	key := file + "\x00" + objectPath
	if n, ok := l.cache[key]; ok {
		return n
	}
	n := l.find(file, objectPath)
	l.cache[key] = n
	return n
}

func (l *locator) find(file, objectPath string) string {
	abs := l.o.abs(file)
	if l.exists(abs) {
		return l.shown(abs)
	}
	if objectPath == "" {
		return l.shown(abs)
	}
	// The object may have been built elsewhere: its path may hold from the
	// object's folder or one above it, or its end may be that of an input.
	if !filepath.IsAbs(file) {
		for dir := filepath.Dir(l.o.abs(objectPath)); ; dir = filepath.Dir(dir) {
			if cand := filepath.Join(dir, file); l.exists(cand) {
				return l.shown(cand)
			}
			if dir == l.o.Dir || dir == filepath.Dir(dir) {
				break
			}
		}
	}
	if in, ok := l.bySuffix(file); ok {
		return in.path
	}
	return filepath.Clean(file)
}

func (l *locator) exists(abs string) bool {
	if _, ok := l.o.Overlay[abs]; ok {
		return true
	}
	info, err := os.Stat(abs)
	return err == nil && info.Mode().IsRegular()
}

// bySuffix finds the C input that shares the most path elements with file,
// from the end; not when two share as many.
func (l *locator) bySuffix(file string) (best input, ok bool) {
	want := strings.Split(filepath.ToSlash(filepath.Clean(file)), "/")
	most := 0
	for _, in := range l.sources[filepath.Base(file)] {
		have := strings.Split(filepath.ToSlash(in.abs), "/")
		n := 0
		for n < len(want) && n < len(have) && want[len(want)-1-n] == have[len(have)-1-n] {
			n++
		}
		switch {
		case n > most:
			most, best, ok = n, in, true
		case n == most:
			ok = false
		}
	}
	return best, ok
}

// shown gives an absolute path as the user sees it.
func (l *locator) shown(abs string) string {
	if path, ok := l.inputs[abs]; ok && !filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	rel, err := filepath.Rel(l.o.Dir, abs)
	if err != nil || rel == ".." || strings.HasPrefix(rel, ".."+string(filepath.Separator)) {
		return abs
	}
	return rel
}

func (l *locator) finding(f *diag.Finding) {
	f.ChangeSpans(func(s *position.Span) { s.File = l.name(s.File, f.Object) })
	if f.Object != "" {
		f.Object = l.name(f.Object, "")
	}
}
