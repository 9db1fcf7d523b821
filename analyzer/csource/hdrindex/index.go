// Package hdrindex divides a big header of declarations, such as vmlinux.h, and
// tells which declaration gives a name, without cutting it into tokens: a
// 3 MB header takes a few milliseconds, once a run.
package hdrindex

import (
	"bytes"
	"strings"

	"github.com/bpflockcheck/bpflockcheck/analyzer/csource/cpp"
)

// Span is a declaration: a part of the header's text, from its first byte to
// after its semicolon.
type Span struct{ Off, End uint32 }

// Index is the division of one header. It is immutable.
type Index struct {
	src   string
	decls []Span
	dirs  []cpp.DirectiveAt
	tags  table // struct, union and enum tags that are defined (not just declared)
	names table // typedefs, enumerators, functions and variables
}

// Len is the number of declarations.
func (x *Index) Len() int { return len(x.decls) }

// Decl gives the place of declaration i.
func (x *Index) Decl(i int) Span { return x.decls[i] }

// Directives are the lines that start with #, in order.
func (x *Index) Directives() []cpp.DirectiveAt { return x.dirs }

// Tag calls f for every declaration that defines the struct, union or enum name.
func (x *Index) Tag(name string, f func(decl int)) { x.tags.find(x.src, name, f) }

// Name calls f for every declaration that gives the ordinary identifier name.
func (x *Index) Name(name string, f func(decl int)) { x.names.find(x.src, name, f) }

// table is an open-addressing hash table of names that stand in the text.
type table struct {
	slots []entry
	n     int
}

type entry struct {
	off  uint32
	len  uint32 // 0: empty
	decl int32
	hash uint32
}

func hash(s string) uint32 {
	h := uint32(2166136261)
	for i := 0; i < len(s); i++ {
		h = (h ^ uint32(s[i])) * 16777619
	}
	return h
}

func (t *table) add(src string, off, end int, decl int) {
	if end <= off {
		return
	}
	if t.n*2 >= len(t.slots) {
		t.grow()
	}
	h := hash(src[off:end])
	mask := uint32(len(t.slots) - 1)
	i := h & mask
	for t.slots[i].len != 0 {
		i = (i + 1) & mask
	}
	t.slots[i] = entry{uint32(off), uint32(end - off), int32(decl), h}
	t.n++
}

// reserve makes room for about n names.
func (t *table) reserve(n int) {
	size := 1024
	for size < 2*n {
		size *= 2
	}
	t.slots = make([]entry, size)
}

func (t *table) grow() {
	old := t.slots
	t.slots = make([]entry, max(1024, 2*len(old)))
	mask := uint32(len(t.slots) - 1)
	for _, e := range old {
		if e.len != 0 {
			i := e.hash & mask
			for t.slots[i].len != 0 {
				i = (i + 1) & mask
			}
			t.slots[i] = e
		}
	}
}

func (t *table) find(src, name string, f func(int)) {
	if len(t.slots) == 0 {
		return
	}
	h := hash(name)
	mask := uint32(len(t.slots) - 1)
	for i := h & mask; t.slots[i].len != 0; i = (i + 1) & mask {
		if e := &t.slots[i]; e.hash == h && src[e.off:e.off+e.len] == name {
			f(int(e.decl))
		}
	}
}

var ident, special [256]bool

func init() {
	for c := 0; c < 256; c++ {
		ident[c] = c == '_' || c == '$' || c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z' && c < 128 || c >= 128
	}
	for _, c := range "{};\"'/#(=" {
		special[c] = true
	}
}

// New divides src.
func New(src string) *Index {
	x := &Index{src: src}
	// vmlinux.h has a declaration per 170 bytes, a tag per 300, a name per 80.
	x.decls = make([]Span, 0, len(src)/160)
	x.tags.reserve(len(src) / 256)
	x.names.reserve(len(src) / 64)
	s := scanner{x: x, src: src}
	s.run()
	return x
}

type scanner struct {
	x   *Index
	src string
	pos int
}

// skipTrivia passes over white space, comments and directives, recording the latter.
func (s *scanner) skipTrivia() {
	src := s.src
	for s.pos < len(src) {
		c := src[s.pos]
		switch {
		case c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v' || c == ';':
			s.pos++
		case c == '/' && s.comment():
		case c == '#':
			start := s.pos
			s.pos = s.lineEnd(start)
			s.x.dirs = append(s.x.dirs, cpp.DirectiveAt{Off: uint32(start), End: uint32(s.pos), Before: len(s.x.decls)})
		default:
			return
		}
	}
}

// lineEnd finds the end of the logical line at i, before its newline.
func (s *scanner) lineEnd(i int) int {
	for {
		j := strings.IndexByte(s.src[i:], '\n')
		if j < 0 {
			return len(s.src)
		}
		i += j
		k := i - 1
		if k > 0 && s.src[k] == '\r' {
			k--
		}
		if k < 0 || s.src[k] != '\\' {
			return i
		}
		i++
	}
}

