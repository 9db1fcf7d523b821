package rules

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bpflockcheck/bpflockcheck/analyzer/diag"
	"github.com/bpflockcheck/bpflockcheck/analyzer/ir"
	"github.com/bpflockcheck/bpflockcheck/analyzer/model"
	"github.com/bpflockcheck/bpflockcheck/analyzer/position"
	"github.com/bpflockcheck/bpflockcheck/rules/kernel"
)

func pos(line int) *position.Pos {
	return &position.Pos{Span: position.Span{File: "a.bpf.c", Line: line, Col: 2}}
}

// increment is the model of v->n++ on an element of a hash by one program.
func increment(program string, line int, key model.KeyKind) []*model.Access {
	site := model.Site{
		Program: &ir.Program{Name: program, Section: "xdp", Info: kernel.ProgInfo{Type: kernel.ProgTypeXDP, Known: true}},
		Func:    &ir.Func{Name: "bump"},
		Pos:     pos(line),
	}
	place := model.Place{
		Region: model.RegionMapValue, Map: &ir.Map{Name: "flows", Type: kernel.MapTypeHash},
		Elem: &model.Element{ID: 1, KeyKind: key}, Off: 8, Size: 8, Field: "n",
	}
	load := &model.Access{Site: site, Kind: model.Load, Place: place}
	store := &model.Access{Site: site, Kind: model.Store, Place: place, Origins: []model.Origin{{Access: load}}, Text: "v->n"}
	return []*model.Access{load, store}
}

func unitOf(accesses ...[]*model.Access) *model.Model {
	return &model.Model{Unit: &ir.Unit{Name: "a.bpf.c", Evidence: diag.FromSource}, Accesses: slices.Concat(accesses...)}
}

// One finding for a function that several programs, of several units, call.
func TestRunMerges(t *testing.T) {
	ms := []*model.Model{
		unitOf(increment("b", 7, model.KeyUnknown), increment("a", 7, model.KeyUnknown)),
		unitOf(increment("c", 7, model.KeyUnknown)),
	}
	fs := run(ms, Config{}, []*Rule{lostUpdate}, nil)
	if len(fs) != 1 {
		t.Fatalf("got %d findings, want 1: %v", len(fs), fs)
	}
	want := []diag.Program{{Name: "a", Section: "xdp"}, {Name: "b", Section: "xdp"}, {Name: "c", Section: "xdp"}}
	if d := cmp.Diff(want, fs[0].Programs); d != "" {
		t.Errorf("programs (-want +got):\n%s", d)
	}
	if !strings.Contains(fs[0].Message, "run a, b and c at once") {
		t.Errorf("message %q does not name the programs", fs[0].Message)
	}
	slices.Reverse(ms)
	if d := cmp.Diff(fs, run(ms, Config{}, []*Rule{lostUpdate}, nil)); d != "" {
		t.Errorf("the result depends on the order of the models:\n%s", d)
	}
}

// A rule that panics loses its own findings only, and the run says so.
func TestRunSurvivesPanic(t *testing.T) {
	bad := &Rule{ID: "BLC998", Name: "bad", Severity: diag.Error, Summary: "panics", Check: func(*Pass) { panic("oops") }}
	m := unitOf(increment("a", 7, model.KeyUnknown))
	fs := run([]*model.Model{m}, Config{}, []*Rule{bad, lostUpdate, notAnalysed}, nil)
	var ids []string
	for _, f := range fs {
		ids = append(ids, f.Rule)
	}
	if d := cmp.Diff([]string{"BLC001", "BLC101"}, ids); d != "" {
		t.Errorf("rules that report (-want +got):\n%s", d)
	}
	if len(m.Skipped) != 1 || !strings.Contains(m.Skipped[0].Reason, "BLC998 bad") || !strings.Contains(m.Skipped[0].Reason, "oops") {
		t.Errorf("skipped: %v", m.Skipped)
	}
	// Loud, where asked for.
	panicked := 0
	run([]*model.Model{unitOf()}, Config{}, []*Rule{bad}, func(*Rule, *model.Model, any) { panicked++ })
	if panicked != 1 {
		t.Errorf("%d panics were told of, want 1", panicked)
	}
}

