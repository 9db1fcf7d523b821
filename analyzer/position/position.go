// Package position says where something stands in a file.
//
// Five position systems meet in this project; this package is the only place
// that converts between them:
//
//   - source positions: 1-based line, 1-based column in bytes (this package's
//     Span; the command line and the JSON output use it too);
//   - cc token positions: the same, but of the use for macro-expanded tokens;
//   - BTF line info: 1-based line, 1-based byte column, no end;
//   - SARIF: 1-based line, 1-based column in UTF-16 code units;
//   - LSP: 0-based line, 0-based character in UTF-16 or UTF-8 code units.
package position

import (
	"cmp"
	"fmt"
	"strings"
)

// Span is a range of source text. Line and Col count from 1; Col counts bytes.
// Line 0 means "no line is known". EndLine and EndCol are exclusive and 0 when
// only the start is known.
type Span struct {
	File            string
	Line, Col       int
	EndLine, EndCol int
}

// IsValid reports whether the span names a line.
func (s Span) IsValid() bool { return s.Line > 0 }

// String gives file:line:col, leaving out what is not known.
func (s Span) String() string {
	switch {
	case s.Line == 0:
		return s.File
	case s.Col == 0:
		return fmt.Sprintf("%s:%d", s.File, s.Line)
	}
	return fmt.Sprintf("%s:%d:%d", s.File, s.Line, s.Col)
}

// Compare orders spans by file, line, column and end: a total order.
func (s Span) Compare(o Span) int {
	return cmp.Or(
		cmp.Compare(s.File, o.File),
		cmp.Compare(s.Line, o.Line),
		cmp.Compare(s.Col, o.Col),
		cmp.Compare(s.EndLine, o.EndLine),
		cmp.Compare(s.EndCol, o.EndCol),
	)
}

// Pos is where an operation comes from. It is shared between the operations of
// one expression and is never changed after the front end made it.
type Pos struct {
	Span
	// Macro is the name of the outermost macro whose expansion holds the
	// operation, and MacroDef where that macro is defined; empty outside
	// macros. The Span is then that of the use.
	Macro    string
	MacroDef Span
	// Insn is the number of the BPF instruction within its program as the
	// verifier counts (wide loads count two), plus one; 0 in C.
	Insn int
}

// Cut takes the position off the front of a message: "file:line:col: text" or
// "file:line: text". ok is false when there is none.
func Cut(message string) (s Span, rest string, ok bool) {
	for from := 0; ; {
		i := strings.IndexByte(message[from:], ':')
		if i < 0 {
			return Span{}, message, false
		}
		at := from + i
		from = at + 1
		line, n := number(message[from:])
		if at == 0 || n == 0 {
			continue
		}
		s = Span{File: message[:at], Line: line}
		rest = message[from+n:]
		if r, ok := strings.CutPrefix(rest, ":"); ok {
			if col, n := number(r); n > 0 && strings.HasPrefix(r[n:], ":") {
				s.Col = col
				rest = r[n:]
			}
		}
		if !strings.HasPrefix(rest, ": ") {
			continue
		}
		return s, rest[2:], true
	}
}

// number reads the decimal number, at least 1, that s starts with.
func number(s string) (v, n int) {
	for n < len(s) && n < 9 && s[n] >= '0' && s[n] <= '9' {
		v = v*10 + int(s[n]-'0')
		n++
	}
	if v == 0 {
		return 0, 0
	}
	return v, n
}
