package report

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/bpflockcheck/bpflockcheck/analyzer/diag"
	"github.com/bpflockcheck/bpflockcheck/analyzer/position"
)

// The text format is laid out as rustc does it:
//
//	warning[BLC101]: one sentence
//	  --> path:line:col
//	   |
//	12 |     v->packets++;
//	   |     ^^^^^^^^^^^^
//	note: the value is loaded here
//	  --> ...
//	   = help: use __sync_fetch_and_add
//	   = lost-update in count_flow (xdp); see: bpflockcheck explain BLC101
func writeText(w io.Writer, r *Report, o Options) error {
	bw := bufio.NewWriter(w)
	p := &printer{w: bw, r: r, color: o.Color}
	for i := range r.Findings {
		p.finding(&r.Findings[i])
		p.line("")
	}
	if o.Complete {
		p.skipped()
		p.line("%s", Summary(r))
	}
	return bw.Flush()
}

// WriteSkipped writes a "skipped:" line for everything that could not be
// analysed, and then the notes.
func WriteSkipped(w io.Writer, r *Report, o Options) error {
	bw := bufio.NewWriter(w)
	(&printer{w: bw, r: r, color: o.Color}).skipped()
	return bw.Flush()
}

// Summary is the last line: findings, files, programs, time.
func Summary(r *Report) string {
	var b strings.Builder
	if len(r.Findings) == 0 {
		b.WriteString("no findings")
	} else {
		b.WriteString(plural(len(r.Findings), "finding"))
		var by []string
		for _, s := range []diag.Severity{diag.Error, diag.Warning, diag.Note} {
			n := 0
			for i := range r.Findings {
				if r.Findings[i].Severity == s {
					n++
				}
			}
			if n > 0 {
				by = append(by, plural(n, s.String()))
			}
		}
		fmt.Fprintf(&b, " (%s)", strings.Join(by, ", "))
	}
	fmt.Fprintf(&b, " in %s, %s", plural(len(r.Inputs), "file"), plural(r.Programs, "program"))
	if n := len(r.Skipped); n > 0 {
		fmt.Fprintf(&b, ", %d skipped", n)
	}
	precision := 10 * time.Millisecond
	if r.Elapsed < 100*time.Millisecond {
		precision = time.Millisecond
	}
	fmt.Fprintf(&b, ", %s", r.Elapsed.Round(precision))
	return b.String()
}

// ANSI styles; see ECMA-48 SGR.
const (
	styleReset  = "\x1b[0m"
	styleBold   = "\x1b[1m"
	styleRed    = "\x1b[1;31m"
	styleYellow = "\x1b[1;33m"
	styleCyan   = "\x1b[1;36m"
	styleBlue   = "\x1b[1;34m"
	styleGreen  = "\x1b[1;32m"
)

type printer struct {
	w     *bufio.Writer
	r     *Report
	color bool
}

func (p *printer) line(format string, args ...any) {
	fmt.Fprintf(p.w, format, args...)
	p.w.WriteByte('\n')
}

// style wraps clean text.
func (p *printer) style(style, s string) string {
	if !p.color || s == "" {
		return s
	}
	return style + s + styleReset
}

func severityStyle(s diag.Severity) string {
	switch s {
	case diag.Error:
		return styleRed
	case diag.Warning:
		return styleYellow
	}
	return styleCyan
}

func (p *printer) finding(f *diag.Finding) {
	style := severityStyle(f.Severity)
	p.line("%s%s", p.style(style, fmt.Sprintf("%s[%s]", f.Severity, clean(f.Rule))), p.style(styleBold, ": "+clean(f.Message)))
	gutter := len(fmt.Sprint(maxLine(f)))
	where := f.Span
	if where.File == "" {
		where.File = f.Object
	}
	p.place(where, gutter, '^', style, insnSuffix(f))
	for _, rel := range f.Related {
		if rel.Span.File == where.File && rel.Span.Line == where.Line && rel.Span.Col == where.Col {
			continue // an object's load and store of one expression: nothing to see twice
		}
		p.line("%s: %s", p.style(styleGreen, "note"), clean(rel.Message))
		p.place(rel.Span, gutter, '-', styleBlue, "")
	}
	bar := strings.Repeat(" ", gutter) + p.style(styleBlue, " = ")
	if f.Help != "" {
		p.line("%s%s %s", bar, p.style(styleBold, "help:"), clean(f.Help))
	}
	if f.Fix != nil {
		kind := "--fix"
		if !f.Fix.Safe {
			kind = "--fix --unsafe-fixes"
		}
		p.line("%s%s %s (%s)", bar, p.style(styleBold, "fix:"), clean(f.Fix.Title), kind)
	}
	p.line("%s%s", bar, clean(about(f)))
}

