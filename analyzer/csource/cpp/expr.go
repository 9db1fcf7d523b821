package cpp

import (
	"math/bits"
	"strconv"
	"strings"
)

// isDefined tells whether #ifdef takes name.
func (p *Preprocessor) isDefined(name string) bool {
	if p.macros[name] != nil {
		return true
	}
	switch name {
	case "__has_include", "__has_include_next", "__has_builtin", "__has_attribute",
		"__has_feature", "__has_extension", "__has_declspec_attribute", "__has_c_attribute", "__has_warning":
		return true
	}
	return false
}

// condition evaluates the operand of #if and #elif.
func (p *Preprocessor) condition(dir Token, line []Token) bool {
	if len(line) == 0 {
		p.problem(dir, "#%s with no expression", dir.Text)
		return false
	}
	// defined and its like come before expansion.
	toks := make([]Token, 0, len(line))
	num := func(at Token, v bool) {
		at.Kind, at.Text = Number, "0"
		if v {
			at.Text = "1"
		}
		toks = append(toks, at)
	}
	for i := 0; i < len(line); i++ {
		t := line[i]
		if t.Kind != Ident {
			toks = append(toks, t)
			continue
		}
		switch t.Text {
		case "defined":
			j := i + 1
			paren := j < len(line) && line[j].Is("(")
			if paren {
				j++
			}
			if j >= len(line) || line[j].Kind != Ident || paren && (j+1 >= len(line) || !line[j+1].Is(")")) {
				p.problem(t, `operator "defined" requires an identifier`)
				return false
			}
			num(t, p.isDefined(line[j].Text))
			if i = j; paren {
				i++
			}
		case "__has_include", "__has_include_next":
			end := closing(line, i+1)
			if end < 0 {
				p.problem(t, "%s requires a header name in parentheses", t.Text)
				return false
			}
			arg := line[i+2 : end]
			num(t, p.hasInclude(t, arg))
			i = end
		case "__has_builtin", "__has_attribute", "__has_feature", "__has_extension",
			"__has_declspec_attribute", "__has_c_attribute", "__has_warning":
			end := closing(line, i+1)
			if end < 0 {
				p.problem(t, "%s requires an argument in parentheses", t.Text)
				return false
			}
			num(t, has(t.Text, line[i+2:end]))
			i = end
		default:
			toks = append(toks, t)
		}
	}
	toks, err := p.Expand(toks, p.macros, nil)
	if err != nil {
		panic(limitPanic{err})
	}
	e := evaluator{p: p, toks: toks, at: dir}
	v := e.ternary()
	if !e.failed && e.pos < len(e.toks) {
		e.fail("missing binary operator before " + quote(e.toks[e.pos].Text))
	}
	return !e.failed && v.n != 0
}

// hasInclude answers __has_include and __has_include_next.
func (p *Preprocessor) hasInclude(op Token, arg []Token) bool {
	name, quoted, ok := p.headerName(joinHeader(arg))
	if !ok {
		return false
	}
	from := op.File
	if n := len(p.incl); n > 0 {
		from = p.incl[n-1].file
	}
	f, _ := p.res.Resolve(name, quoted, op.Text == "__has_include_next", from)
	return f != nil
}

// joinHeader makes one header name of < a / b . h >.
func joinHeader(arg []Token) []Token {
	if len(arg) > 2 && arg[0].Is("<") && arg[len(arg)-1].Is(">") {
		first, last := arg[0], arg[len(arg)-1]
		if first.File != nil && first.File == last.File && last.Off > first.Off {
			first.Kind, first.Text = HeaderName, first.File.Src[first.Off:last.Off+1]
			return []Token{first}
		}
	}
	return arg
}

