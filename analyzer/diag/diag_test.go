package diag

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/bpflockcheck/bpflockcheck/analyzer/position"
)

func TestSeverity(t *testing.T) {
	for s, word := range map[Severity]string{Note: "note", Warning: "warning", Error: "error"} {
		if got, err := ParseSeverity(word); got != s || err != nil || s.String() != word {
			t.Errorf("%s: parsed %v, %v; written %s", word, got, err, s)
		}
		var back Severity
		if text, err := json.Marshal(s); err != nil || json.Unmarshal(text, &back) != nil || back != s {
			t.Errorf("%s: %s, %v comes back as %v", word, text, err, back)
		}
	}
	if Note >= Warning || Warning >= Error {
		t.Error("severities are not in order")
	}
	if s, err := ParseSeverity("WARNING"); s != Warning || err != nil {
		t.Errorf("capitals: %v, %v", s, err)
	}
	for _, word := range []string{"", "fatal", "Severity(0)"} {
		if s, err := ParseSeverity(word); err == nil {
			t.Errorf("%q: %v", word, s)
		}
	}
}

func TestConfidence(t *testing.T) {
	for c, word := range map[Confidence]string{Low: "low", Medium: "medium", High: "high"} {
		var back Confidence
		text, err := json.Marshal(c)
		if string(text) != `"`+word+`"` || err != nil || json.Unmarshal(text, &back) != nil || back != c {
			t.Errorf("%s: %s, %v comes back as %v", word, text, err, back)
		}
	}
	if Low >= Medium || Medium >= High {
		t.Error("confidences are not in order")
	}
	var c Confidence
	if err := c.UnmarshalText([]byte("certain")); err == nil {
		t.Errorf("certain: %v", c)
	}
}

func at(file string, line, col int) position.Span {
	return position.Span{File: file, Line: line, Col: col, EndLine: line, EndCol: col + 1}
}

// TestCompare: findings are ordered by place, then by rule, then by what else
// tells them apart; what does not tell them apart does not count.
func TestCompare(t *testing.T) {
	ordered := []Finding{
		{Span: at("a.c", 1, 2), Rule: "BLC202"},
		{Span: at("a.c", 2, 1), Rule: "BLC101"},
		{Span: at("a.c", 2, 1), Rule: "BLC101", Map: "m"},
		{Span: at("a.c", 2, 1), Rule: "BLC101", Map: "m", Field: "x"},
		{Span: at("a.c", 2, 1), Rule: "BLC101", Map: "m", Field: "x", Message: "more"},
		{Span: at("a.c", 2, 1), Rule: "BLC101", Function: "f"},
		{Span: at("a.c", 2, 1), Rule: "BLC101", Object: "a.o", Insn: 1},
		{Span: at("a.c", 2, 1), Rule: "BLC101", Object: "a.o", Insn: 2},
		{Span: at("a.c", 2, 1), Rule: "BLC102"},
		{Span: at("a.c", 10, 1), Rule: "BLC101"},
		{Span: at("b.c", 1, 1), Rule: "BLC001"},
	}
	for i := range ordered {
		for j := range ordered {
			a, b := &ordered[i], &ordered[j]
			if got := a.Compare(b); (got < 0) != (i < j) || (got == 0) != (i == j) {
				t.Errorf("%d against %d: %d", i, j, got)
			}
		}
	}
	a, b := ordered[0], ordered[0]
	b.Severity, b.Confidence, b.Programs, b.Evidence = Error, High, []Program{{"p", "tc"}}, []Evidence{FromObject}
	if a.Compare(&b) != 0 {
		t.Error("two readings of one defect are not equal")
	}
}

// TestAgreeOnFix: what two findings say of one text becomes one fix only where
// both have it.
func TestAgreeOnFix(t *testing.T) {
	add := &Fix{Title: "atomic", Edits: []Edit{{at("a.c", 1, 1), "x"}}}
	same := &Fix{Title: "the same, said otherwise", Edits: slices.Clone(add.Edits)}
	other := &Fix{Title: "lock", Edits: []Edit{{at("a.c", 1, 1), "y"}}}
	source, object, golang := []Evidence{FromSource}, []Evidence{FromObject}, []Evidence{FromGo}
	for _, tt := range []struct {
		name     string
		f, g     Finding
		want     *Fix
		wantHelp string
	}{
		{"the same fix", Finding{Fix: add, Help: "f", Evidence: source}, Finding{Fix: same, Help: "g", Evidence: source}, add, "f"},
		{"no fix in either", Finding{Help: "f", Evidence: source}, Finding{Help: "g", Evidence: source}, nil, "f"},
		{"different fixes", Finding{Fix: add, Help: "f", Evidence: source}, Finding{Fix: other, Help: "g", Evidence: source}, nil, "f"},
		{"the other says why there is none", Finding{Fix: add, Help: "f", Evidence: source}, Finding{Help: "no fix: used", Evidence: source}, nil, "no fix: used"},
		{"only the other has one", Finding{Help: "f", Evidence: source}, Finding{Fix: add, Help: "g", Evidence: source}, nil, "f"},
		{"the other is an object's", Finding{Fix: add, Help: "f", Evidence: source}, Finding{Help: "g", Evidence: object}, add, "f"},
		{"this one is an object's", Finding{Help: "f", Evidence: object}, Finding{Fix: add, Help: "g", Evidence: source}, add, "g"},
		{"Go code", Finding{Fix: add, Help: "f", Evidence: golang}, Finding{Help: "g", Evidence: golang}, nil, "g"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := tt.f
			f.AgreeOnFix(&tt.g)
			if f.Fix != tt.want || f.Help != tt.wantHelp {
				t.Errorf("fix %v, help %q; want %v, %q", f.Fix, f.Help, tt.want, tt.wantHelp)
			}
		})
	}
}

func TestSkip(t *testing.T) {
	f := Skip{Span: position.Span{File: "a.c", Line: 3, Col: 1}, Function: "f", Reason: "computed goto"}
	file := Skip{Span: position.Span{File: "a.c"}, Reason: "cannot be read", Fatal: true}
	for want, s := range map[string]Skip{"a.c:3:1: function f: computed goto": f, "a.c: cannot be read": file} {
		if got := s.String(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	if file.Compare(f) >= 0 || f.Compare(file) <= 0 || f.Compare(f) != 0 {
		t.Error("a skip of a file does not come before those in it")
	}
}

func TestChangeSpans(t *testing.T) {
	f := Finding{
		Span:    position.Span{File: "a.c"},
		Related: []Related{{Span: position.Span{File: "b.h"}}},
		Fix:     &Fix{Edits: []Edit{{Span: position.Span{File: "a.c"}}}},
	}
	g := f
	g.ChangeSpans(func(s *position.Span) { s.File = "x/" + s.File })
	for _, tt := range []struct{ name, f, g, want string }{
		{"the finding", f.Span.File, g.Span.File, "a.c"},
		{"a related place", f.Related[0].Span.File, g.Related[0].Span.File, "b.h"},
		{"an edit", f.Fix.Edits[0].Span.File, g.Fix.Edits[0].Span.File, "a.c"},
	} {
		if tt.f != tt.want || tt.g != "x/"+tt.want {
			t.Errorf("%s: %q, and %q in the copy that was changed", tt.name, tt.f, tt.g)
		}
	}
	none := Finding{}
	none.ChangeSpans(func(s *position.Span) { s.File = "x" })
	if none.Span.File != "x" || none.Fix != nil {
		t.Errorf("without a fix: %+v", none)
	}
}
