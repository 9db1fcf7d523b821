package object

import (
	"strings"
	"testing"

	"github.com/bpflockcheck/bpflockcheck/analyzer/ir"
)

func TestExtension(t *testing.T) {
	shift := func(op ir.BinOp, r ir.Reg, n int64) *ir.Bin {
		return &ir.Bin{Op: op, Dst: r, A: ir.R(r), B: ir.Imm(n), Bits: 64}
	}
	load := &ir.Load{Dst: 2, Addr: ir.R(3), Size: 8}
	tests := []struct {
		name   string
		before []ir.Instr
		last   *ir.Bin
		want   string
	}{
		{"unsigned", []ir.Instr{shift(ir.Shl, 1, 32)}, shift(ir.Shr, 1, 32), "r1 = ext32 r1"},
		{"signed", []ir.Instr{shift(ir.Shl, 1, 56)}, shift(ir.Sar, 1, 56), "r1 = exts8 r1"},
		{"others between", []ir.Instr{shift(ir.Shl, 1, 48), load}, shift(ir.Shr, 1, 48), "r2 = load64 r3 + 0; r1 = ext16 r1"},
		{"read between", []ir.Instr{shift(ir.Shl, 2, 32), &ir.Copy{Dst: 4, Src: ir.R(2)}}, shift(ir.Shr, 2, 32), "r2 = r2 <<64 32; r4 = r2; r2 = r2 >>64 32"},
		{"written between", []ir.Instr{shift(ir.Shl, 2, 32), load}, shift(ir.Shr, 2, 32), "r2 = r2 <<64 32; r2 = load64 r3 + 0; r2 = r2 >>64 32"},
		{"called between", []ir.Instr{shift(ir.Shl, 6, 32), &ir.Call{}}, shift(ir.Shr, 6, 32), "r6 = r6 <<64 32; r0 = call helper (); r6 = r6 >>64 32"},
		{"other register", []ir.Instr{shift(ir.Shl, 1, 32)}, shift(ir.Shr, 2, 32), "r1 = r1 <<64 32; r2 = r2 >>64 32"},
		{"other number", []ir.Instr{shift(ir.Shl, 1, 32)}, shift(ir.Shr, 1, 48), "r1 = r1 <<64 32; r1 = r1 >>64 48"},
		{"a field", []ir.Instr{shift(ir.Shl, 1, 4)}, shift(ir.Shr, 1, 4), "r1 = r1 <<64 4; r1 = r1 >>64 4"},
		{"alone", nil, shift(ir.Shr, 1, 32), "r1 = r1 >>64 32"},
	}
	for _, tt := range tests {
		lo := &lowering{block: &ir.Block{Instrs: tt.before}}
		if ext := lo.extension(tt.last); ext != nil {
			lo.emit(ext)
		} else {
			lo.emit(tt.last)
		}
		var got []string
		for _, in := range lo.block.Instrs {
			got = append(got, text(in))
		}
		if g := strings.Join(got, "; "); g != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, g, tt.want)
		}
	}
}
