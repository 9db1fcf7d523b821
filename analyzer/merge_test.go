package analyzer

import (
	"math/rand"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bpflockcheck/bpflockcheck/analyzer/diag"
	"github.com/bpflockcheck/bpflockcheck/analyzer/position"
)

// found makes a finding about m.field at a.c:line:col.
func found(e diag.Evidence, line, col int, field, program string) diag.Finding {
	f := diag.Finding{
		Rule: "BLC101", Name: "lost-update", Severity: diag.Warning, Confidence: diag.High,
		Span: position.Span{File: "a.c", Line: line, Col: col}, Map: "m", Field: field, Message: field,
		Programs: []diag.Program{{Name: program, Section: "xdp"}}, Evidence: []diag.Evidence{e},
	}
	if e == diag.FromObject {
		f.Object, f.Insn, f.Confidence = "a.o", line*10+col, diag.Medium
	}
	return f
}

// brief is what the tests look at.
type brief struct {
	Line, Col int
	Field     string
	Programs  string
	Evidence  string
	Object    string
}

func briefly(fs []diag.Finding) []brief {
	var out []brief
	for _, f := range fs {
		b := brief{Line: f.Span.Line, Col: f.Span.Col, Field: f.Field, Object: f.Object}
		for _, p := range f.Programs {
			b.Programs += p.Name
		}
		for _, e := range f.Evidence {
			b.Evidence += string(e[0])
		}
		out = append(out, b)
	}
	return out
}

func TestMerge(t *testing.T) {
	const src, obj = diag.FromSource, diag.FromObject
	tests := []struct {
		name string
		in   []diag.Finding
		want []brief
	}{
		{
			"a header in two units",
			[]diag.Finding{found(src, 1, 2, "x", "p"), found(src, 1, 2, "x", "q")},
			[]brief{{1, 2, "x", "pq", "s", ""}},
		},
		{
			"source and object",
			[]diag.Finding{found(obj, 1, 5, "x", "p"), found(src, 1, 2, "x", "p")},
			[]brief{{1, 2, "x", "p", "so", "a.o"}},
		},
		{
			"one statement at several columns of an object",
			[]diag.Finding{found(obj, 1, 5, "x", "p"), found(obj, 1, 9, "x", "p")},
			[]brief{{1, 5, "x", "p", "o", "a.o"}},
		},
		{
			"two bugs on a line of the source",
			[]diag.Finding{found(src, 1, 2, "x", "p"), found(src, 1, 9, "y", "p"), found(obj, 1, 30, "y", "q")},
			[]brief{{1, 2, "x", "p", "s", ""}, {1, 9, "y", "pq", "so", "a.o"}},
		},
		{
			"different lines of different programs",
			[]diag.Finding{found(src, 1, 2, "x", "p"), found(obj, 2, 2, "x", "q")},
			[]brief{{1, 2, "x", "p", "s", ""}, {2, 2, "x", "q", "o", "a.o"}},
		},
		{
			"no lines: the instruction tells them apart",
			[]diag.Finding{found(obj, 0, 1, "x", "p"), found(obj, 0, 2, "x", "p")},
			[]brief{{0, 1, "x", "p", "o", "a.o"}, {0, 2, "x", "p", "o", "a.o"}},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for range 5 {
				rand.Shuffle(len(tt.in), func(i, j int) { tt.in[i], tt.in[j] = tt.in[j], tt.in[i] })
				if diff := cmp.Diff(tt.want, briefly(merge(slices.Clone(tt.in)))); diff != "" {
					t.Error(diff)
				}
			}
		})
	}
}

func TestMergeKeepsTheSurest(t *testing.T) {
	fs := merge([]diag.Finding{found(diag.FromSource, 1, 1, "x", "p"), found(diag.FromObject, 1, 1, "x", "p")})
	if len(fs) != 1 || fs[0].Confidence != diag.High || fs[0].Insn == 0 {
		t.Errorf("merged to %+v", fs)
	}
}

func TestMergeDoesNotChangeItsInput(t *testing.T) {
	shared := []diag.Program{{Name: "p"}, {Name: "hidden"}}
	a, b := found(diag.FromSource, 1, 1, "x", "p"), found(diag.FromSource, 1, 1, "x", "q")
	a.Programs = shared[:1]
	merge([]diag.Finding{a, b})
	if shared[1].Name != "hidden" {
		t.Error("the programs of another finding were overwritten")
	}
}
