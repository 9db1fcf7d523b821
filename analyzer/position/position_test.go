package position

import "testing"

func TestCut(t *testing.T) {
	tests := []struct {
		in   string
		span Span
		rest string
		ok   bool
	}{
		{"a/b.c:3:7: no such thing", Span{File: "a/b.c", Line: 3, Col: 7}, "no such thing", true},
		{"a/b.c:3: no such thing", Span{File: "a/b.c", Line: 3}, "no such thing", true},
		{"odd:name.c:3:7: x: y", Span{File: "odd:name.c", Line: 3, Col: 7}, "x: y", true},
		{"no position: here", Span{}, "no position: here", false},
		{"a.c:0: zero", Span{}, "a.c:0: zero", false},
		{":3: x", Span{}, ":3: x", false},
		{"", Span{}, "", false},
	}
	for _, tt := range tests {
		span, rest, ok := Cut(tt.in)
		if span != tt.span || rest != tt.rest || ok != tt.ok {
			t.Errorf("Cut(%q) = %+v, %q, %v", tt.in, span, rest, ok)
		}
	}
}

func TestSpanString(t *testing.T) {
	for want, s := range map[string]Span{
		"a.c": {File: "a.c"}, "a.c:2": {File: "a.c", Line: 2}, "a.c:2:3": {File: "a.c", Line: 2, Col: 3},
	} {
		if got := s.String(); got != want {
			t.Errorf("%+v.String() = %q, want %q", s, got, want)
		}
	}
}
