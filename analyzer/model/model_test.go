package model

import (
	"reflect"
	"testing"
)

// TestWeaken: an element stands for two lookups only with what both say of the
// key.
func TestWeaken(t *testing.T) {
	five := Element{KeyKind: KeyConst, KeyConst: 5, Key: "5"}
	cpu := Element{KeyKind: KeyCPU, Key: "cpu"}
	for _, tt := range []struct {
		name     string
		e        Element
		kind     KeyKind
		constant int64
		key      string
		want     Element
	}{
		{"the same constant", five, KeyConst, 5, "5", five},
		{"another constant", five, KeyConst, 6, "6", Element{KeyKind: KeyUnknown}},
		{"another kind", five, KeyCPU, 0, "cpu", Element{KeyKind: KeyUnknown}},
		{"the CPU, known by another name", cpu, KeyCPU, 0, "cpu2", Element{KeyKind: KeyCPU}},
		{"the CPU; constants mean nothing", cpu, KeyCPU, 9, "cpu", cpu},
		{"nothing known", Element{KeyKind: KeyUnknown, Key: "r3"}, KeyUnknown, 0, "r3", Element{KeyKind: KeyUnknown, Key: "r3"}},
	} {
		e := tt.e
		if e.Weaken(tt.kind, tt.constant, tt.key); !reflect.DeepEqual(e, tt.want) {
			t.Errorf("%s: %+v, want %+v", tt.name, e, tt.want)
		}
	}
}
