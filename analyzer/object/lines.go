package object

import (
	"cmp"
	"slices"
	"strings"

	"github.com/bpflockcheck/bpflockcheck/analyzer/position"
)

// lineTable tells the source positions of a section's instructions.
type lineTable struct {
	lines []lineInfo // sorted by offset
}

// newLineTable makes a section's table from BTF line info, or from DWARF where
// there is none.
func (l *loader) newLineTable(s *section, lines []lineInfo) *lineTable {
	if len(lines) == 0 {
		lines = l.dwarf.lines[s.index]
	}
	for _, li := range lines {
		if li.text == "" || li.line == 0 {
			continue
		}
		if l.unit.Text == nil {
			l.unit.Text = make(map[string]map[int]string)
		}
		file := l.paths.resolve(li.file)
		if l.unit.Text[file] == nil {
			l.unit.Text[file] = make(map[int]string)
		}
		l.unit.Text[file][li.line] = li.text
	}
	return &lineTable{lines}
}

// at finds the line that holds at a byte offset of the section, not looking
// back beyond the function that begins at start.
func (t *lineTable) at(start, off uint64) *lineInfo {
	i, _ := slices.BinarySearchFunc(t.lines, off+1, func(li lineInfo, off uint64) int { return cmp.Compare(li.off, off) })
	// i is the first line after off.
	for i--; i >= 0 && t.lines[i].off >= start; i-- {
		if t.lines[i].line > 0 {
			return &t.lines[i]
		}
	}
	return nil
}

// span gives the source position of a byte of a function.
func (l *loader) span(f *function, off uint64) position.Span {
	li := f.line.at(f.off, off)
	if li == nil {
		return position.Span{File: l.name}
	}
	return position.Span{File: l.paths.resolve(li.file), Line: li.line, Col: li.col}
}

// position gives the position of the instruction with index i.
func (lo *lowering) position(i int) *position.Pos {
	return &position.Pos{Span: lo.span(lo.f, lo.f.off+uint64(i)*insnSize), Insn: i + 1}
}

// functionPos is where a function is declared: DWARF says so, or else its
// first instruction, to which compilers give the line of the declaration.
func (l *loader) functionPos(f *function) *position.Pos {
	p := l.dwarf.function(f.fn.Name, l.paths)
	if name, _, clone := strings.Cut(f.fn.Name, "."); p == nil && clone {
		// A copy that the compiler made: "add.constprop.0", "add.1".
		p = l.dwarf.function(name, l.paths)
	}
	if p != nil {
		return &position.Pos{Span: p.Span, Insn: 1}
	}
	return &position.Pos{Span: l.span(f, f.off), Insn: 1}
}
