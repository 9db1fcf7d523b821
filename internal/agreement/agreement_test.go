package agreement

import (
	"bytes"
	"slices"
	"strings"
	"testing"
)

const verifyJSON = `{"kernels": [{"name": "running", "release": "6.12.1-x", "seconds": 10, "programs": [
 {"object": "/o/a.o", "program": "fine", "verdict": "loads", "ms": 5, "predicted": {"verdict": "loads"}, "outcome": "agree"},
 {"object": "/o/a.o", "program": "leaks", "verdict": "rejected", "ms": 6, "line": "bpf_spin_unlock is missing", "rules": ["BLC201"],
  "source": {"file": "/s/a.c", "line": 7},
  "predicted": {"verdict": "rejected", "findings": [{"rule": "BLC201", "file": "a.c", "line": 7}]}, "outcome": "agree"},
 {"object": "/o/b.o", "program": "elsewhere", "verdict": "rejected", "ms": 1, "line": "calls", "rules": ["BLC204"],
  "source": {"file": "/s/b.c", "line": 9},
  "predicted": {"verdict": "rejected", "findings": [{"rule": "BLC201", "file": "b.c", "line": 8}]}, "outcome": "agree"},
 {"object": "/o/b.o", "program": "unseen", "verdict": "rejected", "ms": 1, "line": "nested", "rules": ["BLC202"], "predicted": {"verdict": "loads"}, "outcome": "missed by the rules"},
 {"object": "/o/b.o", "program": "vague", "verdict": "rejected", "ms": 1, "rules": ["BLC206"], "doubtful": true, "predicted": {"verdict": "loads"}, "outcome": "rejected for another reason"},
 {"object": "/o/b.o", "program": "accused", "verdict": "loads", "ms": 1,
  "predicted": {"verdict": "rejected", "findings": [{"rule": "BLC202", "file": "b.c", "line": 3, "message": "twice"}]}, "outcome": "not confirmed"},
 {"object": "/o/c.o", "program": "absent", "verdict": "not loadable here", "ms": 15, "predicted": {"verdict": "loads"}, "outcome": "not loadable here"}
]}]}`

func kernelReport(t *testing.T) *KernelReport {
	t.Helper()
	r, err := ReadVerify(strings.NewReader(verifyJSON))
	if err != nil {
		t.Fatal(err)
	}
	return &r.Kernels[0]
}

func texts(ds []Deviation) []string {
	var out []string
	for i := range ds {
		out = append(out, ds[i].String())
	}
	return out
}

func TestVerdicts(t *testing.T) {
	k := kernelReport(t)
	f, ds := Verdicts(k)
	want := Figures{Programs: 7, Loads: 2, Rejected: 4, NotLoadable: 1, LockRejections: 3, Predicted: 2, SameRule: 1, SamePlace: 1,
		FalseRejections: 1, Doubtful: 1}
	if f != want {
		t.Errorf("figures %+v, want %+v", f, want)
	}
	if got, want := texts(ds), []string{"missed 6.12 b.o unseen BLC202", "unconfirmed 6.12 b.o accused BLC202"}; !slices.Equal(got, want) {
		t.Errorf("deviations %q, want %q", got, want)
	}
	if got, want := texts(Places(k)), []string{"other-place 6.12 b.o elsewhere BLC204"}; !slices.Equal(got, want) {
		t.Errorf("places %q, want %q", got, want)
	}
	if got := k.Slow(10); !slices.Equal(got, []string{"/o/c.o"}) /* a.o is about locks */ {
		t.Errorf("slow: %q", got)
	}
	judged := map[string]bool{}
	for i := range k.Programs {
		judged[k.Programs[i].Name] = k.Programs[i].Judged()
	}
	if !judged["fine"] || !judged["leaks"] || judged["absent"] {
		t.Errorf("judged: %v", judged)
	}
}

