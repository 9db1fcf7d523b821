package rules

import (
	"fmt"
	"strings"

	"github.com/bpflockcheck/bpflockcheck/analyzer/diag"
	"github.com/bpflockcheck/bpflockcheck/analyzer/model"
	"github.com/bpflockcheck/bpflockcheck/analyzer/position"
	"github.com/bpflockcheck/bpflockcheck/rules/kernel"
)

// Pass is one rule applied to one model.
type Pass struct {
	Model *model.Model
	// Kernel is the oldest release to support.
	Kernel kernel.Version

	rule  *Rule
	facts *facts
	found []*finding
}

// Option adds to a report.
type Option func(*finding)

// Report reports a finding at an event of a program. The message is one
// sentence without a full stop; programs in it becomes the names of the
// programs concerned once all are known.
func (p *Pass) Report(at model.Site, message string, opts ...Option) {
	if at.Entry != nil {
		// It is the callback that runs, later, and not the program that set it.
		message = strings.ReplaceAll(message, programs, fmt.Sprintf("the %s callback %s", at.Async, at.Entry.Name))
	}
	f := p.finding(at.Pos, message)
	if at.Func != nil {
		f.Function = at.Func.Name
	}
	if at.Program != nil {
		f.Programs = []diag.Program{{Name: at.Program.Name, Section: at.Program.Section}}
	}
	p.add(f, opts)
}

// ReportAt reports a finding at a declaration.
func (p *Pass) ReportAt(pos *position.Pos, message string, opts ...Option) {
	p.add(p.finding(pos, message), opts)
}

func (p *Pass) finding(pos *position.Pos, message string) *finding {
	f := &finding{Finding: diag.Finding{
		Rule: p.rule.ID, Name: p.rule.Name, Severity: p.rule.Severity, Confidence: diag.High,
		Message: message, Evidence: []diag.Evidence{p.Model.Unit.Evidence},
	}}
	if pos != nil {
		f.Span, f.Insn = pos.Span, pos.Insn
		if pos.Macro != "" && pos.MacroDef.IsValid() {
			f.Related = append(f.Related, diag.Related{
				Span: pos.MacroDef, Message: "in the expansion of macro " + pos.Macro + ", defined here",
			})
		}
	}
	if p.Model.Unit.Evidence == diag.FromObject {
		f.Object = p.Model.Unit.Name
	}
	if f.Span.File == "" {
		f.Span.File = p.Model.Unit.Name
	}
	return f
}

func (p *Pass) add(f *finding, opts []Option) {
	for _, o := range opts {
		o(f)
	}
	p.found = append(p.found, f)
}

// On names the map or variable and the field concerned.
func On(pl model.Place) Option {
	return func(f *finding) { f.Map, f.Field = owner(pl), pl.Field }
}

// OnLock names the map or variable that a lock is in, and its member.
func OnLock(l model.Lock) Option {
	return func(f *finding) { f.Map, f.Field = owner(l.Place), lockField(l) }
}

// OnMap names the map concerned.
func OnMap(name string) Option { return func(f *finding) { f.Map = name } }

// Help is one line: what to do about it.
func Help(format string, args ...any) Option {
	return func(f *finding) { f.Help = fmt.Sprintf(format, args...) }
}

// WithConfidence lowers (or sets) how sure the finding is.
func WithConfidence(c diag.Confidence) Option { return func(f *finding) { f.Confidence = c } }

// WithSeverity overrides the rule's severity.
func WithSeverity(s diag.Severity) Option { return func(f *finding) { f.Severity = s } }

// Related adds another place, which the program passes before the finding's
// own; nothing when its position is not known.
func Related(pos *position.Pos, format string, args ...any) Option {
	return related(pos, diag.Before, format, args)
}

// RelatedAfter adds a place that the program passes after the finding's own.
func RelatedAfter(pos *position.Pos, format string, args ...any) Option {
	return related(pos, diag.After, format, args)
}

// OtherSide adds a place on the other side of a race: what another CPU, or
// what interrupts this one, does at the same time.
func OtherSide(pos *position.Pos, format string, args ...any) Option {
	return related(pos, diag.OtherSide, format, args)
}

func related(pos *position.Pos, when diag.When, format string, args []any) Option {
	return func(f *finding) {
		if pos == nil || !pos.IsValid() {
			return
		}
		r := diag.Related{Span: pos.Span, Message: fmt.Sprintf(format, args...), When: when}
		for _, o := range f.Related {
			if o == r {
				return
			}
		}
		f.Related = append(f.Related, r)
	}
}

// WithFix proposes a change; nil for none.
func WithFix(fix *diag.Fix) Option { return func(f *finding) { f.Fix = fix } }

// WithPrograms adds programs concerned besides the one reported in.
func WithPrograms(sites ...model.Site) Option {
	return func(f *finding) {
		for _, s := range sites {
			if s.Program == nil {
				continue
			}
			p := diag.Program{Name: s.Program.Name, Section: s.Program.Section}
			known := false
			for _, q := range f.Programs {
				known = known || p == q
			}
			if !known {
				f.Programs = append(f.Programs, p)
			}
		}
	}
}