// comment passes over a comment at pos.
func (s *scanner) comment() bool {
	if s.pos+1 >= len(s.src) {
		return false
	}
	switch s.src[s.pos+1] {
	case '*':
		if j := strings.Index(s.src[s.pos+2:], "*/"); j >= 0 {
			s.pos += j + 4
		} else {
			s.pos = len(s.src)
		}
		return true
	case '/':
		s.pos = s.lineEnd(s.pos)
		return true
	}
	return false
}

// literal passes over a string or character constant at pos.
func (s *scanner) literal() {
	q := s.src[s.pos]
	for s.pos++; s.pos < len(s.src); s.pos++ {
		switch s.src[s.pos] {
		case '\\':
			s.pos++
		case q, '\n':
			s.pos++
			return
		}
	}
	s.pos = len(s.src)
}

// run divides the whole header.
func (s *scanner) run() {
	for {
		s.skipTrivia()
		if s.pos >= len(s.src) {
			return
		}
		s.decl()
	}
}

// decl passes over one declaration and enters its names.
func (s *scanner) decl() {
	src := s.src
	start, n := s.pos, len(s.x.decls)
	depth := 0
	headEnd := -1 // of what precedes the first brace
	bodyEnd := -1 // after the last closing brace at depth 0
	assigned, function := false, false
scan:
	for s.pos < len(src) {
		c := src[s.pos]
		if !special[c] {
			s.pos++
			continue
		}
		switch c {
		case '{':
			if depth == 0 && headEnd < 0 {
				headEnd = s.pos
				function = !assigned && s.isFunctionHead(start, s.pos)
			}
			if !function && !assigned {
				kw, ns, ne := s.before(start, s.pos)
				if kw != "" && ne > ns {
					s.x.tags.add(src, ns, ne, n)
				}
				if kw == "enum" {
					s.enumerators(n)
					// enumerators stops at the closing brace.
					if depth == 0 {
						bodyEnd = s.pos
					}
					continue
				}
			}
			depth++
			s.pos++
		case '}':
			s.pos++
			if depth > 0 {
				depth--
			}
			if depth == 0 {
				bodyEnd = s.pos
				if function {
					break scan
				}
			}
		case ';':
			s.pos++
			if depth == 0 {
				break scan
			}
		case '=':
			if depth == 0 {
				assigned = true
			}
			s.pos++
		case '"', '\'':
			s.literal()
		case '/':
			if !s.comment() {
				s.pos++
			}
		case '#':
			// A directive in the midst of a declaration is part of it: the unit is
			// then given the whole of both branches, which the preprocessor sorts
			// out when the declaration is cut into tokens.
			if s.lineStart(s.pos) {
				s.pos = s.lineEnd(s.pos)
			} else {
				s.pos++
			}
		default:
			s.pos++
		}
	}
	s.x.decls = append(s.x.decls, Span{uint32(start), uint32(s.pos)})
	s.declarators(n, start, s.pos, headEnd, bodyEnd, function)
}

func (s *scanner) lineStart(i int) bool {
	for i--; i >= 0; i-- {
		switch s.src[i] {
		case ' ', '\t':
		case '\n':
			return true
		default:
			return false
		}
	}
	return true
}

// isFunctionHead tells whether a brace at end opens a function's body: what
// stands before it ends with a parameter list.
func (s *scanner) isFunctionHead(start, end int) bool {
	i := end - 1
	for i > start && (s.src[i] == ' ' || s.src[i] == '\n' || s.src[i] == '\t') {
		i--
	}
	if i < start || s.src[i] != ')' {
		return false
	}
	head := s.src[start:end]
	// struct __attribute__((packed)) {
	if j := strings.Index(head, "__attribute__"); j >= 0 {
		if k := strings.IndexByte(head, '('); k >= j {
			return false
		}
	}
	return true
}

// before looks at the words before a brace: "struct", "union" or "enum" and a tag.
func (s *scanner) before(start, brace int) (kw string, nameOff, nameEnd int) {
	i := brace
	word := func() (int, int) {
		for i > start && (s.src[i-1] == ' ' || s.src[i-1] == '\n' || s.src[i-1] == '\t') {
			i--
		}
		e := i
		for i > start && ident[s.src[i-1]] {
			i--
		}
		return i, e
	}
	for range 4 {
		o, e := word()
		switch s.src[o:e] {
		case "struct", "union", "enum":
			return s.src[o:e], nameOff, nameEnd
		case "":
			// An attribute between the keyword and the tag, or before the brace.
			if i > start && s.src[i-1] == ')' {
				depth := 0
				for i > start {
					i--
					if s.src[i] == ')' {
						depth++
					} else if s.src[i] == '(' {
						if depth--; depth == 0 {
							break
						}
					}
				}
				word() // __attribute__
				continue
			}
			return "", 0, 0
		default:
			nameOff, nameEnd = o, e
		}
	}
	return "", 0, 0
}

