package position

import (
	"bytes"
	"sort"
	"unicode/utf8"
)

// Mapper converts between the position systems of one file's contents. It
// tolerates positions outside the contents (a file that changed since it was
// compiled): they are clamped to the nearest valid one, and never panic.
type Mapper struct {
	content []byte
	starts  []int // byte offset of each line's start; starts[0] is 0
}

// NewMapper indexes the lines of content, which must not change afterwards.
// Lines end at \n; a \r before it does not belong to the line's text.
func NewMapper(content []byte) *Mapper {
	m := &Mapper{content: content, starts: make([]int, 1, 1+bytes.Count(content, []byte{'\n'}))}
	for i, c := range content {
		if c == '\n' {
			m.starts = append(m.starts, i+1)
		}
	}
	return m
}

// Lines gives the number of lines; contents that end in a newline have an
// empty last one.
func (m *Mapper) Lines() int { return len(m.starts) }

// Line gives the text of a line, counted from 1, without its line ending; nil
// when there is no such line.
func (m *Mapper) Line(line int) []byte {
	if line < 1 || line > len(m.starts) {
		return nil
	}
	end := len(m.content)
	if line < len(m.starts) {
		end = m.starts[line] - 1
	}
	return bytes.TrimSuffix(m.content[m.starts[line-1]:end], []byte{'\r'})
}

// Offset gives the byte offset of a 1-based line and byte column. ok is false
// when the position had to be clamped.
func (m *Mapper) Offset(line, col int) (off int, ok bool) {
	switch {
	case line < 1:
		return 0, false
	case line > len(m.starts):
		return len(m.content), false
	}
	text := m.Line(line)
	off = m.starts[line-1]
	switch {
	case col < 1:
		return off, false
	case col-1 > len(text):
		return off + len(text), false
	}
	return off + col - 1, true
}

// LineCol gives the 1-based line and byte column of a byte offset.
func (m *Mapper) LineCol(off int) (line, col int) {
	off = min(max(off, 0), len(m.content))
	line = sort.Search(len(m.starts), func(i int) bool { return m.starts[i] > off })
	return line, off - m.starts[line-1] + 1
}

// UTF16Col gives the 0-based UTF-16 column of a 1-based byte column, as LSP
// counts. SARIF's column is one more. Each byte that is not valid UTF-8 counts
// as one unit, as in every decoder that puts U+FFFD there.
func (m *Mapper) UTF16Col(line, col int) int {
	text := m.Line(line)
	text = text[:min(max(col-1, 0), len(text))]
	n := 0
	for len(text) > 0 {
		r, size := utf8.DecodeRune(text)
		n += utf16Len(r)
		text = text[size:]
	}
	return n
}

// ByteCol is the inverse of UTF16Col: the 1-based byte column of a 0-based
// UTF-16 column. A column within a surrogate pair gives the pair's start.
func (m *Mapper) ByteCol(line, utf16Col int) int {
	text := m.Line(line)
	col := 1
	for len(text) > 0 && utf16Col > 0 {
		r, size := utf8.DecodeRune(text)
		utf16Col -= utf16Len(r)
		if utf16Col < 0 {
			break
		}
		col += size
		text = text[size:]
	}
	return col
}

// utf16Len is the number of UTF-16 code units of r.
func utf16Len(r rune) int {
	if r > 0xffff {
		return 2
	}
	return 1
}