// closing finds the parenthesis that closes the one at i, or -1.
func closing(line []Token, i int) int {
	if i >= len(line) || !line[i].Is("(") {
		return -1
	}
	depth := 0
	for ; i < len(line); i++ {
		if line[i].Is("(") {
			depth++
		} else if line[i].Is(")") {
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return -1
}

// has answers __has_builtin and its like as clang does for the bpf target, as
// far as headers ask.
func has(op string, arg []Token) bool {
	if len(arg) == 0 {
		return false
	}
	n := arg[0].Text
	switch op {
	case "__has_builtin":
		return strings.HasPrefix(n, "__builtin_") || strings.HasPrefix(n, "__sync_") || strings.HasPrefix(n, "__atomic_") || strings.HasPrefix(n, "__c11_atomic_")
	case "__has_attribute":
		switch strings.Trim(n, "_") {
		case "section", "aligned", "packed", "always_inline", "noinline", "unused", "used", "weak", "btf_decl_tag",
			"btf_type_tag", "preserve_access_index", "preserve_static_offset", "fallthrough", "address_space", "naked", "deprecated", "visibility", "cleanup", "noreturn", "format":
			return true
		}
	case "__has_feature", "__has_extension":
		switch n {
		case "c_static_assert", "c_generic_selections", "c_atomic", "c_alignas":
			return true
		}
	}
	return false
}

// ppInt is a value in #if: 64 bits, signed or not.
type ppInt struct {
	n        uint64
	unsigned bool
}

type evaluator struct {
	p      *Preprocessor
	toks   []Token
	pos    int
	at     Token
	failed bool
	dead   int // > 0 in an operand that is not evaluated
	depth  int
}

func (e *evaluator) fail(msg string) ppInt {
	if !e.failed {
		e.failed = true
		e.p.problem(e.at, "in #%s: %s", e.at.Text, msg)
	}
	return ppInt{}
}

func (e *evaluator) accept(s string) bool {
	if e.pos < len(e.toks) && e.toks[e.pos].Is(s) {
		e.pos++
		return true
	}
	return false
}

func (e *evaluator) ternary() ppInt {
	if e.depth++; e.depth > 1000 {
		return e.fail("expression is nested too deeply")
	}
	defer func() { e.depth-- }()
	c := e.binary(0)
	if !e.accept("?") {
		return c
	}
	if c.n == 0 {
		e.dead++
	}
	a := e.ternary()
	if c.n == 0 {
		e.dead--
	}
	if !e.accept(":") {
		return e.fail("missing ':'")
	}
	if c.n != 0 {
		e.dead++
	}
	b := e.ternary()
	if c.n != 0 {
		e.dead--
	}
	r := b
	if c.n != 0 {
		r = a
	}
	r.unsigned = a.unsigned || b.unsigned
	return r
}

var precedence = map[string]int{
	"||": 1, "&&": 2, "|": 3, "^": 4, "&": 5, "==": 6, "!=": 6,
	"<": 7, ">": 7, "<=": 7, ">=": 7, "<<": 8, ">>": 8, "+": 9, "-": 9, "*": 10, "/": 10, "%": 10,
}

func (e *evaluator) binary(min int) ppInt {
	l := e.unary()
	for !e.failed && e.pos < len(e.toks) {
		op := e.toks[e.pos].Text
		prec := precedence[op]
		if prec == 0 || prec <= min || e.toks[e.pos].Kind != Punct {
			break
		}
		e.pos++
		skip := op == "||" && l.n != 0 || op == "&&" && l.n == 0
		if skip {
			e.dead++
		}
		r := e.binary(prec)
		if skip {
			e.dead--
		}
		l = e.apply(op, l, r)
	}
	return l
}

func (e *evaluator) apply(op string, l, r ppInt) ppInt {
	u := l.unsigned || r.unsigned
	b := func(v bool) ppInt {
		if v {
			return ppInt{n: 1}
		}
		return ppInt{}
	}
	less := func(x, y ppInt) bool {
		if u {
			return x.n < y.n
		}
		return int64(x.n) < int64(y.n)
	}
	switch op {
	case "||":
		return b(l.n != 0 || r.n != 0)
	case "&&":
		return b(l.n != 0 && r.n != 0)
	case "|":
		return ppInt{l.n | r.n, u}
	case "^":
		return ppInt{l.n ^ r.n, u}
	case "&":
		return ppInt{l.n & r.n, u}
	case "==":
		return b(l.n == r.n)
	case "!=":
		return b(l.n != r.n)
	case "<":
		return b(less(l, r))
	case ">":
		return b(less(r, l))
	case "<=":
		return b(!less(r, l))
	case ">=":
		return b(!less(l, r))
	case "<<":
		return ppInt{l.n << (r.n & 63), l.unsigned}
	case ">>":
		if l.unsigned {
			return ppInt{l.n >> (r.n & 63), true}
		}
		return ppInt{uint64(int64(l.n) >> (r.n & 63)), false}
	case "+":
		return ppInt{l.n + r.n, u}
	case "-":
		return ppInt{l.n - r.n, u}
	case "*":
		_, lo := bits.Mul64(l.n, r.n)
		return ppInt{lo, u}
	}
	// / and %
	if r.n == 0 {
		if e.dead > 0 {
			return ppInt{0, u}
		}
		return e.fail("division by zero")
	}
	switch {
	case u && op == "/":
		return ppInt{l.n / r.n, u}
	case u:
		return ppInt{l.n % r.n, u}
	case r.n == ^uint64(0): // by -1: avoids the overflow trap
		if op == "/" {
			return ppInt{-l.n, false}
		}
		return ppInt{}
	case op == "/":
		return ppInt{uint64(int64(l.n) / int64(r.n)), false}
	}
	return ppInt{uint64(int64(l.n) % int64(r.n)), false}
}

func (e *evaluator) unary() ppInt {
	if e.failed {
		return ppInt{}
	}
	if e.depth++; e.depth > 1000 {
		return e.fail("expression is nested too deeply")
	}
	defer func() { e.depth-- }()
	if e.pos >= len(e.toks) {
		return e.fail("expression ends too early")
	}
	t := e.toks[e.pos]
	e.pos++
	switch t.Kind {
	case Number:
		return e.number(t.Text)
	case Char:
		return ppInt{n: uint64(charValue(t.Text))}
	case Ident:
		// Unknown names are 0.
		if e.pos < len(e.toks) && e.toks[e.pos].Is("(") {
			if end := closing(e.toks, e.pos); end > 0 {
				if strings.HasPrefix(t.Text, "__has_") { // from a macro
					arg := e.toks[e.pos+1 : end]
					e.pos = end + 1
					ok := has(t.Text, arg)
					if strings.HasPrefix(t.Text, "__has_include") {
						ok = e.p.hasInclude(t, arg)
					}
					if ok {
						return ppInt{n: 1}
					}
					return ppInt{}
				}
				return e.fail("function-like macro " + quote(t.Text) + " is not defined")
			}
		}
		if t.Text == "true" {
			return ppInt{n: 1}
		}
		return ppInt{}
	case Punct:
		switch t.Text {
		case "(":
			v := e.ternary()
			if !e.accept(")") {
				return e.fail("missing ')'")
			}
			return v
		case "!":
			if e.unary().n == 0 {
				return ppInt{n: 1}
			}
			return ppInt{}
		case "~":
			v := e.unary()
			v.n = ^v.n
			return v
		case "-":
			v := e.unary()
			v.n = -v.n
			return v
		case "+":
			return e.unary()
		}
	}
	return e.fail("token " + quote(t.Text) + " is not valid in preprocessor expressions")
}

func (e *evaluator) number(s string) ppInt {
	digits := strings.TrimRight(s, "uUlLzZ")
	suffix := s[len(digits):]
	digits = strings.ReplaceAll(digits, "'", "")
	base := 10
	switch {
	case len(digits) > 2 && digits[0] == '0' && digits[1]|0x20 == 'x':
		base, digits = 16, digits[2:]
	case len(digits) > 2 && digits[0] == '0' && digits[1]|0x20 == 'b':
		base, digits = 2, digits[2:]
	case len(digits) > 1 && digits[0] == '0':
		base, digits = 8, digits[1:]
	}
	n, err := strconv.ParseUint(digits, base, 64)
	if err != nil {
		return e.fail("invalid integer constant " + quote(s))
	}
	return ppInt{n, strings.ContainsAny(suffix, "uU") || n > 1<<63-1}
}

// charValue is the value of a character constant, of one character.
func charValue(s string) int64 {
	s = strings.TrimLeft(s, "LuU8")
	if len(s) < 3 {
		return 0
	}
	s = s[1 : len(s)-1]
	if s[0] == '\\' {
		if r, _, _, err := strconv.UnquoteChar(s, '\''); err == nil {
			return int64(int8(r))
		}
		if n, err := strconv.ParseUint(s[1:], 8, 8); err == nil {
			return int64(int8(n))
		}
		return 0
	}
	return int64(int8(s[0]))
}