// Every rule copes with models in which what may be missing is missing.
func TestRulesOnSparseModels(t *testing.T) {
	site := model.Site{Pos: pos(1)}
	place := model.Place{Off: -1}
	access := &model.Access{Site: site, Kind: model.Store, Place: place}
	m := &model.Model{
		Unit: &ir.Unit{Name: "x", Maps: []*ir.Map{{Name: "m"}}, Globals: []*ir.Global{{Name: "g", Section: ".data"}}},
		Accesses: []*model.Access{
			access,
			{Site: site, Kind: model.Load, Place: model.Place{Region: model.RegionMapValue, Map: &ir.Map{Name: "m", Type: kernel.MapTypeArray}, Off: -1}, FilledBefore: access, Deleted: &site},
			{Site: site, Kind: model.AtomicRMW, Place: place},
			{Site: site, Kind: model.Store, Place: model.Place{Region: model.RegionGlobal, Global: &ir.Global{Name: "g"}, Off: -1}, Origins: []model.Origin{{}}, Conditions: []model.Condition{{Origins: []model.Origin{{}}}}},
			{Site: site, Kind: model.Store, Place: model.Place{IsLock: true}},
		},
		Updates: []*model.Update{{Site: site}, {Site: site, Map: &ir.Map{Name: "m", Type: kernel.MapTypeHash}, Changed: true, Origins: []model.Origin{{}}}},
		Calls:   []*model.Call{{Site: site}, {Site: site, Kind: ir.CallKfunc, Name: "bpf_list_pop_front", Held: []model.Lock{{}}}},
		Locks:   []*model.LockOp{{Site: site}, {Site: site, Kind: model.Release}, {Site: site, Kind: model.Release, Unchecked: true}, {Site: site, Kind: model.IRQRestore}, {Site: site, Held: []model.Lock{{}}, Lock: model.Lock{Res: true}}},
		Exits:   []*model.Exit{{Site: site, Held: []model.Lock{{}}}, {Site: site, Sections: model.Sections{RCU: 1}}},
		Loops:   []*model.Loop{{Site: site, Bound: -1, Held: []model.Lock{{}}}},
		Refs:    []*model.Ref{{Site: site}},
	}
	run([]*model.Model{m, nil, {}}, Config{}, catalogue, func(r *Rule, _ *model.Model, v any) {
		t.Errorf("%s panics: %v", r.ID, v)
	})
}

func TestMacroUseIsReportedWithTheMacro(t *testing.T) {
	accesses := increment("a", 7, model.KeyUnknown)
	p := *accesses[1].Pos
	p.Macro, p.MacroDef = "BUMP", position.Span{File: "a.bpf.c", Line: 2, Col: 9}
	accesses[1].Pos = &p
	fs := run([]*model.Model{unitOf(accesses)}, Config{}, []*Rule{lostUpdate}, nil)
	if len(fs) != 1 || fs[0].Span.Line != 7 || len(fs[0].Related) == 0 || fs[0].Related[0].Span.Line != 2 {
		t.Errorf("got %+v, want line 7 with the macro's line 2 as a related place", fs)
	}
}

