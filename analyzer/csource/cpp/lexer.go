package cpp

import (
	"strings"
	"unicode/utf8"
)

// lexed is a file in tokens, with the places of its directives.
type lexed struct {
	toks []Token
	// dirs holds the indices of the # tokens that start a directive.
	dirs []int32
	// guard is the macro whose #ifndef encloses the whole file, or "".
	guard string
	// unterminated is the offset of a comment without an end, plus one.
	unterminated uint32
}

const (
	cSpace = 1 << iota
	cIdent
	cDigit
)

var class [256]uint8

func init() {
	for _, c := range " \t\f\v\r" {
		class[c] = cSpace
	}
	for c := 'a'; c <= 'z'; c++ {
		class[c] = cIdent
		class[c-32] = cIdent
	}
	class['_'], class['$'] = cIdent, cIdent
	for c := '0'; c <= '9'; c++ {
		class[c] = cDigit
	}
	for c := utf8.RuneSelf; c < 256; c++ {
		class[c] = cIdent // letters of other scripts, taken as they are
	}
}

// lexFile cuts a whole file into tokens.
func lexFile(f *File) lexed {
	var r lexed
	l := lexer{file: f, src: f.Src, bol: true}
	if strings.HasPrefix(l.src, "\uFEFF") {
		l.pos = 3
	}
	r.toks = make([]Token, 0, len(f.Src)/8+8)
	for {
		t, ok := l.next()
		if !ok {
			break
		}
		if t.Flags&BOL != 0 && t.Kind == Punct && t.Text == "#" {
			r.dirs = append(r.dirs, int32(len(r.toks)))
			l.directive = 1
		}
		r.toks = append(r.toks, t)
	}
	r.unterminated = l.unterminated
	r.guard = findGuard(&r)
	return r
}

// Lex cuts a piece of a file, from off to end, into tokens; it knows no directives.
func Lex(f *File, off, end uint32, dst []Token) []Token {
	l := lexer{file: f, src: f.Src[:end], pos: int(off)}
	for {
		t, ok := l.next()
		if !ok {
			return dst
		}
		dst = append(dst, t)
	}
}

// findGuard recognises #ifndef X / #define X / ... / #endif around a whole file.
func findGuard(r *lexed) string {
	t := r.toks
	if len(r.dirs) < 2 || r.dirs[0] != 0 || len(t) < 3 || t[1].Text != "ifndef" || t[2].Kind != Ident {
		return ""
	}
	depth := 0
	for n, i := range r.dirs {
		if int(i)+1 >= len(t) {
			return ""
		}
		switch t[i+1].Text {
		case "if", "ifdef", "ifndef":
			depth++
		case "else", "elif", "elifdef", "elifndef":
			if depth == 1 {
				return ""
			}
		case "endif":
			if depth--; depth == 0 {
				if n != len(r.dirs)-1 {
					return ""
				}
				for j := int(i) + 2; j < len(t); j++ {
					if t[j].Flags&BOL != 0 {
						return ""
					}
				}
				return t[2].Text
			}
		}
	}
	return ""
}

type lexer struct {
	file *File
	src  string
	pos  int
	bol  bool
	// directive is 1 after the # of a directive, 2 after include: then < starts
	// a header's name.
	directive    int
	unterminated uint32
}

// splice returns the length of a backslash and newline at i, or 0.
func (l *lexer) splice(i int) int {
	if i+1 < len(l.src) && l.src[i] == '\\' {
		if l.src[i+1] == '\n' {
			return 2
		}
		if l.src[i+1] == '\r' && i+2 < len(l.src) && l.src[i+2] == '\n' {
			return 3
		}
		// GNU: white space between the backslash and the newline.
		for j := i + 1; j < len(l.src) && (l.src[j] == ' ' || l.src[j] == '\t' || l.src[j] == '\r' || l.src[j] == '\n'); j++ {
			if l.src[j] == '\n' {
				return j - i + 1
			}
		}
	}
	return 0
}

// skip passes over white space and comments. ok is false at the end.
func (l *lexer) skip() (space, ok bool) {
	src := l.src
	i := l.pos
	for i < len(src) {
		c := src[i]
		switch {
		case class[c]&cSpace != 0:
			i++
			space = true
		case c == '\n':
			i++
			l.bol, space, l.directive = true, true, 0
		case c == '\\':
			n := l.splice(i)
			if n == 0 {
				l.pos = i
				return space, true
			}
			i += n
			space = true
		case c == '/' && i+1 < len(src) && src[i+1] == '/':
			space = true
			for {
				j := strings.IndexByte(src[i:], '\n')
				if j < 0 {
					i = len(src)
					break
				}
				i += j
				k := i - 1
				if src[k] == '\r' {
					k--
				}
				if src[k] != '\\' {
					break
				}
				i++ // the comment goes on in the next line
			}
		case c == '/' && i+1 < len(src) && src[i+1] == '*':
			space = true
			j := strings.Index(src[i+2:], "*/")
			if j < 0 {
				l.unterminated = uint32(i) + 1
				i = len(src)
				break
			}
			i += j + 4
		default:
			l.pos = i
			return space, true
		}
	}
	l.pos = i
	return space, false
}

