package fingerprint

import (
	"testing"

	"github.com/bpflockcheck/bpflockcheck/analyzer/diag"
	"github.com/bpflockcheck/bpflockcheck/analyzer/position"
	"github.com/bpflockcheck/bpflockcheck/internal/source"
)

func at(line int) diag.Finding {
	return diag.Finding{Rule: "BLC101", Map: "m", Span: position.Span{File: "a.c", Line: line, Col: 1}}
}

func of(content string, fs ...diag.Finding) []string {
	return All(fs, &source.Files{Overlay: map[string][]byte{"a.c": []byte(content)}}, nil)
}

func TestSurvivesMovedLines(t *testing.T) {
	before := of("x++;\ny++;\n", at(1), at(2))
	after := of("\n\n  x++;\n\ty++;\n", at(3), at(4))
	for i := range before {
		if before[i] != after[i] {
			t.Errorf("finding %d changed its fingerprint when its line moved", i)
		}
	}
	if before[0] == before[1] {
		t.Error("different lines have one fingerprint")
	}
}

func TestCountsEqualLines(t *testing.T) {
	got := of("x++;\nx++;\n", at(1), at(2))
	if got[0] == got[1] {
		t.Error("two findings have one fingerprint")
	}
	if again := of("x++;\nx++;\nx++;\n", at(1), at(2), at(3)); again[0] != got[0] || again[1] != got[1] {
		t.Error("a third equal line changed the first two fingerprints")
	}
}

func TestDistinguishes(t *testing.T) {
	base := of("x++;\n", at(1))[0]
	for name, change := range map[string]func(*diag.Finding){
		"rule":     func(f *diag.Finding) { f.Rule = "BLC104" },
		"map":      func(f *diag.Finding) { f.Map = "n" },
		"field":    func(f *diag.Finding) { f.Field = "a" },
		"function": func(f *diag.Finding) { f.Function = "g" },
	} {
		f := at(1)
		change(&f)
		if of("x++;\n", f)[0] == base {
			t.Errorf("another %s gives the same fingerprint", name)
		}
	}
}
