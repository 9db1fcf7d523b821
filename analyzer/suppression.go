package analyzer

import (
	"fmt"
	"slices"
	"strings"

	"github.com/bpflockcheck/bpflockcheck/analyzer/diag"
	"github.com/bpflockcheck/bpflockcheck/internal/source"
	"github.com/bpflockcheck/bpflockcheck/internal/suggest"
	"github.com/bpflockcheck/bpflockcheck/internal/suppress"
	"github.com/bpflockcheck/bpflockcheck/rules"
)

// unusedSuppression is the rule that judges suppressions.
const unusedSuppression = "BLC002"

// silencer matches findings with the comments that silence them.
type silencer struct {
	files  *source.Files
	byFile map[string][]*suppression
}

type suppression struct {
	*suppress.Directive
	used bool
}

func newSilencer(files *source.Files) *silencer {
	return &silencer{files: files, byFile: map[string][]*suppression{}}
}

func (s *silencer) in(file string) []*suppression {
	ds, ok := s.byFile[file]
	if !ok {
		if content, err := s.files.Read(file); err == nil {
			for _, d := range suppress.Scan(file, content) {
				ds = append(ds, &suppression{Directive: d})
			}
		}
		s.byFile[file] = ds
	}
	return ds
}

// silenced reports whether a comment covers the finding, and marks the
// comment as used.
func (s *silencer) silenced(f *diag.Finding) bool {
	silent := false
	for _, d := range s.in(f.Span.File) {
		if d.Malformed == "" && d.Covers(f.Span) && d.names(f) {
			d.used = true
			silent = true
		}
	}
	return silent
}

// names reports whether the suppression is about the finding's rule.
func (d *suppression) names(f *diag.Finding) bool {
	if d.Nolint {
		return true
	}
	r := rules.Lookup(f.Rule)
	if r == nil {
		r = &rules.Rule{ID: f.Rule, Name: f.Name}
	}
	return slices.ContainsFunc(d.Selectors, func(sel string) bool { return specificity(sel, r) > 0 })
}

// unused gives a finding for every comment in the files that silenced nothing
// or does not count. A comment in a function that was not analysed may well
// have something to silence: it is left alone.
func (s *silencer) unused(files []string, skipped []diag.Skip) []diag.Finding {
	var out []diag.Finding
	for _, file := range files {
		for _, d := range s.in(file) {
			if f, bad := d.judge(); bad && !inSkipped(d, skipped) {
				out = append(out, f)
			}
		}
	}
	return out
}

// inSkipped reports whether something that was not analysed lies in the lines
// that the suppression covers.
func inSkipped(d *suppression, skipped []diag.Skip) bool {
	return d.Malformed == "" && slices.ContainsFunc(skipped, func(s diag.Skip) bool {
		if s.Span.File != d.Span.File {
			return false
		}
		return s.Fatal || s.Span.Line == 0 || s.Function != "" && s.Span.Line <= d.To || d.Covers(s.Span)
	})
}

// judge makes the finding about a comment that does nothing.
func (d *suppression) judge() (f diag.Finding, bad bool) {
	r := rules.Lookup(unusedSuppression)
	if r == nil {
		return f, false
	}
	f = diag.Finding{
		Rule: r.ID, Name: r.Name, Severity: r.Severity, Confidence: diag.High,
		Span: d.Span, Evidence: []diag.Evidence{diag.FromSource},
	}
	if strings.HasSuffix(d.Span.File, ".go") {
		f.Evidence[0] = diag.FromGo
	}
	unknown := slices.IndexFunc(d.Selectors, func(sel string) bool { return CheckSelector(sel) != nil })
	switch {
	case d.Malformed != "":
		f.Message = d.Malformed
		f.Help = "write // bpflockcheck:ignore RULE reason"
		return f, true
	case unknown >= 0:
		f.Message = fmt.Sprintf("suppression names %q, which is no rule%s", d.Selectors[unknown], suggest.DidYouMean(d.Selectors[unknown], ruleNames()))
		f.Help = "name a rule by its identifier or name; see: bpflockcheck rules"
		return f, true
	case d.used:
		return f, false
	}
	what := strings.Join(d.Selectors, ", ")
	if d.Nolint {
		what = "bpflockcheck"
	}
	f.Message = fmt.Sprintf("suppression of %s silences nothing", what)
	f.Help = "remove the comment"
	f.Fix = &diag.Fix{Title: "remove the unused suppression", Safe: true, Edits: []diag.Edit{d.Removal}}
	return f, true
}

func ruleNames() []string {
	var names []string
	for _, r := range rules.All() {
		names = append(names, r.ID, r.Name)
	}
	return names
}
