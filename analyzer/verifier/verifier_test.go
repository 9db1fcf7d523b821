package verifier

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/bpflockcheck/bpflockcheck/analyzer/diag"
	"github.com/bpflockcheck/bpflockcheck/analyzer/position"
	"github.com/bpflockcheck/bpflockcheck/rules/kernel"
)

func finding(rule string) diag.Finding {
	return diag.Finding{Rule: rule, Name: "n", Severity: diag.Error, Message: "m", Span: position.Span{File: "d/x.c", Line: 12, Col: 3}}
}

func TestCompare(t *testing.T) {
	loads := Load{Verdict: Loads}
	leak := Load{Verdict: Rejected, Rules: []string{"BLC201"}}
	other := Load{Verdict: Rejected}
	doubt := Load{Verdict: Rejected, Rules: []string{"BLC204"}, Doubtful: true}
	nowhere := Load{Verdict: NotLoadable}
	tooNew := Load{Verdict: NotLoadable, Rules: []string{"BLC211"}}
	lost := Load{Verdict: Loads, LostLocks: []string{"m"}}
	for _, tc := range []struct {
		name string
		l    Load
		pred []string
		want Outcome
	}{
		{"both accept", loads, nil, Agree},
		{"both refuse", leak, []string{"BLC201"}, Agree},
		{"another violation first", leak, []string{"BLC203"}, Agree},
		{"missed", leak, nil, Missed},
		{"not confirmed", loads, []string{"BLC201"}, NotConfirmed},
		{"elsewhere", other, nil, Elsewhere},
		{"elsewhere, though predicted", other, []string{"BLC201"}, Elsewhere},
		{"doubtful", doubt, nil, Elsewhere},
		{"doubtful, predicted", doubt, []string{"BLC204"}, Agree},
		{"not loadable", nowhere, []string{"BLC201"}, Unloadable},
		{"too new", tooNew, []string{"BLC211"}, Agree},
		{"too new, not predicted", tooNew, nil, Unloadable},
		{"lock order shows at run time", loads, []string{"BLC208"}, Agree},
		{"lock in a map that lost it", lost, []string{"BLC206"}, Agree},
		{"lock in a map that kept it", loads, []string{"BLC206"}, NotConfirmed},
	} {
		var fs []diag.Finding
		for _, r := range tc.pred {
			fs = append(fs, finding(r))
		}
		if got := compare(&tc.l, fs); got != tc.want {
			t.Errorf("%s: %s, want %s", tc.name, got, tc.want)
		}
	}
}

func TestPredictsRejection(t *testing.T) {
	note := finding("BLC212")
	warning := finding("BLC201")
	warning.Severity = diag.Warning
	race := finding("BLC101")
	for _, f := range []diag.Finding{note, warning, race} {
		if predictsRejection(&f) {
			t.Errorf("%s [%s] predicts a rejection", f.Rule, f.Severity)
		}
	}
	if f := finding("BLC201"); !predictsRejection(&f) {
		t.Error("BLC201 predicts none")
	}
}

// sample is a report of two kernels with every outcome.
func sample() *Report {
	k := func(name, release string, v kernel.Version) Kernel {
		return Kernel{Name: name, Release: release, Version: v, Time: 1500 * time.Millisecond}
	}
	a := k("running", "6.18.1", kernel.Version{Major: 6, Minor: 18})
	a.Results = []Result{
		{Load: Load{Object: "a.o", Program: "good", Section: "xdp", Type: "xdp", Verdict: Loads}},
		{Load: Load{Object: "a.o", Program: "leaks", Section: "tc", Type: "sched_cls", Verdict: Rejected, Rules: []string{"BLC201"},
			Line: "bpf_spin_unlock is missing", Insn: 8, InsnText: "exit", Source: &Place{File: "/src/a.c", Line: 7, Column: 2}}},
		{Load: Load{Object: "a.o", Program: "missed", Section: "xdp", Type: "xdp", Verdict: Rejected, Rules: []string{"BLC204"}, Line: "x"}},
		{Load: Load{Object: "b.o", Program: "alarm", Section: "xdp", Type: "xdp", Verdict: Loads}},
		{Load: Load{Object: "b.o", Program: "probe", Section: "fentry/f", Type: "tracing", Verdict: NotLoadable, Reason: "attach target f is not in this kernel"}},
	}
	b := k("/boot/vmlinuz-6.1", "6.1.0", kernel.Version{Major: 6, Minor: 1})
	b.Results = []Result{{Load: Load{Object: "a.o", Program: "good", Section: "xdp", Type: "xdp", Verdict: Rejected, Line: "R0 !read_ok"}}}
	b.Err = errors.New("no end after 2m0s")
	b.Unreadable = []Unreadable{{"c.o", "not a BPF object"}}
	return &Report{Kernels: []Kernel{a, b}}
}

