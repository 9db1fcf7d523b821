package object

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/cilium/ebpf/btf"
	"github.com/google/go-cmp/cmp"
)

// ext makes a .BTF.ext section of tables for functions, lines and CO-RE
// relocations; a nil one is left out.
func ext(bo binary.ByteOrder, funcs, lines, core []byte) []byte {
	var b bytes.Buffer
	put := func(vs ...any) {
		for _, v := range vs {
			if err := binary.Write(&b, bo, v); err != nil {
				panic(err)
			}
		}
	}
	put(uint16(btfMagic), uint8(1), uint8(0), uint32(extCOREHeaderSize))
	put(uint32(0), uint32(len(funcs)), uint32(len(funcs)), uint32(len(lines)), uint32(len(funcs)+len(lines)), uint32(len(core)))
	put(funcs, lines, core)
	return b.Bytes()
}

// table makes one: a record size, and for one section its name and records.
func table(bo binary.ByteOrder, size, sec uint32, records ...[]uint32) []byte {
	var b []byte
	for _, r := range append([][]uint32{{size, sec, uint32(len(records))}}, records...) {
		for _, v := range r {
			b = append(b, 0, 0, 0, 0)
			bo.PutUint32(b[len(b)-4:], v)
		}
	}
	return b
}

func TestParseExtInfo(t *testing.T) {
	strings := []byte("\x00xdp\x00a.c\x00x++;\x000:1\x00") // 1 xdp, 5 a.c, 9 x++;, 14 0:1
	for _, bo := range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
		funcs := table(bo, 8, 1, []uint32{16, 7}, []uint32{0, 5})
		// A record longer than known, as a later compiler may write.
		lines := table(bo, 20, 1, []uint32{8, 5, 9, 12<<10 | 3, 99}, []uint32{0, 5, 0, 11 << 10, 99})
		core := table(bo, 16, 1, []uint32{8, 2, 14, 8})
		e, err := parseExtInfo(ext(bo, funcs, lines, core), bo, strings)
		if err != nil {
			t.Fatal(err)
		}
		want := extInfo{
			funcs: map[string][]funcInfo{"xdp": {{0, 5}, {16, 7}}},
			lines: map[string][]lineInfo{"xdp": {{off: 0, file: "a.c", line: 11}, {off: 8, file: "a.c", text: "x++;", line: 12, col: 3}}},
			core:  map[string]map[uint64]coreRelo{"xdp": {8: {kind: 8, typ: btf.TypeID(2), access: "0:1"}}},
		}
		if diff := cmp.Diff(want, e, cmp.AllowUnexported(extInfo{}, funcInfo{}, lineInfo{}, coreRelo{})); diff != "" {
			t.Errorf("%v (-want +got):\n%s", bo, diff)
		}

		// One damaged table does not cost the others.
		e, err = parseExtInfo(ext(bo, funcs[:14], lines, core), bo, strings)
		if err == nil || len(e.lines["xdp"]) != 2 || len(e.core["xdp"]) != 1 {
			t.Errorf("%v: with damaged functions: %v, %+v", bo, err, e)
		}
		for _, bad := range [][]byte{nil, ext(bo, funcs, lines, core)[:40], ext(bo, table(bo, 4, 1), nil, nil), make([]byte, 32)} {
			if _, err := parseExtInfo(bad, bo, strings); err == nil {
				t.Errorf("%v: no error for % x", bo, bad)
			}
		}
	}
}

func TestFieldPath(t *testing.T) {
	num := &btf.Int{Name: "int", Size: 4}
	inner := &btf.Struct{Name: "inner", Size: 8, Members: []btf.Member{{Name: "a", Type: num}, {Name: "b", Type: num, Offset: 32}}}
	outer := &btf.Struct{Name: "outer", Size: 24, Members: []btf.Member{
		{Name: "x", Type: num},
		{Type: &btf.Union{Size: 8, Members: []btf.Member{{Name: "u", Type: inner}}}},
		{Name: "list", Type: &btf.Array{Type: &btf.Typedef{Name: "t", Type: inner}, Nelems: 2}},
	}}
	for access, want := range map[string]string{
		"0": "", "0:0": "x", "0:1:0:1": "u.b", "0:2:1:0": "list[].a", "0:9": "", "0:0:0": "", "": "", "0:-1": "", "x": "",
	} {
		if got := fieldPath(&btf.Const{Type: outer}, access); got != want {
			t.Errorf("path of %q is %q, want %q", access, got, want)
		}
	}
}
