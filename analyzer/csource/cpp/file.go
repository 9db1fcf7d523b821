package cpp

import (
	"sort"
	"strings"
	"sync"
)

// File is the content of one source file. It is immutable after NewFile and may
// be shared by units that are loaded at the same time.
type File struct {
	// Path is what positions show.
	Path string
	// Src is the content; a trailing newline is not required.
	Src string
	// System is set for headers that belong to neither the project nor the user:
	// those of the system and the embedded ones.
	System bool
	// Builtin is set for the predefined macros and declarations: what comes from
	// there is no macro in the user's eyes.
	Builtin bool
	// Key identifies the file for #pragma once and include_next.
	Key string
	// Dir is the search directory it was found in, for include_next.
	Dir string

	lexOnce sync.Once
	lex     lexed

	lineOnce sync.Once
	lines    []uint32

	idxOnce sync.Once
	idx     any

	mu     sync.Mutex
	macros map[int32]*Macro // parsed definitions by index of the token after "define"
}

// NewFile makes a file of its content.
func NewFile(path, src string) *File { return &File{Path: path, Key: path, Src: src} }

// Position converts an offset to a line and a byte column, both from 1.
func (f *File) Position(off uint32) (line, col int) {
	f.lineOnce.Do(f.findLines)
	i := sort.Search(len(f.lines), func(i int) bool { return f.lines[i] > off })
	return i, int(off-f.lines[i-1]) + 1
}

func (f *File) findLines() {
	n := strings.Count(f.Src, "\n")
	f.lines = make([]uint32, 1, n+1)
	for i := 0; ; {
		j := strings.IndexByte(f.Src[i:], '\n')
		if j < 0 {
			return
		}
		i += j + 1
		f.lines = append(f.lines, uint32(i))
	}
}

// Index returns what make computed for this file the first time, so that a big
// header is indexed once.
func (f *File) Index(make func() any) any {
	f.idxOnce.Do(func() { f.idx = make() })
	return f.idx
}

func (f *File) tokens() *lexed {
	f.lexOnce.Do(func() { f.lex = lexFile(f) })
	return &f.lex
}