// about names the rule and whose code it is.
func about(f *diag.Finding) string {
	var b strings.Builder
	b.WriteString(f.Name)
	if f.Function != "" {
		fmt.Fprintf(&b, " in %s", f.Function)
	}
	if len(f.Programs) == 1 && f.Programs[0].Name == f.Function {
		fmt.Fprintf(&b, " (%s)", f.Programs[0].Section)
	} else if len(f.Programs) > 0 {
		const most = 4
		var names []string
		for i, prog := range f.Programs {
			if i == most {
				names = append(names, fmt.Sprintf("and %d more", len(f.Programs)-most))
				break
			}
			names = append(names, fmt.Sprintf("%s (%s)", prog.Name, prog.Section))
		}
		noun := "program"
		if len(f.Programs) > 1 {
			noun = "programs"
		}
		fmt.Fprintf(&b, ", %s %s", noun, strings.Join(names, ", "))
	}
	if f.Confidence != 0 && f.Confidence != diag.High {
		fmt.Fprintf(&b, "; %s confidence", f.Confidence)
	}
	if seen := evidence(f); seen != "" {
		fmt.Fprintf(&b, "; seen in %s", seen)
	}
	fmt.Fprintf(&b, "; more: bpflockcheck explain %s", f.Rule)
	return b.String()
}

// evidence is worth a word only when it is more than the source.
func evidence(f *diag.Finding) string {
	if len(f.Evidence) < 2 {
		return ""
	}
	var words []string
	for _, e := range f.Evidence {
		words = append(words, string(e))
	}
	return strings.Join(words, ", ")
}

func insnSuffix(f *diag.Finding) string {
	switch {
	case f.Insn == 0:
		return ""
	case f.Object != "" && f.Object != f.Span.File:
		return fmt.Sprintf(" (insn %d of %s)", f.Insn-1, clean(f.Object))
	}
	return fmt.Sprintf(" (insn %d)", f.Insn-1)
}

// maxLine is the largest line number shown, for the gutter's width.
func maxLine(f *diag.Finding) int {
	n := max(f.Span.Line, f.Span.EndLine, 1)
	for _, rel := range f.Related {
		n = max(n, rel.Span.Line, rel.Span.EndLine)
	}
	return n
}

// place prints the arrow line and the snippet.
func (p *printer) place(s position.Span, gutter int, mark byte, style, suffix string) {
	pad := strings.Repeat(" ", gutter)
	p.line("%s%s %s%s", pad, p.style(styleBlue, "-->"), clean(s.String()), suffix)
	if p.r.Files.Line(s.File, s.Line) == nil {
		return
	}
	bar := p.style(styleBlue, "|")
	p.line("%s %s", pad, bar)
	last := s.Line
	if s.EndLine > s.Line && s.EndLine-s.Line < 4 {
		last = s.EndLine
	}
	for n := s.Line; n <= last; n++ {
		line := p.r.Files.Line(s.File, n)
		from, to := underlined(s, n, line)
		text, carets := render(line, from, to, mark)
		p.line("%s %s%s", p.style(styleBlue, fmt.Sprintf("%*d", gutter, n)), bar, prefixed(text))
		if carets != "" {
			lead := len(carets) - len(strings.TrimLeft(carets, " "))
			p.line("%s %s %s%s", pad, bar, carets[:lead], p.style(style, carets[lead:]))
		}
	}
}

// prefixed puts a blank before a line's text unless there is none.
func prefixed(text string) string {
	if text == "" {
		return ""
	}
	return " " + text
}

// underlined gives the bytes [from, to) of line n that the span covers. When
// only the start is known, it is the word there.
func underlined(s position.Span, n int, text []byte) (from, to int) {
	if s.Col > 0 && n == s.Line {
		from = min(s.Col-1, len(text))
	} else {
		from = len(text) - len(strings.TrimLeft(string(text), " \t"))
	}
	switch {
	case s.Col == 0 && s.EndLine == 0:
		return from, len(strings.TrimRight(string(text), " \t"))
	case s.EndLine == 0 || s.EndLine < s.Line:
		to = from
		for to < len(text) && class(text[to]) != 0 && class(text[to]) == class(text[from]) {
			to++
		}
		return from, min(max(to, from+1), max(len(text), from+1))
	case s.EndLine > n:
		return from, len(strings.TrimRight(string(text), " \t"))
	}
	return from, min(max(s.EndCol-1, from+1), max(len(text), from+1))
}

// class groups bytes into words (1) and operators (2); 0 is all else.
func class(c byte) int {
	switch {
	case c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80:
		return 1
	case strings.IndexByte("+-*/%&|^=<>!", c) >= 0:
		return 2
	}
	return 0
}

// skipped prints what could not be analysed, and the notes.
func (p *printer) skipped() {
	for _, s := range p.r.Failed {
		p.line("%s %s", p.style(styleRed, "failed:"), clean(s.String()))
	}
	for _, s := range p.r.Skipped {
		p.line("%s %s", p.style(styleCyan, "skipped:"), clean(s.String()))
	}
	for _, n := range p.r.Notes {
		p.line("%s %s", p.style(styleCyan, "note:"), clean(n))
	}
}
