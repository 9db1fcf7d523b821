package linker

import (
	"errors"
	"sort"
)

// extInfo is the .BTF.ext section: function and line records by the section of
// the code, ordered by offset (Documentation/bpf/btf.rst).
type extInfo struct {
	funcs, lines map[string][]extRec
}

// extRec is one record: the offset in the section, in bytes, and the rest.
type extRec struct {
	off  uint32
	rest []byte
}

// The lengths of the records handed to the kernel: struct bpf_func_info and
// bpf_line_info.
const (
	FuncRecSize = 8
	LineRecSize = 16
)

func parseExtInfo(b []byte, r *rawBTF) (*extInfo, error) {
	bad := errors.New(".BTF.ext: malformed")
	if len(b) < 24 || le.Uint16(b) != 0xeb9f {
		return nil, bad
	}
	hdr := int(le.Uint32(b[4:]))
	part := func(i int) ([]byte, error) {
		off, n := hdr+int(le.Uint32(b[i:])), int(le.Uint32(b[i+4:]))
		if off < hdr || n < 0 || off+n > len(b) {
			return nil, bad
		}
		return b[off : off+n], nil
	}
	e := &extInfo{}
	for _, x := range []struct {
		at, want int
		to       *map[string][]extRec
	}{{8, FuncRecSize, &e.funcs}, {16, LineRecSize, &e.lines}} {
		p, err := part(x.at)
		if err != nil {
			return nil, err
		}
		if *x.to, err = extRecords(p, r, x.want); err != nil {
			return nil, err
		}
	}
	return e, nil
}

func extRecords(p []byte, r *rawBTF, want int) (map[string][]extRec, error) {
	m := map[string][]extRec{}
	if len(p) == 0 {
		return m, nil
	}
	bad := errors.New(".BTF.ext: malformed records")
	if len(p) < 4 {
		return nil, bad
	}
	size := int(le.Uint32(p))
	p = p[4:]
	if size < want || size > 1<<10 {
		return nil, bad
	}
	for len(p) >= 8 {
		sec, n := r.str(le.Uint32(p)), int(le.Uint32(p[4:]))
		p = p[8:]
		if n < 0 || n > len(p)/size {
			return nil, bad
		}
		for range n {
			m[sec] = append(m[sec], extRec{off: le.Uint32(p), rest: p[4:want]})
			p = p[size:]
		}
		rs := m[sec]
		sort.SliceStable(rs, func(i, j int) bool { return rs[i].off < rs[j].off })
	}
	return m, nil
}

// within gives the records of the bytes [from, to) of a section.
func within(rs []extRec, from, to uint64) []extRec {
	i := sort.Search(len(rs), func(i int) bool { return uint64(rs[i].off) >= from })
	j := sort.Search(len(rs), func(i int) bool { return uint64(rs[i].off) >= to })
	return rs[i:j]
}

// Line is what line info says about an instruction.
type Line struct {
	File, Text string
	Line, Col  int
}

// LineAt gives the line info that covers instruction insn of the linked
// program.
func (p *Program) LineAt(insn int) (Line, bool) {
	n := len(p.LineInfo) / LineRecSize
	i := sort.Search(n, func(i int) bool { return int(le.Uint32(p.LineInfo[i*LineRecSize:])) > insn })
	if i == 0 || p.obj.btfMod == nil {
		return Line{}, false
	}
	rec := p.LineInfo[(i-1)*LineRecSize:]
	lc := le.Uint32(rec[12:])
	r := p.obj.btfMod
	return Line{File: r.str(le.Uint32(rec[4:])), Text: r.str(le.Uint32(rec[8:])), Line: int(lc >> 10), Col: int(lc & 0x3ff)}, true
}
