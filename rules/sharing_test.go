package rules

import (
	"testing"

	"github.com/bpflockcheck/bpflockcheck/analyzer/diag"
	"github.com/bpflockcheck/bpflockcheck/analyzer/ir"
	"github.com/bpflockcheck/bpflockcheck/analyzer/model"
	"github.com/bpflockcheck/bpflockcheck/rules/kernel"
)

const nobody = diag.Confidence(0) // not shared

func TestSharing(t *testing.T) {
	elem := func(typ kernel.MapType, key model.KeyKind) model.Place {
		return model.Place{Region: model.RegionMapValue, Map: &ir.Map{Name: "m", Type: typ}, Elem: &model.Element{KeyKind: key}, Off: 0, Size: 8}
	}
	tagged := func(tag string) model.Place {
		p := elem(kernel.MapTypeHash, model.KeyConst)
		p.Tags = []string{tag}
		return p
	}
	other := elem(kernel.MapTypePercpuArray, model.KeyConst)
	other.Elem.PercpuElem = true
	slot := func(index model.KeyKind) model.Place {
		return model.Place{Region: model.RegionGlobal, Global: &ir.Global{Name: "g"}, Off: -1, Size: 8, Index: index}
	}
	behind := func(key model.KeyKind) model.Place {
		return model.Place{Region: model.RegionArena, Map: &ir.Map{Name: "heap", Type: kernel.MapTypeArena}, Elem: &model.Element{KeyKind: key}, Off: 0, Size: 8}
	}
	replaced := &ir.Program{Info: kernel.ProgInfo{Type: kernel.ProgTypeExt, Prefix: "freplace", Attach: "f", Known: true}}
	xdp := &ir.Program{Info: kernel.ProgInfo{Type: kernel.ProgTypeXDP, Known: true}}
	kprobe := &ir.Program{Info: kernel.ProgInfo{Type: kernel.ProgTypeKprobe, Prefix: "kprobe", Attach: "tcp_sendmsg", Known: true}}
	syscall := &ir.Program{Info: kernel.ProgInfo{Type: kernel.ProgTypeSyscall, Prefix: "syscall", Known: true}}
	tcp := &ir.Program{StructOps: "tcp_congestion_ops", Member: "cong_avoid", Info: kernel.ProgInfo{Type: kernel.ProgTypeStructOps, Known: true}}
	scxInit := &ir.Program{StructOps: "sched_ext_ops", Member: "init", Info: kernel.ProgInfo{Type: kernel.ProgTypeStructOps, Known: true}}
	scxRun := &ir.Program{StructOps: "sched_ext_ops", Member: "running", Info: kernel.ProgInfo{Type: kernel.ProgTypeStructOps, Known: true}}
	for _, tt := range []struct {
		name    string
		program *ir.Program
		place   model.Place
		pins    model.KeyKind
		want    diag.Confidence
	}{
		{"hash in XDP", xdp, elem(kernel.MapTypeHash, model.KeyUnknown), 0, diag.High},
		{"hash in a kprobe", kprobe, elem(kernel.MapTypeHash, model.KeyUnknown), 0, diag.Medium},
		{"array slot", kprobe, elem(kernel.MapTypeArray, model.KeyConst), 0, diag.High},
		{"process", kprobe, elem(kernel.MapTypeHash, model.KeyProcess), 0, diag.High},
		{"thread", kprobe, elem(kernel.MapTypeHash, model.KeyThread), 0, nobody},
		{"own task", kprobe, elem(kernel.MapTypeTaskStorage, model.KeyOwnTask), 0, nobody},
		{"other task", kprobe, elem(kernel.MapTypeTaskStorage, model.KeyOtherTask), 0, diag.Medium},
		{"task of a scheduler callback", scxRun, elem(kernel.MapTypeTaskStorage, model.KeyOtherTask), 0, nobody},
		{"scheduler's init", scxInit, elem(kernel.MapTypeArray, model.KeyConst), 0, nobody},
		{"CPU", xdp, elem(kernel.MapTypeArray, model.KeyCPU), 0, nobody},
		{"socket under its lock", tcp, elem(kernel.MapTypeSkStorage, model.KeySocket), 0, nobody},
		{"global in congestion control", tcp, slot(model.KeyUnknown), 0, diag.High},
		{"per-CPU hash", xdp, elem(kernel.MapTypePercpuHash, model.KeyUnknown), 0, nobody},
		{"another CPU's value", xdp, other, 0, diag.High},
		{"unknown map type", xdp, elem(kernel.MapTypeUnspec, model.KeyConst), 0, nobody},
		{"map without shared values", xdp, elem(kernel.MapTypeQueue, model.KeyConst), 0, nobody},
		{"global", xdp, slot(model.KeyUnknown), 0, diag.High},
		{"global by CPU", xdp, slot(model.KeyCPU), 0, nobody},
		{"global by thread", kprobe, slot(model.KeyThread), 0, nobody},
		{"one thread's branch", kprobe, slot(model.KeyUnknown), model.KeyThread, nobody},
		{"one process's branch", kprobe, slot(model.KeyUnknown), model.KeyProcess, diag.Medium},
		{"on demand", syscall, slot(model.KeyUnknown), 0, diag.Low},
		{"data_racy", xdp, tagged("data_racy"), 0, nobody},
		{"single_writer", xdp, tagged("single_writer"), 0, nobody},
		{"read only", xdp, model.Place{Region: model.RegionGlobal, Global: &ir.Global{Const: true}}, 0, nobody},
		{"stack", xdp, model.Place{Region: model.RegionStack}, 0, nobody},
		{"ring buffer", xdp, model.Place{Region: model.RegionRingbuf}, 0, nobody},
		{"allocated object", xdp, model.Place{Region: model.RegionAlloc}, 0, nobody},
		{"receive queue", xdp, elem(kernel.MapTypeArray, model.KeyRxQueue), 0, diag.Medium},
		{"global by receive queue", xdp, slot(model.KeyRxQueue), 0, diag.Medium},
		{"replaced function", replaced, slot(model.KeyUnknown), 0, diag.Medium},
		{"arena behind a pointer", xdp, behind(model.KeyUnknown), 0, diag.Medium},
		{"arena behind a pointer of the CPU's own", xdp, behind(model.KeyCPU), 0, nobody},
		{"arena behind a task's pointer", scxRun, behind(model.KeyOtherTask), 0, nobody},
		{"arena behind a pointer from somewhere", xdp, behind(model.KeyUntraced), 0, diag.Low},
		{"arena", xdp, model.Place{Region: model.RegionArena, Global: &ir.Global{Arena: true}}, 0, diag.Medium},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := &model.Model{Unit: &ir.Unit{}}
			p := &Pass{Model: m, Kernel: kernel.Newest, facts: factsOf(m)}
			var conds []model.Condition
			if tt.pins != 0 {
				conds = []model.Condition{{Pins: tt.pins}}
			}
			s := p.sharedPlace(model.Site{Program: tt.program}, tt.place, conds)
			got := s.confidence
			if !s.shared {
				got = nobody
			}
			if got != tt.want {
				t.Errorf("shared %v with confidence %v (%s), want %v", s.shared, s.confidence, s.why, tt.want)
			}
			if s.why == "" {
				t.Error("no reason is given")
			}
		})
	}
}

