package analyzer

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/bpflockcheck/bpflockcheck/analyzer/diag"
	"github.com/bpflockcheck/bpflockcheck/internal/gitignore"
	"github.com/bpflockcheck/bpflockcheck/internal/suggest"
	"github.com/bpflockcheck/bpflockcheck/rules"
)

// specificity says how well a selector fits a rule: 0 not at all, more for a
// longer prefix, the most for its identifier or name.
func specificity(selector string, r *rules.Rule) int {
	const exact = 1 << 20
	switch {
	case strings.EqualFold(selector, r.ID), strings.EqualFold(selector, r.Name):
		return exact
	case strings.EqualFold(selector, "all"):
		return 1
	case len(selector) >= len("BLC") && len(selector) < len(r.ID) && strings.EqualFold(selector, r.ID[:len(selector)]):
		return 1 + len(selector)
	}
	return 0
}

// CheckSelector reports a selector that fits no rule.
func CheckSelector(selector string) error {
	var names []string
	for _, r := range rules.All() {
		if specificity(selector, r) > 0 {
			return nil
		}
		names = append(names, r.ID, r.Name)
	}
	return fmt.Errorf("unknown rule %q%s; see: bpflockcheck rules", selector, suggest.DidYouMean(selector, names))
}

// ruleState is what the selections say about one rule.
type ruleState struct {
	enabled bool
	// asked: enabled by a selection, not only by default, so that its notes
	// are shown.
	asked    bool
	severity diag.Severity // 0: the finding's own
}

// policy is the state of every rule, by identifier.
type policy map[string]ruleState

func (s *Selection) check() error {
	for _, list := range [][]string{s.Enable, s.Disable} {
		for _, sel := range list {
			if err := CheckSelector(sel); err != nil {
				return err
			}
		}
	}
	for sel := range s.Severity {
		if err := CheckSelector(sel); err != nil {
			return err
		}
	}
	return nil
}

// apply puts one layer over the policy.
func (p policy) apply(s *Selection) {
	best := func(list []string, r *rules.Rule) (n int) {
		for _, sel := range list {
			n = max(n, specificity(sel, r))
		}
		return n
	}
	for _, r := range rules.All() {
		state := p[r.ID]
		fit := 0
		for sel, severity := range s.Severity {
			if n := specificity(sel, r); n > fit {
				fit, state.severity, state.asked = n, severity, true
			}
		}
		on, off := best(s.Enable, r), best(s.Disable, r)
		switch {
		case on > off:
			state.enabled, state.asked = true, true
		case off > 0:
			state.enabled = false
		}
		p[r.ID] = state
	}
}

// policies answers by file.
type policies struct {
	o        *Options
	matchers []*gitignore.Matcher
	cache    map[string]policy // by which overrides match
}

func newPolicies(o *Options) (*policies, error) {
	p := &policies{o: o, cache: map[string]policy{}}
	for i := range o.Rules {
		if err := o.Rules[i].check(); err != nil {
			return nil, err
		}
	}
	for i := range o.Overrides {
		if err := o.Overrides[i].check(); err != nil {
			return nil, err
		}
		p.matchers = append(p.matchers, gitignore.New(o.Overrides[i].Paths))
	}
	return p, nil
}

// forFile gives the policy for findings in a file.
func (p *policies) forFile(file string) policy {
	match := make([]byte, len(p.matchers))
	for i, m := range p.matchers {
		dir := p.o.Overrides[i].Dir
		if dir == "" {
			dir = p.o.Dir
		}
		rel, err := filepath.Rel(dir, p.o.abs(file))
		match[i] = '0'
		if err == nil && m.MatchPath(filepath.ToSlash(rel)) {
			match[i] = '1'
		}
	}
	if pol, ok := p.cache[string(match)]; ok {
		return pol
	}
	pol := policy{}
	for _, r := range rules.All() {
		pol[r.ID] = ruleState{enabled: true}
	}
	layers := p.o.Rules
	if len(layers) > 0 {
		pol.apply(&layers[0])
		layers = layers[1:]
	}
	for i := range p.matchers {
		if match[i] == '1' {
			pol.apply(&p.o.Overrides[i].Selection)
		}
	}
	for i := range layers {
		pol.apply(&layers[i])
	}
	p.cache[string(match)] = pol
	return pol
}

// show decides about one finding and sets its severity.
func (p *policies) show(f *diag.Finding) bool {
	state, known := p.forFile(f.Span.File)[f.Rule]
	if known && !state.enabled {
		return false
	}
	if state.severity != 0 {
		f.Severity = state.severity
	}
	if f.Confidence != 0 && f.Confidence < p.o.Confidence {
		return false
	}
	return f.Severity > diag.Note || state.asked || p.o.Notes
}
