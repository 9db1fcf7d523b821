package analyzer

import (
	"testing"

	"github.com/bpflockcheck/bpflockcheck/analyzer/diag"
	"github.com/bpflockcheck/bpflockcheck/analyzer/position"
)

func TestShow(t *testing.T) {
	const warning, note = diag.Warning, diag.Note
	sel := func(enable, disable []string) Selection { return Selection{Enable: enable, Disable: disable} }
	list := func(s ...string) []string { return s }
	tests := []struct {
		name     string
		rule     string
		severity diag.Severity
		layers   []Selection
		want     bool
	}{
		{"a warning by default", "BLC101", warning, nil, true},
		{"a note by default", "BLC105", note, nil, false},
		{"a note that was enabled", "BLC105", note, []Selection{sel(list("BLC105"), nil)}, true},
		{"a note of a family that was enabled", "BLC105", note, []Selection{sel(list("BLC1"), nil)}, true},
		{"all are enabled", "BLC105", note, []Selection{sel(list("all"), nil)}, true},
		{"disabled by name", "BLC101", warning, []Selection{sel(nil, list("lost-update"))}, false},
		{"disabled by prefix", "BLC101", warning, []Selection{sel(nil, list("blc1"))}, false},
		{"the more specific wins: enabled", "BLC101", warning, []Selection{sel(list("BLC101"), list("BLC1"))}, true},
		{"the more specific wins: disabled", "BLC101", warning, []Selection{sel(list("BLC"), list("BLC10"))}, false},
		{"disabling wins a draw", "BLC101", warning, []Selection{sel(list("BLC101"), list("BLC101"))}, false},
		{"a later layer wins", "BLC101", warning, []Selection{sel(nil, list("BLC101")), sel(list("BLC1"), nil)}, true},
		{"a later layer that says nothing", "BLC101", warning, []Selection{sel(nil, list("BLC101")), sel(list("BLC2"), nil)}, false},
		{"raised from note", "BLC105", note, []Selection{{Severity: map[string]diag.Severity{"BLC1": warning}}}, true},
		{"lowered to note on purpose", "BLC101", warning, []Selection{{Severity: map[string]diag.Severity{"BLC101": note}}}, true},
		{"raised but disabled", "BLC105", note, []Selection{{Disable: list("BLC105"), Severity: map[string]diag.Severity{"BLC105": warning}}}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o, err := Options{Rules: tt.layers}.normal()
			if err != nil {
				t.Fatal(err)
			}
			p, err := newPolicies(&o)
			if err != nil {
				t.Fatal(err)
			}
			f := diag.Finding{Rule: tt.rule, Severity: tt.severity, Confidence: diag.High, Span: position.Span{File: "a.c"}}
			if got := p.show(&f); got != tt.want {
				t.Errorf("shown: %v, want %v", got, tt.want)
			}
		})
	}
}

func TestConfidence(t *testing.T) {
	for least, want := range map[diag.Confidence]bool{0: false, diag.Low: true, diag.High: false} {
		o, err := Options{Confidence: least}.normal()
		if err != nil {
			t.Fatal(err)
		}
		p, err := newPolicies(&o)
		if err != nil {
			t.Fatal(err)
		}
		if got := p.show(&diag.Finding{Rule: "BLC101", Severity: diag.Error, Confidence: diag.Low}); got != want {
			t.Errorf("a guess with least confidence %v is shown: %v, want %v", least, got, want)
		}
	}
}

func TestOverrides(t *testing.T) {
	o, err := Options{
		Dir:       "/repo/sub",
		Rules:     []Selection{{Disable: []string{"BLC2"}}, {Enable: []string{"BLC201"}}},
		Overrides: []Override{{Paths: []string{"tests/**"}, Dir: "/repo", Selection: Selection{Disable: []string{"BLC1", "BLC201"}}}},
	}.normal()
	if err != nil {
		t.Fatal(err)
	}
	p, err := newPolicies(&o)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		file, rule string
		want       bool
	}{
		{"../tests/a.c", "BLC101", false}, {"a.c", "BLC101", true}, {"tests/a.c", "BLC101", true},
		{"/repo/tests/x/a.c", "BLC101", false},
		{"a.c", "BLC202", false},
		{"../tests/a.c", "BLC201", true}, // the command line comes last
	} {
		if got := p.show(&diag.Finding{Rule: tt.rule, Severity: diag.Error, Span: position.Span{File: tt.file}}); got != tt.want {
			t.Errorf("%s in %s is shown: %v, want %v", tt.rule, tt.file, got, tt.want)
		}
	}
}

func TestUnknownSelectors(t *testing.T) {
	for _, s := range []Selection{
		{Enable: []string{"BLC999"}}, {Disable: []string{"nope"}}, {Severity: map[string]diag.Severity{"X": diag.Note}},
		{Enable: []string{""}}, {Enable: []string{"B"}},
	} {
		o := Options{Rules: []Selection{s}}
		if _, err := newPolicies(&o); err == nil {
			t.Errorf("no error for %+v", s)
		}
	}
}
