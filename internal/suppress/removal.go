package suppress

import (
	"bytes"

	"github.com/bpflockcheck/bpflockcheck/analyzer/diag"
	"github.com/bpflockcheck/bpflockcheck/analyzer/position"
)

// part is the directive in a block comment that holds other text too: lines
// from and up to, not including, to, counted from the comment's first.
type part struct{ from, to int }

// partOf gives the lines of the directive on a comment's line: those up to the
// next directive are its reason. ok is false when it has the comment to itself.
func partOf(lines []string, at int, lang language) (p part, ok bool) {
	p = part{at, at + 1}
	for i, l := range lines {
		switch {
		case i < at:
			ok = ok || l != ""
		case i > at && parse(l, lang) != nil:
			return p, true
		case i > at && l != "":
			p.to = i + 1
		}
	}
	return p, ok
}

// removal deletes the part's lines and leaves the comment's signs.
func (p part) removal(m *position.Mapper, file string, c comment) diag.Edit {
	first, last := c.startLine+p.from, c.startLine+p.to-1
	span := position.Span{File: file, Line: first, Col: 1, EndLine: last + 1, EndCol: 1}
	if p.from == 0 {
		_, col := m.LineCol(c.start)
		span.Col, span.EndLine, span.EndCol = col+2, last, len(m.Line(last))+1
	}
	if last == c.endLine {
		text := m.Line(first)
		span.Col = len(text) - len(bytes.TrimLeft(text, " \t")) + 1
		_, col := m.LineCol(c.end)
		span.EndLine, span.EndCol = last, col-2
	}
	return diag.Edit{Span: span}
}