func TestSameElement(t *testing.T) {
	m := &ir.Map{Name: "m"}
	at := func(e *model.Element) model.Place {
		return model.Place{Region: model.RegionMapValue, Map: m, Elem: e}
	}
	for _, tt := range []struct {
		name string
		a, b *model.Element
		want same
	}{
		{"one lookup", &model.Element{ID: 1}, &model.Element{ID: 1}, isSame},
		{"equal keys", &model.Element{ID: 1, Key: "k"}, &model.Element{ID: 2, Key: "k"}, isSame},
		{"equal constants", &model.Element{ID: 1, KeyKind: model.KeyConst, KeyConst: 3}, &model.Element{ID: 2, KeyKind: model.KeyConst, KeyConst: 3}, isSame},
		{"other constants", &model.Element{ID: 1, KeyKind: model.KeyConst, KeyConst: 3}, &model.Element{ID: 2, KeyKind: model.KeyConst, KeyConst: 4}, differs},
		{"one thread", &model.Element{ID: 1, KeyKind: model.KeyThread}, &model.Element{ID: 2, KeyKind: model.KeyThread}, isSame},
		{"not known", &model.Element{ID: 1}, &model.Element{ID: 2}, maySame},
		{"no element", nil, &model.Element{ID: 2}, maySame},
	} {
		if got := sameElement(at(tt.a), at(tt.b)); got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
		if got := sameElement(at(tt.b), at(tt.a)); got != tt.want {
			t.Errorf("%s, the other way round: %v, want %v", tt.name, got, tt.want)
		}
	}
}

func TestFieldsOverlap(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want bool
	}{
		{"a", "a", true}, {"a", "a.b", true}, {"a[]", "a", true}, {"a", "ab", false}, {"a.b", "a.c", false},
	} {
		if got := fieldsOverlap(tt.a, tt.b); got != tt.want || fieldsOverlap(tt.b, tt.a) != tt.want {
			t.Errorf("fieldsOverlap(%q, %q) = %v, want %v", tt.a, tt.b, got, tt.want)
		}
	}
}
