package suppress

import "bytes"

// language is what the scanner must know about a file to find its comments.
type language int

const (
	langC language = iota
	langGo
)

// comment is one comment by byte offsets, end exclusive.
type comment struct {
	start, end         int
	startLine, endLine int
}

// item is a top-level declaration (a function, a map) by its lines. Those up
// to head are before its opening brace; head is 0 when it has none.
type item struct{ from, head, to int }

// outline is what the directives of a file are placed by.
type outline struct {
	comments []comment
	items    []item
	// code has the lines (from 1) that hold anything but comments and blanks;
	// stmtEnd those on which a statement ends or a block begins.
	code, stmtEnd map[int]bool
}

// scanner walks over a file once. It understands comments, literals,
// preprocessor lines and brackets, and nothing else: it must work on files
// that do not parse.
type scanner struct {
	src  []byte
	lang language
	pos  int
	line int
	out  outline

	braces, parens int
	itemFrom       int  // first line of the current top-level item; 0: none
	itemHead       int  // the line of its opening brace; 0: none so far
	last           byte // last code byte, to tell a function's body from a struct's
	body           bool // the open top-level brace is a function's body
	bol            bool // only blanks so far on this line
}

func scan(src []byte, lang language) outline {
	s := &scanner{src: src, lang: lang, line: 1, bol: true}
	s.out.code, s.out.stmtEnd = map[int]bool{}, map[int]bool{}
	for s.pos < len(s.src) {
		s.step()
	}
	s.endItem()
	return s.out
}

func (s *scanner) peek(n int) byte {
	if s.pos+n < len(s.src) {
		return s.src[s.pos+n]
	}
	return 0
}

func (s *scanner) step() {
	c := s.src[s.pos]
	switch {
	case c == '\n':
		if s.lang == langGo && s.braces == 0 && s.parens == 0 {
			s.endItem()
		}
		s.newline()
	case c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v':
		s.pos++
	case c == '/' && s.peek(1) == '/':
		end := s.lineEnd(s.pos)
		if s.src[end-1] == '\r' {
			end-- // it belongs to the line's end
		}
		s.comment(end)
	case c == '/' && s.peek(1) == '*':
		end := len(s.src)
		if i := bytes.Index(s.src[s.pos+2:], []byte("*/")); i >= 0 {
			end = s.pos + 2 + i + 2
		}
		s.comment(end)
	case c == '#' && s.bol && s.lang == langC:
		s.preprocessor()
	case c == '"' || c == '\'' || c == '`' && s.lang == langGo:
		s.literal(c)
	default:
		s.codeByte(c)
		s.pos++
	}
}

func (s *scanner) newline() {
	s.pos++
	s.line++
	s.bol = true
}

// lineEnd gives the offset of the end of the line that holds off, following
// backslash continuations in C.
func (s *scanner) lineEnd(off int) int {
	for {
		i := bytes.IndexByte(s.src[off:], '\n')
		if i < 0 {
			return len(s.src)
		}
		end := off + i
		text := bytes.TrimSuffix(s.src[off:end], []byte{'\r'})
		if s.lang != langC || !bytes.HasSuffix(text, []byte{'\\'}) {
			return end
		}
		off = end + 1
	}
}

func (s *scanner) comment(end int) {
	c := comment{start: s.pos, end: end, startLine: s.line}
	s.line += bytes.Count(s.src[s.pos:end], []byte{'\n'})
	c.endLine = s.line
	s.out.comments = append(s.out.comments, c)
	s.pos = end
}

// preprocessor steps over a directive's lines: code, but no part of any item.
// A comment at its end is still one.
func (s *scanner) preprocessor() {
	end := s.lineEnd(s.pos)
	for s.pos < end {
		switch c := s.src[s.pos]; {
		case c == '\n':
			s.newline()
		case c == '/' && (s.peek(1) == '/' || s.peek(1) == '*'):
			s.bol = false
			s.step()
			end = max(end, s.pos)
			if s.pos > 0 && s.pos < len(s.src) && s.src[s.pos] != '\n' {
				end = s.lineEnd(s.pos)
			}
		default:
			s.out.code[s.line] = true
			s.pos++
		}
	}
	s.out.stmtEnd[s.line] = true
	s.bol = false
}

func (s *scanner) literal(quote byte) {
	s.codeByte(quote)
	s.pos++
	for s.pos < len(s.src) {
		switch c := s.src[s.pos]; {
		case c == quote:
			s.pos++
			return
		case c == '\\' && quote != '`' && s.pos+1 < len(s.src):
			s.pos++
			if s.src[s.pos] == '\n' {
				s.newline()
				continue
			}
			s.pos++
		case c == '\n':
			if quote != '`' {
				return // not closed: the line's end closes it
			}
			s.newline()
		default:
			s.pos++
		}
	}
}

func (s *scanner) codeByte(c byte) {
	s.bol = false
	s.out.code[s.line] = true
	if s.itemFrom == 0 {
		s.itemFrom = s.line
	}
	switch c {
	case '(', '[':
		s.parens++
	case ')', ']':
		s.parens = max(s.parens-1, 0)
	case '{':
		if s.braces == 0 {
			s.body = s.last == ')' || s.lang == langGo
			if s.itemHead == 0 {
				s.itemHead = s.line
			}
		}
		s.braces++
		s.out.stmtEnd[s.line] = true
	case '}':
		s.braces = max(s.braces-1, 0)
		s.out.stmtEnd[s.line] = true
		if s.braces == 0 {
			s.parens = 0 // brackets that a broken body left open
			if s.body {
				s.endItem()
			}
		}
	case ';':
		if s.parens == 0 {
			s.out.stmtEnd[s.line] = true
			if s.braces == 0 {
				s.endItem()
			}
		}
	}
	s.last = c
}

func (s *scanner) endItem() {
	if s.itemFrom != 0 {
		s.out.items = append(s.out.items, item{s.itemFrom, s.itemHead, s.line})
	}
	s.itemFrom, s.itemHead, s.body = 0, 0, false
}
