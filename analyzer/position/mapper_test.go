package position

import (
	"bytes"
	"testing"
)

func TestMapperColumns(t *testing.T) {
	// ä is two bytes and one UTF-16 unit, 😀 four bytes and two units; \xff is
	// no UTF-8 at all.
	m := NewMapper([]byte("plain\r\nä😀x\n\xff!"))
	tests := []struct {
		line, col, utf16 int
	}{
		{1, 1, 0}, {1, 6, 5},
		{2, 1, 0}, {2, 3, 1}, {2, 7, 3}, {2, 8, 4},
		{3, 1, 0}, {3, 2, 1}, {3, 3, 2},
	}
	for _, tt := range tests {
		if got := m.UTF16Col(tt.line, tt.col); got != tt.utf16 {
			t.Errorf("UTF16Col(%d, %d) = %d, want %d", tt.line, tt.col, got, tt.utf16)
		}
		if got := m.ByteCol(tt.line, tt.utf16); got != tt.col {
			t.Errorf("ByteCol(%d, %d) = %d, want %d", tt.line, tt.utf16, got, tt.col)
		}
	}
	if got := m.ByteCol(2, 2); got != 3 {
		t.Errorf("ByteCol within a surrogate pair = %d, want its start, 3", got)
	}
}

func TestMapperLines(t *testing.T) {
	m := NewMapper([]byte("a\r\nbc\n"))
	for line, want := range []string{"", "a", "bc", "", ""} {
		if got := string(m.Line(line)); got != want {
			t.Errorf("Line(%d) = %q, want %q", line, got, want)
		}
	}
	if m.Lines() != 3 {
		t.Errorf("Lines() = %d, want 3", m.Lines())
	}
}

func FuzzMapper(f *testing.F) {
	f.Add([]byte("a\r\nbc\n"), 2, 3)
	f.Add([]byte(""), 0, 0)
	f.Add([]byte("\xf0\x9f\x98"), 1, 3)
	f.Fuzz(func(t *testing.T, content []byte, line, col int) {
		m := NewMapper(content)
		off, ok := m.Offset(line, col)
		if off < 0 || off > len(content) {
			t.Fatalf("Offset(%d, %d) = %d is outside the contents", line, col, off)
		}
		if ok {
			if l, c := m.LineCol(off); l != line || c != col {
				t.Errorf("LineCol(Offset(%d, %d)) = %d, %d", line, col, l, c)
			}
		}
		m.ByteCol(line, col)
		m.UTF16Col(line, col)
		if bytes.Contains(content, []byte("\r")) {
			return // the lines leave a \r of their ending out
		}
		var lines [][]byte
		for i := 1; i <= m.Lines(); i++ {
			lines = append(lines, m.Line(i))
		}
		if joined := bytes.Join(lines, []byte("\n")); !bytes.Equal(joined, content) {
			t.Errorf("lines do not add up to the contents: %q, want %q", joined, content)
		}
	})
}