// next gives the next token; ok is false at the end.
func (l *lexer) next() (t Token, ok bool) {
	space, ok := l.skip()
	if !ok {
		return t, false
	}
	t.File, t.Off = l.file, uint32(l.pos)
	if l.bol {
		t.Flags = BOL | Space
		l.bol = false
	} else if space {
		t.Flags = Space
	}
	src, i := l.src, l.pos
	c := src[i]
	switch cl := class[c]; {
	case cl&cIdent != 0:
		j := i + 1
		for j < len(src) && class[src[j]]&(cIdent|cDigit) != 0 {
			j++
		}
		if j < len(src) && (src[j] == '"' || src[j] == '\'') && j-i <= 2 {
			switch src[i:j] {
			case "L", "u", "U", "u8":
				return l.literal(t, j)
			}
		}
		t.Kind = Ident
		if j < len(src) && src[j] == '\\' && l.splice(j) > 0 {
			return l.spliced(t, j, cIdent|cDigit), true
		}
		t.Text = src[i:j]
		l.pos = j
		if l.directive == 1 && (t.Text == "include" || t.Text == "include_next" || t.Text == "import") {
			l.directive = 2
			return t, true
		}
	case cl&cDigit != 0, c == '.' && i+1 < len(src) && class[src[i+1]]&cDigit != 0:
		t.Kind = Number
		j := i + 1
		for j < len(src) {
			d := src[j]
			if (d == '+' || d == '-') && (src[j-1]|0x20 == 'e' || src[j-1]|0x20 == 'p') && !isHexInt(src[i:j]) {
				j++
			} else if class[d]&(cIdent|cDigit) != 0 || d == '.' {
				j++
			} else {
				break
			}
		}
		if j < len(src) && src[j] == '\\' && l.splice(j) > 0 {
			return l.spliced(t, j, cIdent|cDigit), true
		}
		t.Text = src[i:j]
		l.pos = j
	case c == '"' || c == '\'':
		if c == '"' && l.directive == 2 {
			l.directive = 0
			if j := strings.IndexAny(src[i+1:], "\"\n"); j >= 0 && src[i+1+j] == '"' {
				t.Kind, t.Text, l.pos = HeaderName, src[i:i+j+2], i+j+2
				return t, true
			}
		}
		return l.literal(t, i)
	case c == '<' && l.directive == 2:
		l.directive = 0
		if j := strings.IndexAny(src[i:], ">\n"); j >= 0 && src[i+j] == '>' {
			t.Kind, t.Text, l.pos = HeaderName, src[i:i+j+1], i+j+1
			return t, true
		}
		fallthrough
	default:
		n := l.punct(i)
		if n == 0 {
			t.Kind = Other
			n = 1
		} else {
			t.Kind = Punct
		}
		t.Text = src[i : i+n]
		l.pos = i + n
		if c == '#' {
			return t, true // keeps the directive state
		}
	}
	l.directive = 0
	return t, true
}

// isHexInt reports whether a number in the making is hexadecimal without an
// exponent, so that 0x1e+2 is an addition. (The standard says otherwise; all
// compilers complain then, and kernel code does not rely on it.)
func isHexInt(s string) bool {
	return len(s) > 2 && s[0] == '0' && s[1]|0x20 == 'x' && s[len(s)-1]|0x20 == 'e'
}

// spliced finishes a token that holds a line splice at j.
func (l *lexer) spliced(t Token, j int, cl uint8) Token {
	b := []byte(l.src[l.pos:j])
	for j < len(l.src) {
		if class[l.src[j]]&cl != 0 {
			b = append(b, l.src[j])
			j++
		} else if n := l.splice(j); n > 0 {
			j += n
		} else {
			break
		}
	}
	t.Text, l.pos = string(b), j
	l.directive = 0
	return t
}

// literal scans a string or character constant whose quote is at q.
func (l *lexer) literal(t Token, q int) (Token, bool) {
	l.directive = 0
	src := l.src
	quote := src[q]
	hasSplice := false
	for j := q + 1; j < len(src); j++ {
		switch src[j] {
		case '\\':
			if n := l.splice(j); n > 0 {
				hasSplice = true
				j += n - 1
			} else {
				j++
			}
		case '\n':
			t.Kind, t.Text, l.pos = Other, src[l.pos:q+1], q+1
			return t, true
		case quote:
			t.Kind, t.Text = String, src[l.pos:j+1]
			if quote == '\'' {
				t.Kind = Char
			}
			if hasSplice {
				t.Text = strings.NewReplacer("\\\n", "", "\\\r\n", "").Replace(t.Text)
			}
			l.pos = j + 1
			return t, true
		}
	}
	t.Kind, t.Text, l.pos = Other, src[l.pos:q+1], q+1
	return t, true
}

// punct gives the length of the punctuator at i, or 0.
func (l *lexer) punct(i int) int {
	src := l.src
	c := src[i]
	var d, e byte
	if i+1 < len(src) {
		d = src[i+1]
	}
	if i+2 < len(src) {
		e = src[i+2]
	}
	switch c {
	case '(', ')', '[', ']', '{', '}', ';', ',', '?', '~', ':', '@':
		return 1
	case '.':
		if d == '.' && e == '.' {
			return 3
		}
		return 1
	case '#':
		if d == '#' {
			return 2
		}
		return 1
	case '<', '>':
		if d == c {
			if e == '=' {
				return 3
			}
			return 2
		}
		if d == '=' {
			return 2
		}
		return 1
	case '+', '&', '|':
		if d == c || d == '=' {
			return 2
		}
		return 1
	case '-':
		if d == '-' || d == '=' || d == '>' {
			return 2
		}
		return 1
	case '*', '/', '%', '^', '!', '=':
		if d == '=' {
			return 2
		}
		return 1
	}
	return 0
}
