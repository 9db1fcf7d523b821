package lsp

import (
	"github.com/bpflockcheck/bpflockcheck/analyzer/diag"
	"github.com/bpflockcheck/bpflockcheck/analyzer/position"
)

// mark is a finding that follows its text through edits. While a syntax error
// hides functions from the analysis, marks stand for what was found in them
// before: a brace that is not yet closed must not wipe the screen.
type mark struct {
	finding    diag.Finding
	start, end int // bytes
}

// remember makes the findings of a run follow the edits from now on, and adds
// to those of a run that was cut short what is remembered of the functions
// that it did not see. s.mu is held, and d is as the run saw it.
func (d *document) remember(r *result) {
	m := position.NewMapper(d.text)
	var marks []mark
	for _, f := range r.findings {
		if f.Span.File == d.path && f.Function != "" {
			start, end := extent(m, f.Span)
			marks = append(marks, mark{f, start, end})
		}
	}
	if r.cut {
		seen := r.functions()
		for _, k := range d.marks {
			if seen[k.finding.Function] {
				continue
			}
			marks = append(marks, k)
			r.findings = append(r.findings, k.now(m))
		}
	}
	d.marks = marks
}

// functions gives those that the run saw.
func (r *result) functions() map[string]bool {
	seen := map[string]bool{}
	if r.model != nil {
		for _, f := range r.model.Unit.Funcs {
			if f.Blocks != nil {
				seen[f.Name] = true
			}
		}
	}
	return seen
}

func extent(m *position.Mapper, s position.Span) (start, end int) {
	if s.EndLine == 0 {
		s.EndLine, s.EndCol = s.Line, wordEnd(m.Line(s.Line), max(s.Col, 1))
	}
	start, _ = m.Offset(s.Line, s.Col)
	end, _ = m.Offset(s.EndLine, s.EndCol)
	return start, max(start, end)
}

// now gives the finding at its present place. Its other places are not
// followed, so that they, and the fix, are left out.
func (k *mark) now(m *position.Mapper) diag.Finding {
	f := k.finding
	f.Span.Line, f.Span.Col = m.LineCol(k.start)
	f.Span.EndLine, f.Span.EndCol = m.LineCol(k.end)
	f.Fix, f.Related = nil, nil
	return f
}