func TestLostUpdateFix(t *testing.T) {
	old := kernel.Version{Major: 5, Minor: 11}
	for _, tt := range []struct {
		name     string
		compound ir.Compound
		size     int64
		kernel   kernel.Version
		mcpu     string
		want     string // the new text, or "no: " and the reason
	}{
		{"increment", ir.Compound{Op: ir.Add, Operand: "1", Unused: true}, 8, old, "", "__sync_fetch_and_add(&v->n, 1)"},
		{"four bytes", ir.Compound{Op: ir.Add, Operand: "len", Unused: true}, 4, old, "", "__sync_fetch_and_add(&v->n, len)"},
		{"subtract a sum", ir.Compound{Op: ir.Sub, Operand: "a + b", Unused: true}, 8, old, "", "__sync_fetch_and_sub(&v->n, a + b)"},
		{"subtract on 4 bytes", ir.Compound{Op: ir.Sub, Operand: "a + b", Unused: true}, 4, old, "", "__sync_fetch_and_add(&v->n, -(a + b))"},
		{"subtract a member", ir.Compound{Op: ir.Sub, Operand: "x->len", Unused: true}, 4, old, "", "__sync_fetch_and_add(&v->n, -x->len)"},
		{"decrement", ir.Compound{Op: ir.Sub, Operand: "1", Unused: true}, 8, old, "", "__sync_fetch_and_add(&v->n, -1)"},
		{"subtract what no int holds", ir.Compound{Op: ir.Sub, Operand: "4294967295", Unused: true}, 8, old, "", "__sync_fetch_and_sub(&v->n, 4294967295)"},
		{"or", ir.Compound{Op: ir.Or, Operand: "2", Unused: true}, 8, kernel.Newest, "", "__sync_fetch_and_or(&v->n, 2)"},
		{"or on an old kernel", ir.Compound{Op: ir.Or, Operand: "2", Unused: true}, 8, old, "", "no: before Linux 5.12 the only atomic"},
		{"or on 4 bytes", ir.Compound{Op: ir.Or, Operand: "2", Unused: true}, 4, kernel.Newest, "", "no: on 4 bytes, clang has this atomic with -mcpu=v3 only"},
		{"or on 4 bytes with v3", ir.Compound{Op: ir.Or, Operand: "2", Unused: true}, 4, kernel.Newest, "v3", "__sync_fetch_and_or(&v->n, 2)"},
		{"multiply", ir.Compound{Op: ir.Mul, Operand: "2", Unused: true}, 8, kernel.Newest, "", "no: BPF has no atomic that does *="},
		{"shift", ir.Compound{Op: ir.Shl, Operand: "2", Unused: true}, 8, kernel.Newest, "", "no: BPF has no atomic that does <<="},
		{"two bytes", ir.Compound{Op: ir.Add, Operand: "1", Unused: true}, 2, kernel.Newest, "", "no: BPF has no atomics on 2 byte(s)"},
		{"value after", ir.Compound{Op: ir.Add, Operand: "1"}, 8, kernel.Newest, "", "__sync_add_and_fetch(&v->n, 1)"},
		{"value before", ir.Compound{Op: ir.Add, Operand: "1", Post: true}, 8, kernel.Newest, "", "__sync_fetch_and_add(&v->n, 1)"},
		{"value on an old kernel", ir.Compound{Op: ir.Add, Operand: "1", Post: true}, 8, old, "", "no: before Linux 5.12 the only atomic"},
		{"value on 4 bytes", ir.Compound{Op: ir.Add, Operand: "1", Post: true}, 4, kernel.Newest, "v2", "no: on 4 bytes, clang has this atomic with -mcpu=v3 only"},
		{"behind a word", ir.Compound{Op: ir.Add, Operand: "1", Joined: true}, 8, kernel.Newest, "", " __sync_add_and_fetch(&v->n, 1)"},
		{"obstacle", ir.Compound{Op: ir.Add, Operand: "1", Unused: true, Obstacle: "a wall"}, 8, kernel.Newest, "", "no: a wall"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			accesses := increment("a", 7, model.KeyUnknown)
			for _, a := range accesses {
				a.Place.Size = tt.size
			}
			tt.compound.Target = "v->n"
			tt.compound.Span = position.Span{File: "a.bpf.c", Line: 7, Col: 2, EndLine: 7, EndCol: 9}
			accesses[1].Compound = &tt.compound
			m := unitOf(accesses)
			m.Unit.MCPU = tt.mcpu
			fs := run([]*model.Model{m}, Config{Kernel: tt.kernel}, []*Rule{lostUpdate}, nil)
			if len(fs) != 1 {
				t.Fatalf("got %d findings", len(fs))
			}
			if why, no := strings.CutPrefix(tt.want, "no: "); no {
				if fs[0].Fix != nil || !strings.Contains(fs[0].Help, noFix+why) {
					t.Errorf("fix %v, help %q; want no fix, and the reason %q", fs[0].Fix, fs[0].Help, why)
				}
				return
			}
			if fs[0].Fix == nil || fs[0].Fix.Edits[0].NewText != tt.want {
				t.Errorf("fix %+v, want %q; help %q", fs[0].Fix, tt.want, fs[0].Help)
			}
		})
	}
}