func predictSample(t *testing.T) *Report {
	t.Helper()
	r := sample()
	opts := Options{Predict: func(_ context.Context, object string, v kernel.Version) ([]Prediction, error) {
		if object == "a.o" {
			return []Prediction{{"leaks", []diag.Finding{finding("BLC101"), finding("BLC201")}}}, nil
		}
		return []Prediction{{"alarm", []diag.Finding{finding("BLC202")}}}, nil
	}}
	for i := range r.Kernels {
		if err := r.Kernels[i].predict(t.Context(), opts); err != nil {
			t.Fatal(err)
		}
	}
	return r
}

func TestPredict(t *testing.T) {
	r := predictSample(t)
	want := []Outcome{Agree, Agree, Missed, NotConfirmed, Unloadable}
	for i, x := range r.Kernels[0].Results {
		if x.Outcome != want[i] {
			t.Errorf("%s: %s, want %s", x.Program, x.Outcome, want[i])
		}
	}
	if o := r.Kernels[1].Results[0].Outcome; o != Elsewhere {
		t.Errorf("6.1: %s", o)
	}
	if n := r.Disagreements(); n != 2 {
		t.Errorf("%d disagreements", n)
	}
	if err := r.Err(); err == nil || !strings.Contains(err.Error(), "no end after") || !strings.Contains(err.Error(), "c.o") {
		t.Errorf("Err: %v", err)
	}
}

func TestWriteTable(t *testing.T) {
	var b bytes.Buffer
	if err := predictSample(t).WriteTable(&b); err != nil {
		t.Fatal(err)
	}
	const want = `Linux 6.18.1 (running)

a.o
  PROGRAM  TYPE       PREDICTED           VERIFIER  OUTCOME
  good     xdp        loads               loads     agree
  leaks    sched_cls  BLC201 x.c:12:3     rejected  agree
      verifier: bpf_spin_unlock is missing at a.c:7:2 (instruction 7: exit)
  missed   xdp        loads               rejected  missed by the rules
      verifier: x
      expected from BLC204

b.o
  PROGRAM  TYPE     PREDICTED        VERIFIER           OUTCOME
  alarm    xdp      BLC202 x.c:12:3  loads              not confirmed
      BLC202: d/x.c:12:3: m
  probe    tracing  loads            not loadable here
      attach target f is not in this kernel
5 programs: 2 load, 2 rejected, 1 not loadable here; 2 agree, 1 missed by the rules, 1 not confirmed

Linux 6.1.0 (/boot/vmlinuz-6.1)
error: no end after 2m0s
c.o: not a BPF object

a.o
  PROGRAM  TYPE  PREDICTED  VERIFIER  OUTCOME
  good     xdp   loads      rejected  rejected for another reason
      verifier: R0 !read_ok
1 programs: 0 load, 1 rejected, 0 not loadable here; 0 agree, 0 missed by the rules, 0 not confirmed
`
	// The widths of columns are not what this is about.
	squeeze := func(s string) string {
		lines := strings.Split(s, "\n")
		for i, l := range lines {
			lines[i] = strings.Join(strings.Fields(l), " ")
		}
		return strings.Join(lines, "\n")
	}
	if got := squeeze(b.String()); got != squeeze(want) {
		t.Errorf("got:\n%s", b.String())
	}
}

func TestWriteMatrix(t *testing.T) {
	var b bytes.Buffer
	if err := predictSample(t).WriteMatrix(&b); err != nil {
		t.Fatal(err)
	}
	const want = `PROGRAM     6.18.1             6.1.0
a.o:good    loads              rejected
a.o:leaks   rejected BLC201
a.o:missed  rejected BLC204 !
b.o:alarm   loads !
b.o:probe   -
/boot/vmlinuz-6.1: error: no end after 2m0s
c.o: not a BPF object
`
	if b.String() != want {
		t.Errorf("got:\n%s", b.String())
	}
}

func TestWriteJSON(t *testing.T) {
	var b bytes.Buffer
	if err := predictSample(t).WriteJSON(&b); err != nil {
		t.Fatal(err)
	}
	var out struct {
		Version       int
		Disagreements int
		Kernels       []struct {
			Release, Error string
			Programs       []struct {
				Program, Verdict, Outcome, Line string
				Predicted                       struct {
					Verdict  string
					Findings []struct {
						Rule, File string
						Line       int
					}
				}
				Source struct{ Line int }
			}
			Summary map[string]int
		}
	}
	if err := json.Unmarshal(b.Bytes(), &out); err != nil {
		t.Fatal(err)
	}
	if out.Version != 1 || out.Disagreements != 2 || len(out.Kernels) != 2 || out.Kernels[1].Error == "" {
		t.Fatalf("%+v", out)
	}
	p := out.Kernels[0].Programs[1]
	if p.Program != "leaks" || p.Verdict != "rejected" || p.Outcome != "agree" || p.Predicted.Verdict != "rejected" ||
		len(p.Predicted.Findings) != 1 || p.Predicted.Findings[0].Rule != "BLC201" || p.Source.Line != 7 {
		t.Errorf("%+v", p)
	}
	if s := out.Kernels[0].Summary; s["loads"] != 2 || s["not_confirmed"] != 1 {
		t.Errorf("%v", s)
	}
}