// enumerators enters the names of the enum body at pos and passes over it.
func (s *scanner) enumerators(decl int) {
	src := s.src
	s.pos++
	want, depth := true, 0
	for s.pos < len(src) {
		c := src[s.pos]
		switch {
		case c == '}':
			s.pos++
			return
		case c == '/' && s.comment():
			continue
		case c == '"' || c == '\'':
			s.literal()
			continue
		case c == '(':
			depth++
		case c == ')':
			depth--
		case c == ',' && depth == 0:
			want = true
		case ident[c]:
			o := s.pos
			for s.pos < len(src) && ident[src[s.pos]] {
				s.pos++
			}
			if want {
				s.x.names.add(src, o, s.pos, decl)
				want = false
			}
			continue
		}
		s.pos++
	}
}

// declarators enters the typedef names, functions and variables of a declaration.
func (s *scanner) declarators(n, start, end, headEnd, bodyEnd int, function bool) {
	src := s.src
	text := src[start:end]
	isTypedef := strings.HasPrefix(text, "typedef")
	from := start
	switch {
	case function:
		end = headEnd
	case bodyEnd >= 0 && headEnd >= 0 && !hasAssign(src[start:headEnd]):
		from = bodyEnd // after the struct's body
	}
	if from == bodyEnd && !isTypedef && strings.TrimLeft(src[from:end], " \n\t;") == "" {
		return
	}
	o, e := declared(src, from, end)
	if o == tagOf(text)+start && !isTypedef {
		return // struct x;
	}
	if e > o {
		s.x.names.add(src, o, e, n)
	}
	// Further declarators: typedef int a, b; are rare in such headers but legal.
	for depth, i := 0, from; i < end && e > o; i++ {
		switch src[i] {
		case '(', '[', '{':
			depth++
		case ')', ']', '}':
			depth--
		case ',':
			if depth == 0 && i >= e {
				o2, e2 := declared(src, i+1, end)
				s.x.names.add(src, o2, e2, n)
			}
		}
	}
}

// tagOf gives where the tag stands in a declaration that starts with struct, union
// or enum, or -1.
func tagOf(text string) int {
	for _, kw := range []string{"struct", "union", "enum"} {
		if strings.HasPrefix(text, kw) {
			i := len(kw)
			for i < len(text) && (text[i] == ' ' || text[i] == '\t' || text[i] == '\n') {
				i++
			}
			if i > len(kw) {
				return i
			}
		}
	}
	return -1
}

func hasAssign(s string) bool { return strings.IndexByte(s, '=') >= 0 }

// declared finds the name that the declarator in src[from:end] declares: the
// identifier before the first of ( [ ; , = that is not an attribute, or the one
// inside (*name).
func declared(src string, from, end int) (int, int) {
	lo, le := 0, 0
	for i := from; i < end; {
		c := src[i]
		switch {
		case ident[c]:
			j := i
			for j < end && ident[src[j]] {
				j++
			}
			switch src[i:j] {
			case "__attribute__", "__attribute", "__aligned", "__typeof__", "typeof":
				i = skipParens(src, j, end)
				continue
			case "const", "volatile", "__restrict", "restrict":
			default:
				lo, le = i, j
			}
			i = j
		case c == '/' && i+1 < end && src[i+1] == '*':
			if k := strings.Index(src[i+2:end], "*/"); k >= 0 {
				i += k + 4
			} else {
				i = end
			}
		case c == '(':
			// (*name)(...) or (name)(...): go inside; f(...): name found.
			k := i + 1
			for k < end && (src[k] == ' ' || src[k] == '*' || src[k] == '\n') {
				k++
			}
			if k > i+1 && strings.IndexByte(src[i+1:k], '*') >= 0 {
				return declared(src, k, end)
			}
			return lo, le
		case c == ')' || c == '[' || c == ';' || c == ',' || c == '=' || c == ':':
			return lo, le
		default:
			i++
		}
	}
	return lo, le
}

func skipParens(src string, i, end int) int {
	for i < end && (src[i] == ' ' || src[i] == '\n' || src[i] == '\t') {
		i++
	}
	if i >= end || src[i] != '(' {
		return i
	}
	depth := 0
	for ; i < end; i++ {
		switch src[i] {
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
	return end
}

// LooksLikeDeclarations tells whether src, a header's content, is one that pays
// to divide: large, and with few directives for its size.
func LooksLikeDeclarations(src string) bool {
	const large = 400 << 10
	if len(src) < large {
		return false
	}
	head := src[:min(len(src), 64<<10)]
	lines := strings.Count(head, "\n") + 1
	directives := 0
	for rest := []byte(head); ; {
		i := bytes.Index(rest, []byte("\n#"))
		if i < 0 {
			break
		}
		directives++
		rest = rest[i+2:]
	}
	return directives*20 < lines
}