func TestFronts(t *testing.T) {
	source := &CheckReport{Findings: []Finding{
		{Rule: "BLC101", File: "progs/a.c", Line: 3},
		{Rule: "BLC101", File: "/tests/progs/a.c", Line: 11},
	}, Skipped: []Skip{{File: "progs/a.c", Function: "____assembly", Reason: "inline assembly"}, {File: "x.c", Reason: "internal error: y"}}}
	object := &CheckReport{Findings: []Finding{
		{Rule: "BLC101", File: "/tests/progs/a.c", Line: 3},
		{Rule: "BLC101", File: "/tests/progs/a.c", Line: 9},
		{Rule: "BLC203", File: "/tests/progs/a.c", Line: 20, Function: "assembly"},
	}}
	f, ds := Fronts(source, object, "/tests")
	if want := (FrontFigures{Both: 1, OnlySource: 1, OnlyObject: 1, Unanalysed: 1}); f != want {
		t.Errorf("figures %+v, want %+v", f, want)
	}
	if a, b := f.Shares(); a != 0.5 || b != 0.5 {
		t.Errorf("shares %v, %v", a, b)
	}
	if got, want := texts(ds), []string{"only-object source progs/a.c 9 BLC101", "only-source source progs/a.c 11 BLC101"}; !slices.Equal(got, want) {
		t.Errorf("deviations %q, want %q", got, want)
	}
	if len(source.Panics()) != 1 {
		t.Errorf("panics: %v", source.Panics())
	}
}

func TestExceptions(t *testing.T) {
	x, err := ReadExceptions(strings.NewReader(`
# comment
missed 6.1,6.12 a.o p BLC201 : because
only-source source a.c *2 BLC101 : merged
other-place * a.o p BLC204 : late
`))
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		d    Deviation
		want string
	}{
		{Deviation{Kind: Missed, Where: "6.1", File: "a.o", Subject: "p", Rule: "BLC201"}, "because"},
		{Deviation{Kind: Missed, Where: "6.1", File: "a.o", Subject: "p", Rule: "BLC201"}, ""}, // used up
		{Deviation{Kind: Missed, Where: "6.18", File: "a.o", Subject: "p", Rule: "BLC201"}, ""},
		{Deviation{Kind: NotConfirmed, Where: "6.12", File: "a.o", Subject: "p", Rule: "BLC201"}, ""},
		{Deviation{Kind: OnlySource, Where: "source", File: "a.c", Subject: "5", Rule: "BLC101"}, "merged"},
		{Deviation{Kind: OtherPlace, Where: "6.18", File: "a.o", Subject: "p", Rule: "BLC204"}, "late"},
		{Deviation{Kind: OtherPlace, Where: "6.1", File: "a.o", Subject: "p", Rule: "BLC204"}, "late"},
	} {
		if got := x.Reason(&tc.d); got != tc.want {
			t.Errorf("%s: %q, want %q", &tc.d, got, tc.want)
		}
	}
	got := x.Unused(func(string) bool { return true })
	want := []string{"line 3: no longer needed (6.12): remove it", "line 4: only 1 of 2 are left: lower the number"}
	if !slices.Equal(got, want) {
		t.Errorf("unused %q, want %q", got, want)
	}
	if got := x.Unused(func(where string) bool { return where == "6.1" }); len(got) > 0 {
		t.Errorf("unused where nothing was compared: %q", got)
	}
	for _, bad := range []string{"missed 6.1 a.o p BLC201", "missed 6.1 a.o p BLC201 : ", "missed a.o p : x", "unknown 6.1 a.o p BLC201 : x", "missed 6.1 a.o *x BLC201 : x", "missed 6.1 a.o *0 BLC201 : x"} {
		if _, err := ReadExceptions(strings.NewReader(bad)); err == nil {
			t.Errorf("%q is accepted", bad)
		}
	}
}

func TestJudgement(t *testing.T) {
	run := func(exceptions string) (string, bool) {
		x, err := ReadExceptions(strings.NewReader(exceptions))
		if err != nil {
			t.Fatal(err)
		}
		var w bytes.Buffer
		j := &Judgement{W: &w, Exceptions: x, AnalysisSeconds: 5}
		j.Kernel(kernelReport(t))
		ok := j.Close()
		return w.String(), ok
	}
	reviewed := "missed 6.12 b.o unseen BLC202 : x\nunconfirmed 6.12 b.o accused BLC202 : y\n"
	if out, ok := run(reviewed); !ok || !strings.Contains(out, "lock rejections predicted: 2 of 3") || !strings.Contains(out, "ratio 0.50") {
		t.Errorf("%v, %s", ok, out)
	}
	if out, ok := run(""); ok || strings.Count(out, "FAULT") != 2 {
		t.Errorf("%v, %s", ok, out)
	}
	if out, ok := run(reviewed + "missed 6.12 c.o gone BLC202 : z\n"); ok || !strings.Contains(out, "no longer needed") {
		t.Errorf("%v, %s", ok, out)
	}
}

func TestReadErrors(t *testing.T) {
	if _, err := ReadVerify(strings.NewReader("no JSON")); err == nil {
		t.Error("ReadVerify")
	}
	if _, err := ReadCheck(strings.NewReader("[]")); err == nil {
		t.Error("ReadCheck")
	}
}
