package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"unicode/utf8"

	"github.com/bpflockcheck/bpflockcheck/analyzer/diag"
	"github.com/bpflockcheck/bpflockcheck/analyzer/position"
)

// jsonVersion is the "version" of the JSON output: it goes up when a key
// changes its meaning, not when one is added.
const jsonVersion = 1

type jsonReport struct {
	Version  int           `json:"version"`
	Findings []jsonFinding `json:"findings"`
	Skipped  []jsonSkip    `json:"skipped"`
	Summary  jsonSummary   `json:"summary"`
}

type jsonPlace struct {
	File      string `json:"file"`
	Line      int    `json:"line"`
	Column    int    `json:"column,omitempty"`
	EndLine   int    `json:"end_line,omitempty"`
	EndColumn int    `json:"end_column,omitempty"`
}

type jsonFinding struct {
	Rule       string           `json:"rule"`
	Name       string           `json:"name"`
	Severity   diag.Severity    `json:"severity"`
	Confidence *diag.Confidence `json:"confidence,omitempty"`
	jsonPlace
	Function string          `json:"function,omitempty"`
	Programs []diag.Program  `json:"programs,omitempty"`
	Map      string          `json:"map,omitempty"`
	Field    string          `json:"field,omitempty"`
	Message  string          `json:"message"`
	Related  []jsonRelated   `json:"related,omitempty"`
	Fix      *jsonFix        `json:"fix,omitempty"`
	Evidence []diag.Evidence `json:"evidence,omitempty"`
	Insn     *int            `json:"insn,omitempty"`
	Object   string          `json:"object,omitempty"`
}

type jsonRelated struct {
	jsonPlace
	Message string `json:"message"`
}

type jsonFix struct {
	Title string     `json:"title"`
	Safe  bool       `json:"safe"`
	Edits []jsonEdit `json:"edits"`
}

type jsonEdit struct {
	jsonPlace
	NewText string `json:"new_text"`
}

type jsonSkip struct {
	File     string `json:"file"`
	Line     int    `json:"line,omitempty"`
	Function string `json:"function,omitempty"`
	Reason   string `json:"reason"`
}

type jsonSummary struct {
	Files    int `json:"files"`
	Programs int `json:"programs"`
	Findings int `json:"findings"`
}

func toPlace(s position.Span) jsonPlace {
	return jsonPlace{filepath.ToSlash(s.File), s.Line, s.Col, s.EndLine, s.EndCol}
}

func writeJSON(w io.Writer, r *Report, _ Options) error {
	out := jsonReport{
		Version:  jsonVersion,
		Findings: []jsonFinding{},
		Skipped:  []jsonSkip{},
		Summary:  jsonSummary{len(r.Inputs), r.Programs, len(r.Findings)},
	}
	for i := range r.Findings {
		out.Findings = append(out.Findings, toJSON(&r.Findings[i]))
	}
	for _, s := range r.notAnalysed() {
		out.Skipped = append(out.Skipped, jsonSkip{filepath.ToSlash(s.Span.File), s.Span.Line, s.Function, s.Reason})
	}
	return encodeJSON(w, out)
}

func toJSON(f *diag.Finding) jsonFinding {
	j := jsonFinding{
		Rule: f.Rule, Name: f.Name, Severity: f.Severity,
		jsonPlace: toPlace(f.Span),
		Function:  f.Function, Programs: f.Programs, Map: f.Map, Field: f.Field, Message: f.Message,
		Evidence: f.Evidence, Object: filepath.ToSlash(f.Object),
	}
	j.File = filepath.ToSlash(place(f))
	if f.Confidence != 0 {
		j.Confidence = &f.Confidence
	}
	for _, rel := range f.Related {
		j.Related = append(j.Related, jsonRelated{toPlace(rel.Span), rel.Message})
	}
	if f.Fix != nil {
		j.Fix = &jsonFix{Title: f.Fix.Title, Safe: f.Fix.Safe, Edits: []jsonEdit{}}
		for _, e := range f.Fix.Edits {
			j.Fix.Edits = append(j.Fix.Edits, jsonEdit{toPlace(e.Span), e.NewText})
		}
	}
	if f.Insn > 0 {
		n := f.Insn - 1
		j.Insn = &n
	}
	return j
}

// encodeJSON writes indented JSON in which every character that a terminal
// could act on is escaped. Outside string literals JSON has none of them, so
// the encoded bytes can be gone through as they are.
func encodeJSON(w io.Writer, v any) error {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		return err
	}
	out := make([]byte, 0, buf.Len())
	for b := buf.Bytes(); len(b) > 0; {
		r, size := utf8.DecodeRune(b)
		if r != '\n' && dangerous(r) {
			out = fmt.Appendf(out, `\u%04x`, r)
		} else {
			out = append(out, b[:size]...)
		}
		b = b[size:]
	}
	_, err := w.Write(out)
	return err
}

// WriteRulesJSON is `rules --format json`.
func WriteRulesJSON(w io.Writer, rules []Rule) error {
	type jsonRule struct {
		Rule     string        `json:"rule"`
		Name     string        `json:"name"`
		Severity diag.Severity `json:"severity"`
		Title    string        `json:"title"`
	}
	out := []jsonRule{}
	for _, r := range rules {
		out = append(out, jsonRule{r.ID, r.Name, r.Severity, r.Title})
	}
	return encodeJSON(w, map[string]any{"version": jsonVersion, "rules": out})
}
