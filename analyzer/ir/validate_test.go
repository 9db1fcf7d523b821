package ir

import (
	"strings"
	"testing"

	"github.com/bpflockcheck/bpflockcheck/analyzer/position"
)

func TestValidate(t *testing.T) {
	base := Base{Pos: &position.Pos{}}
	ret := func() Instr { return &Return{Base: base, Void: true} }
	tests := []struct {
		name, want string
		f          func() *Func
	}{
		{"well formed", "", func() *Func {
			end := &Block{Index: 1, Instrs: []Instr{ret()}}
			return &Func{NumRegs: 1, Blocks: []*Block{{Instrs: []Instr{&Copy{Base: base, Dst: 0, Src: Imm(1)}, &Jump{Base: base, To: end}}}, end}}
		}},
		{"skipped", "", func() *Func { return &Func{Skipped: "inline assembly"} }},
		{"no blocks", "no blocks", func() *Func { return &Func{} }},
		{"empty block", "is empty", func() *Func { return &Func{Blocks: []*Block{{}}} }},
		{"no terminator", "terminator out of place", func() *Func {
			return &Func{NumRegs: 1, Blocks: []*Block{{Instrs: []Instr{&Copy{Base: base, Src: Imm(1)}}}}}
		}},
		{"terminator inside", "terminator out of place", func() *Func { return &Func{Blocks: []*Block{{Instrs: []Instr{ret(), ret()}}}} }},
		{"register", "register 3 out of range", func() *Func {
			return &Func{NumRegs: 3, Blocks: []*Block{{Instrs: []Instr{&Return{Base: base, Val: R(3)}}}}}
		}},
		{"slot", "slot 0 out of range", func() *Func {
			return &Func{NumRegs: 1, Blocks: []*Block{{Instrs: []Instr{&StackAddr{Base: base}, ret()}}}}
		}},
		{"foreign block", "jumps out", func() *Func {
			return &Func{Blocks: []*Block{{Instrs: []Instr{&Jump{Base: base, To: &Block{}}}}}}
		}},
		{"unreachable", "cannot be reached", func() *Func {
			return &Func{Blocks: []*Block{{Instrs: []Instr{ret()}}, {Index: 1, Instrs: []Instr{ret()}}}}
		}},
		{"number", "stands at", func() *Func { return &Func{Blocks: []*Block{{Index: 4, Instrs: []Instr{ret()}}}} }},
		{"position", "no position", func() *Func { return &Func{Blocks: []*Block{{Instrs: []Instr{&Return{Void: true}}}}} }},
		{"callee", "call of no function", func() *Func {
			return &Func{Blocks: []*Block{{Instrs: []Instr{&Call{Base: base, Kind: CallFunc, Dst: NoReg}, ret()}}}}
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := tt.f()
			f.Name = "f"
			err := Validate(&Unit{Funcs: []*Func{f}})
			switch {
			case tt.want == "" && err != nil:
				t.Errorf("unexpected: %v", err)
			case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)):
				t.Errorf("got %v, want %q", err, tt.want)
			}
			_ = f.String() // the dump of a broken function must not panic either
		})
	}
}
