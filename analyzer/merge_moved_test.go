package analyzer

import (
	"slices"
	"testing"

	"github.com/bpflockcheck/bpflockcheck/analyzer/diag"
	"github.com/bpflockcheck/bpflockcheck/analyzer/position"
)

// TestMergeMoved: a finding whose line the compiler moved is the source's.
func TestMergeMoved(t *testing.T) {
	at := func(line int, from diag.Evidence, program, mapName, field string) diag.Finding {
		return diag.Finding{Rule: "BLC101", Span: position.Span{File: "a.c", Line: line, Col: 2}, Map: mapName, Field: field,
			Programs: []diag.Program{{Name: program, Section: "xdp"}}, Evidence: []diag.Evidence{from}}
	}
	tests := []struct {
		name string
		in   []diag.Finding
		want []int // lines left
	}{
		{"moved up", []diag.Finding{at(10, diag.FromSource, "p", "m", "f"), at(8, diag.FromObject, "p", "m", "f")}, []int{10}},
		{"far away", []diag.Finding{at(10, diag.FromSource, "p", "m", "f"), at(80, diag.FromObject, "p", "m", "f")}, []int{10, 80}},
		{"another field", []diag.Finding{at(10, diag.FromSource, "p", "m", "f"), at(8, diag.FromObject, "p", "m", "g")}, []int{8, 10}},
		{"another program", []diag.Finding{at(10, diag.FromSource, "p", "m", "f"), at(8, diag.FromObject, "q", "m", "f")}, []int{8, 10}},
		{"one each", []diag.Finding{at(10, diag.FromSource, "p", "m", "f"), at(12, diag.FromSource, "p", "m", "f"),
			at(10, diag.FromObject, "p", "m", "f"), at(11, diag.FromObject, "p", "m", "f")}, []int{10, 12}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got []int
			for _, f := range merge(tt.in) {
				got = append(got, f.Span.Line)
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("lines %v, want %v", got, tt.want)
			}
		})
	}
}
