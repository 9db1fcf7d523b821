package gomap

import (
	"fmt"
	"go/token"
	"path/filepath"

	"golang.org/x/tools/go/analysis"

	"github.com/bpflockcheck/bpflockcheck/analyzer/diag"
)

// bpfUnit is a companion with the line of Go code that names it.
type bpfUnit struct {
	*companion
	pos, end token.Pos
}

// bpfFindings reports what is wrong in the package's BPF sources and objects at
// the go:generate or go:embed lines that name them, for drivers that see Go
// files only.
func (pk *pkg) bpfFindings(report func(analysis.Diagnostic)) {
	seen := make(map[string]bool)
	for _, b := range pk.bpf {
		if !b.pos.IsValid() {
			continue
		}
		for _, f := range units.check(b.companion) {
			f.Span.File = pk.rel(b.locate(f.Span.File))
			if f.Severity == diag.Note && !pk.cfg.notes || f.Confidence == diag.Low && !pk.cfg.low || pk.suppressed(f) {
				continue
			}
			d := analysis.Diagnostic{
				Pos: b.pos, End: b.end, Category: f.Rule,
				Message: fmt.Sprintf("%s %s: %s: %s", f.Rule, f.Name, pk.place(f), f.Message),
			}
			if seen[d.Message] {
				continue
			}
			seen[d.Message] = true
			if f.Help != "" {
				d.Message += " (" + f.Help + ")"
			}
			w := Where{f.Span.File, f.Span.Line, f.Span.Col}
			if p := pk.posOf(w); p.IsValid() {
				d.Related = append(d.Related, analysis.RelatedInformation{Pos: p, Message: f.Rule + " " + f.Name})
			}
			for _, r := range f.Related {
				if p := pk.posOf(Where{b.locate(r.Span.File), r.Span.Line, r.Span.Col}); p.IsValid() {
					d.Related = append(d.Related, analysis.RelatedInformation{Pos: p, Message: r.Message})
				}
			}
			report(d)
		}
	}
}

// place is where a finding in BPF code is, as short as it can be said.
func (pk *pkg) place(f diag.Finding) string {
	s := f.Span
	if s.Line == 0 {
		if f.Object != "" && f.Insn > 0 {
			return fmt.Sprintf("%s, instruction %d", filepath.Base(f.Object), f.Insn-1)
		}
		return filepath.Base(s.File)
	}
	s.File = pk.rel(s.File)
	if filepath.IsAbs(s.File) {
		s.File = filepath.Base(s.File)
	}
	return s.String()
}
