// Package suppress finds the comments that silence findings.
//
//	v->hits++; // bpflockcheck:ignore BLC101 approximate on purpose
//
//	/* bpflockcheck:ignore lost-update,BLC104 approximate on purpose */
//	v->hits++;
//
// A comment behind code covers its line. One that stands alone covers the
// statement below it, or, above a function or another top-level declaration,
// all of that. In Go, //nolint:bpflockcheck // reason does the same for every
// rule.
package suppress

import (
	"bytes"
	"path/filepath"
	"strings"
	"unicode"

	"github.com/bpflockcheck/bpflockcheck/analyzer/diag"
	"github.com/bpflockcheck/bpflockcheck/analyzer/position"
)

// Directive is one such comment.
type Directive struct {
	// Span is that of the comment.
	Span position.Span
	// Selectors are the rules it names (identifiers, names or prefixes), as
	// written; empty for nolint, which means every rule.
	Selectors []string
	Reason    string
	// From and To are the lines covered, both included. From is 0 when there
	// is no code below the comment.
	From, To int
	// Nolint: the golangci-lint form.
	Nolint bool
	// Malformed says what is wrong with the comment itself, "" when nothing is.
	Malformed string
	// Removal deletes the comment, and its line when it stands alone.
	Removal diag.Edit
}

// Covers reports whether a finding lies in the lines that d covers.
func (d *Directive) Covers(s position.Span) bool {
	return s.File == d.Span.File && s.Line > 0 && s.Line <= d.To && max(s.Line, s.EndLine) >= d.From
}

const prefix = "bpflockcheck:"

// Scan gives the directives of a file in order. A file that holds none costs
// one search.
func Scan(file string, content []byte) []*Directive {
	if !bytes.Contains(content, []byte("bpflockcheck")) {
		return nil
	}
	lang := langC
	if filepath.Ext(file) == ".go" {
		lang = langGo
	}
	o := scan(content, lang)
	m := position.NewMapper(content)
	var ds []*Directive
	for _, c := range o.comments {
		lines := commentLines(string(content[c.start:c.end]))
		for i, text := range lines {
			d := parse(text, lang)
			if d == nil {
				continue
			}
			place(d, c, &o, m, file)
			if part, ok := partOf(lines, i, lang); ok {
				d.Removal = part.removal(m, file, c)
			}
			ds = append(ds, d)
		}
	}
	return ds
}

// commentLines strips the comment's signs, those of Doxygen (///, //!, /*!) too,
// and gives its lines.
func commentLines(text string) []string {
	if rest, ok := strings.CutPrefix(text, "//"); ok {
		return []string{strings.TrimSpace(strings.TrimLeft(rest, "/!"))}
	}
	text = strings.TrimPrefix(strings.TrimSuffix(strings.TrimPrefix(text, "/*"), "*/"), "!")
	lines := strings.Split(text, "\n")
	for i, l := range lines {
		lines[i] = strings.TrimSpace(strings.TrimLeft(strings.TrimSpace(l), "*"))
	}
	return lines
}

// parse reads one comment line; nil when it is no directive.
func parse(text string, lang language) *Directive {
	if lang == langGo && strings.HasPrefix(text, "nolint:") {
		return parseNolint(text)
	}
	rest, ok := strings.CutPrefix(text, prefix)
	if !ok {
		return nil
	}
	verb, rest := firstWord(rest)
	d := &Directive{}
	if verb != "ignore" {
		d.Malformed = "unknown directive: want \"bpflockcheck:ignore RULE reason\""
		return d
	}
	// "BLC101, BLC104 reason": a comma carries the list over a blank.
	words := strings.Fields(rest)
	more := true
	for len(words) > 0 && more {
		w := words[0]
		words = words[1:]
		more = strings.HasSuffix(w, ",") || len(words) > 0 && strings.HasPrefix(words[0], ",")
		for _, sel := range strings.Split(w, ",") {
			if sel = strings.TrimRight(sel, ":"); sel != "" {
				d.Selectors = append(d.Selectors, sel)
			}
		}
	}
	d.Reason = reason(strings.Join(words, " "))
	switch {
	case len(d.Selectors) == 0:
		d.Malformed = "suppression names no rule: want \"bpflockcheck:ignore RULE reason\""
	case d.Reason == "":
		d.Malformed = "suppression of " + strings.Join(d.Selectors, ", ") + " gives no reason, so it does not count"
	}
	return d
}

// firstWord splits a text at its first blanks.
func firstWord(text string) (word, rest string) {
	text = strings.TrimSpace(text)
	if i := strings.IndexFunc(text, unicode.IsSpace); i >= 0 {
		return text[:i], text[i:]
	}
	return text, ""
}

// parseNolint reads "nolint:a,bpflockcheck // reason". As golangci-lint
// does, it allows blanks around the commas.
func parseNolint(text string) *Directive {
	list, why, _ := strings.Cut(strings.TrimPrefix(text, "nolint:"), "//")
	for _, linter := range strings.Split(list, ",") {
		if linter, _ = firstWord(linter); linter != "bpflockcheck" {
			continue
		}
		d := &Directive{Nolint: true, Reason: reason(why)}
		if d.Reason == "" {
			d.Malformed = "nolint:bpflockcheck gives no reason, so it does not count: add one after //"
		}
		return d
	}
	return nil
}

// reason gives the text without the signs people put before it; "" when no
// word is left.
func reason(s string) string {
	s = strings.TrimSpace(strings.TrimLeft(s, " -:="))
	if strings.IndexFunc(s, unicode.IsLetter) < 0 {
		return ""
	}
	return s
}

// place fills in the positions of a directive.
func place(d *Directive, c comment, o *outline, m *position.Mapper, file string) {
	line, col := m.LineCol(c.start)
	endLine, endCol := m.LineCol(c.end)
	d.Span = position.Span{File: file, Line: line, Col: col, EndLine: endLine, EndCol: endCol}
	d.Removal.Span = d.Span
	if o.code[c.startLine] || o.code[c.endLine] {
		d.From, d.To = c.startLine, c.endLine
		// Take the blanks before a comment at a line's end with it.
		text, rest := m.Line(line)[:col-1], m.Line(endLine)
		rest = rest[min(endCol-1, len(rest)):] // a comment without end holds the line's CR
		switch {
		case len(bytes.TrimSpace(rest)) == 0:
			d.Removal.Span.Col = len(bytes.TrimRight(text, " \t")) + 1
		case len(bytes.TrimSpace(text)) == 0 || bytes.HasSuffix(text, []byte(" ")):
			d.Removal.Span.EndCol += len(rest) - len(bytes.TrimLeft(rest, " \t"))
		case !bytes.HasPrefix(rest, []byte(" ")):
			d.Removal.NewText = " " // it kept two words apart
		}
		return
	}
	if endLine < m.Lines() {
		d.Removal.Span = position.Span{File: file, Line: line, Col: 1, EndLine: endLine + 1, EndCol: 1}
	}
	target := c.endLine + 1
	for ; !o.code[target]; target++ {
		if target > m.Lines() {
			return
		}
	}
	d.From, d.To = target, target
	for _, it := range o.items {
		// Above it, or between its section and its name.
		if it.from <= target && target <= max(it.from, it.head) {
			d.To = it.to
			return
		}
	}
	for !o.stmtEnd[d.To] && d.To < m.Lines() && filepath.Ext(file) != ".go" {
		d.To++
	}
}
