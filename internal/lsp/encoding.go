package lsp

import (
	"slices"
	"unicode/utf8"

	"go.lsp.dev/protocol"

	"github.com/bpflockcheck/bpflockcheck/analyzer/position"
)

// encoding is what a character of a position counts. The conversion itself is
// package position's.
type encoding bool

const (
	utf16 encoding = false // mandatory, and the default
	utf8s encoding = true
)

// chooseEncoding prefers UTF-8, which needs no conversion.
func chooseEncoding(c *protocol.ClientCapabilities) encoding {
	return encoding(c.General != nil && slices.Contains(c.General.PositionEncodings, protocol.PositionEncodingKindUTF8))
}

func (e encoding) kind() protocol.PositionEncodingKind {
	if e == utf8s {
		return protocol.PositionEncodingKindUTF8
	}
	return protocol.PositionEncodingKindUTF16
}

// position gives the client's form of a line and byte column, both from 1. A
// place outside of the text is moved to the nearest one in it.
func (e encoding) position(m *position.Mapper, line, col int) protocol.Position {
	line = min(max(line, 1), m.Lines())
	col = min(max(col, 1), len(m.Line(line))+1)
	char := col - 1
	if e == utf16 {
		char = m.UTF16Col(line, col)
	}
	return protocol.Position{Line: uint32(line - 1), Character: uint32(char)}
}

// lineCol is the inverse of position.
func (e encoding) lineCol(m *position.Mapper, p protocol.Position) (line, col int) {
	if int64(p.Line) >= int64(m.Lines()) {
		return m.Lines(), len(m.Line(m.Lines())) + 1
	}
	line = int(p.Line) + 1
	char := int(min(p.Character, 1<<30))
	if e == utf16 {
		return line, m.ByteCol(line, char)
	}
	return line, min(char, len(m.Line(line))) + 1
}

// offset gives the byte that a position stands before.
func (e encoding) offset(m *position.Mapper, p protocol.Position) int {
	off, _ := m.Offset(e.lineCol(m, p))
	return off
}

// span gives the client's form of a span. Where only the start is known, the
// range is that of the word there.
func (e encoding) span(m *position.Mapper, s position.Span) protocol.Range {
	if s.EndLine < s.Line || s.EndLine == s.Line && s.EndCol <= s.Col {
		s.Line = min(max(s.Line, 1), m.Lines())
		s.Col = max(s.Col, 1)
		s.EndLine, s.EndCol = s.Line, wordEnd(m.Line(s.Line), s.Col)
	}
	return protocol.Range{Start: e.position(m, s.Line, s.Col), End: e.position(m, s.EndLine, s.EndCol)}
}

// wordEnd gives the byte column, from 1, behind the identifier at col, or
// behind the one character there.
func wordEnd(line []byte, col int) int {
	i := min(col-1, len(line))
	j := i
	for j < len(line) && isWord(line[j]) {
		j++
	}
	if j == i && j < len(line) {
		_, n := utf8.DecodeRune(line[j:])
		j += n
	}
	return j + 1
}

func isWord(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// contains reports whether a 1-based line and column lies in a span, its end
// included: an editor's cursor may be behind the last character.
func contains(s position.Span, line, col int) bool {
	if s.Line == 0 || line < s.Line || line == s.Line && col < s.Col {
		return false
	}
	if s.EndLine == 0 {
		return line == s.Line
	}
	return line < s.EndLine || line == s.EndLine && col <= s.EndCol
}
