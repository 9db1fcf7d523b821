package rules

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/bpflockcheck/bpflockcheck/analyzer/diag"
	"github.com/bpflockcheck/bpflockcheck/analyzer/model"
	"github.com/bpflockcheck/bpflockcheck/analyzer/position"
	"github.com/bpflockcheck/bpflockcheck/rules/kernel"
)

// Config is what rules depend on besides the model.
type Config struct {
	// Kernel is the oldest release to support; the zero value means
	// kernel.Newest.
	Kernel kernel.Version
}

// Run applies every rule to every model. Findings that are equal but for the
// program (a function that several programs call, a header that several units
// include) are merged into one. The order is total and does not depend on the
// order of ms.
//
// A rule that panics loses only its own findings in that model: the panic is
// added to the model's Skipped, and so reported as BLC001.
func Run(ms []*model.Model, cfg Config) []diag.Finding {
	return run(ms, cfg, catalogue, nil)
}

// onPanic, when set, is called instead of recording the panic as skipped.
type onPanic func(r *Rule, m *model.Model, v any)

func run(ms []*model.Model, cfg Config, rs []*Rule, loud onPanic) []diag.Finding {
	if cfg.Kernel == (kernel.Version{}) {
		cfg.Kernel = kernel.Newest
	}
	var found []*finding
	for _, m := range ms {
		if m == nil || m.Unit == nil {
			continue
		}
		for _, r := range rs {
			if r.Check == nil || r.ID == notAnalysed.ID {
				continue
			}
			found = append(found, check(r, m, cfg, loud)...)
		}
		if slices.ContainsFunc(rs, func(r *Rule) bool { return r.ID == notAnalysed.ID }) {
			// Last, so that it sees the rules that panicked.
			found = append(found, check(notAnalysed, m, cfg, loud)...)
		}
	}
	return merge(found)
}

func check(r *Rule, m *model.Model, cfg Config, loud onPanic) (out []*finding) {
	p := &Pass{Model: m, Kernel: cfg.Kernel, rule: r, facts: factsOf(m)}
	defer func() {
		v := recover()
		if v == nil {
			return
		}
		out = nil
		if loud != nil {
			loud(r, m, v)
			return
		}
		m.Skipped = append(m.Skipped, diag.Skip{
			Span:   position.Span{File: m.Unit.Name},
			Reason: fmt.Sprintf("rule %s %s failed on this file: internal error: %v", r.ID, r.Name, v),
		})
	}()
	r.Check(p)
	return p.found
}

// finding is a diag.Finding before the programs that it concerns are known:
// its message may hold the placeholder programs.
type finding struct {
	diag.Finding
}

// programs stands in messages for the names of the programs concerned.
const programs = "{programs}"

// merge makes one finding of those that differ only in their programs.
func merge(found []*finding) []diag.Finding {
	type key struct {
		rule, function, mapName, field, object string
		span                                   position.Span
		insn                                   int
	}
	slices.SortStableFunc(found, func(a, b *finding) int {
		return cmp.Or(
			a.Compare(&b.Finding),
			cmp.Compare(b.Confidence, a.Confidence),
			comparePrograms(a.Programs, b.Programs),
		)
	})
	var order []key
	merged := make(map[key]*finding)
	for _, f := range found {
		k := key{f.Rule, f.Function, f.Map, f.Field, f.Object, f.Span, f.Insn}
		if f.Span.IsValid() {
			// An inlined function stands in an object once in each caller, as
			// part of the caller.
			k.function, k.insn = "", 0
		}
		m, ok := merged[k]
		if !ok {
			order = append(order, k)
			merged[k] = f
			continue
		}
		if f.Confidence > m.Confidence || f.Confidence == m.Confidence && f.Severity > m.Severity {
			m, f = f, m
			merged[k] = m
		}
		m.Severity = max(m.Severity, f.Severity)
		for _, p := range f.Programs {
			if !slices.Contains(m.Programs, p) {
				m.Programs = append(m.Programs, p)
			}
		}
		for _, e := range f.Evidence {
			if !slices.Contains(m.Evidence, e) {
				m.Evidence = append(m.Evidence, e)
			}
		}
		for _, r := range f.Related {
			if !slices.Contains(m.Related, r) {
				m.Related = append(m.Related, r)
			}
		}
		m.AgreeOnFix(&f.Finding)
	}
	out := make([]diag.Finding, 0, len(order))
	for _, k := range order {
		f := merged[k]
		slices.SortFunc(f.Programs, func(a, b diag.Program) int {
			return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Section, b.Section))
		})
		slices.Sort(f.Evidence)
		if len(f.Related) > maxRelated {
			f.Related = f.Related[:maxRelated]
		}
		f.Message = strings.ReplaceAll(f.Message, programs, nameList(f.Programs))
		out = append(out, f.Finding)
	}
	slices.SortStableFunc(out, func(a, b diag.Finding) int { return a.Compare(&b) })
	return out
}

// maxRelated bounds the related places of one finding: more would bury it.
const maxRelated = 6

func comparePrograms(a, b []diag.Program) int {
	return slices.CompareFunc(a, b, func(x, y diag.Program) int { return cmp.Compare(x.Name, y.Name) })
}

// nameList gives "a", "a and b", "a, b and c" or "a, b and 3 more programs".
func nameList(ps []diag.Program) string {
	var names []string
	for _, p := range ps {
		if !slices.Contains(names, p.Name) {
			names = append(names, p.Name)
		}
	}
	return joinNames(names, "programs")
}

func joinNames(names []string, what string) string {
	switch n := len(names); {
	case n == 0:
		return "a program"
	case n == 1:
		return names[0]
	case n == 2:
		return names[0] + " and " + names[1]
	case n == 3:
		return names[0] + ", " + names[1] + " and " + names[2]
	default:
		return fmt.Sprintf("%s, %s and %d more %s", names[0], names[1], n-2, what)
	}
}
