package cpp

import (
	"strconv"
	"strings"
)

var dynamicMacros = map[string]*Macro{}

func init() {
	dyn := func(name string, f func(p *Preprocessor, at Token) (Kind, string)) {
		dynamicMacros[name] = &Macro{Name: name, dynamic: f, File: &File{Path: "<predefined>", Builtin: true}}
	}
	dyn("__FILE__", func(p *Preprocessor, at Token) (Kind, string) {
		f, _ := p.place(at)
		return String, strconv.Quote(f.Path)
	})
	dyn("__BASE_FILE__", func(p *Preprocessor, at Token) (Kind, string) {
		return String, strconv.Quote(p.out.Files[0].Path)
	})
	dyn("__FILE_NAME__", func(p *Preprocessor, at Token) (Kind, string) {
		f, _ := p.place(at)
		return String, strconv.Quote(f.Path[strings.LastIndexByte(f.Path, '/')+1:])
	})
	dyn("__LINE__", func(p *Preprocessor, at Token) (Kind, string) {
		f, off := p.place(at)
		line, _ := f.Position(off)
		return Number, strconv.Itoa(line)
	})
	dyn("__COUNTER__", func(p *Preprocessor, _ Token) (Kind, string) {
		p.count++
		return Number, strconv.Itoa(p.count - 1)
	})
	dyn("__INCLUDE_LEVEL__", func(p *Preprocessor, _ Token) (Kind, string) {
		return Number, strconv.Itoa(len(p.incl) - 1)
	})
	// Fixed, so that results do not depend on when they are made.
	dyn("__DATE__", func(*Preprocessor, Token) (Kind, string) { return String, `"Jan  1 1970"` })
	dyn("__TIME__", func(*Preprocessor, Token) (Kind, string) { return String, `"00:00:00"` })
}

// expanded gives the next token after macro expansion.
func (p *Preprocessor) expanded() Token {
	for {
		t := p.next()
		if t.Kind != Ident || t.Flags&noExpand != 0 {
			return t
		}
		m := p.macros[t.Text]
		if m == nil {
			if t.Text == "_Pragma" && p.peekParen() {
				p.dropPragma()
				continue
			}
			return t
		}
		if p.disabled(m) {
			t.Flags |= noExpand
			return t
		}
		if m.FuncLike && !p.peekParen() {
			return t
		}
		p.step(1+len(m.Body), t)
		if m.dynamic != nil {
			exp := p.expansion(t, m, Token{})
			t.Kind, t.Text = m.dynamic(p, t)
			t.Exp = exp
			return t
		}
		if !m.FuncLike {
			exp := p.expansion(t, m, Token{})
			p.push(source{toks: p.substitute(m, nil, t, exp), macro: m})
			continue
		}
		args, rparen, ok := p.arguments(m, t)
		if !ok {
			// The arguments do not end: read on as if this were no macro, so that
			// only the declaration around it is lost.
			t.Flags |= noExpand
			return t
		}
		exp := p.expansion(t, m, rparen)
		toks := p.substitute(m, args, t, exp)
		p.push(source{toks: toks, macro: m})
	}
}

// dropPragma reads over the operand of _Pragma.
func (p *Preprocessor) dropPragma() {
	depth := 0
	for {
		t := p.next()
		switch {
		case t.Kind == EOF:
			return
		case t.Is("("):
			depth++
		case t.Is(")"):
			if depth--; depth == 0 {
				return
			}
		}
	}
}

// expansion records the use of m at name and gives its number plus one. A use
// inside another macro's body belongs to that macro's use.
func (p *Preprocessor) expansion(name Token, m *Macro, rparen Token) int32 {
	if name.Exp != 0 {
		return name.Exp
	}
	e := Expansion{File: name.File, Off: name.Off, End: name.Off + uint32(len(name.Text)), Macro: m}
	if rparen.File == name.File && rparen.Exp == 0 && rparen.Off > e.End {
		e.End = rparen.Off + 1
	}
	p.out.Expansions = append(p.out.Expansions, e)
	return int32(len(p.out.Expansions))
}

// arguments reads the arguments of a use of m at name.
func (p *Preprocessor) arguments(m *Macro, name Token) (args [][]Token, rparen Token, ok bool) {
	floor := p.floor
	p.floor = len(p.incl)
	restore := p.checkpoint()
	defer func() {
		p.floor = floor
		if !ok {
			restore()
			p.problem(name, "unterminated argument list invoking macro %q", name.Text)
		}
	}()
	p.next() // (
	depth := 0
	var cur []Token
	for {
		t := p.next()
		if t.Kind == EOF {
			return nil, t, false
		}
		p.step(1, name)
		if t.Kind == HeaderRef {
			// Declarations of an included header in the midst of arguments: no
			// sane program does this.
			continue
		}
		if t.Flags&BOL != 0 {
			t.Flags = t.Flags&^BOL | Space
		}
		if t.Kind == Punct && len(t.Text) == 1 {
			switch t.Text[0] {
			case '(':
				depth++
			case ')':
				if depth == 0 {
					args = append(args, cur)
					return p.checkArgs(m, name, args, t)
				}
				depth--
			case ',':
				if depth == 0 && (!m.Variadic || len(args) < len(m.Params)-1) {
					args = append(args, cur)
					cur = nil
					continue
				}
			}
		}
		cur = append(cur, t)
	}
}

// checkpoint gives a function that goes back to this place of the input. Macro
// bodies that are already read to their end are not brought back.
func (p *Preprocessor) checkpoint() func() {
	problems, depth, stack := len(p.out.Problems), len(p.incl), len(p.stack)
	var top include
	if depth > 0 {
		top = *p.incl[depth-1]
		top.conds = append([]cond(nil), top.conds...)
	}
	pos := 0
	if stack > 0 {
		pos = p.stack[stack-1].pos
	}
	return func() {
		p.out.Problems = p.out.Problems[:problems]
		if depth > 0 {
			p.incl = p.incl[:depth]
			*p.incl[depth-1] = top
		}
		if len(p.stack) >= stack && stack > 0 {
			p.stack = p.stack[:stack]
			p.stack[stack-1].pos = pos
		}
	}
}

func (p *Preprocessor) checkArgs(m *Macro, name Token, args [][]Token, rparen Token) ([][]Token, Token, bool) {
	if len(m.Params) == 0 && len(args) == 1 && len(args[0]) == 0 {
		args = args[:0]
	}
	switch {
	case len(args) == len(m.Params):
	case m.Variadic && len(args) == len(m.Params)-1:
		args = append(args, nil)
	case len(args) < len(m.Params):
		p.problem(name, "macro %q requires %d arguments, but only %d given", name.Text, len(m.Params), len(args))
		for len(args) < len(m.Params) {
			args = append(args, nil)
		}
	default:
		p.problem(name, "macro %q passed %d arguments, but takes just %d", name.Text, len(args), len(m.Params))
		args = args[:len(m.Params)]
	}
	return args, rparen, true
}

// expandArg macro-expands an argument on its own.
func (p *Preprocessor) expandArg(arg []Token) []Token {
	plain := true
	for i := range arg {
		if arg[i].Kind == Ident && (p.macros[arg[i].Text] != nil || arg[i].Text == "_Pragma") {
			plain = false
			break
		}
	}
	if plain {
		return arg
	}
	p.push(source{toks: arg, barrier: true})
	if len(p.stack) > 4096 {
		p.limit(arg[0], "macros are nested too deeply")
	}
	var out []Token
	for {
		t := p.expanded()
		if t.Kind == EOF {
			break
		}
		if len(out) > p.lim.Tokens {
			p.limit(arg[0], "the file is too large after macro expansion")
		}
		out = append(out, t)
	}
	p.stack = p.stack[:len(p.stack)-1]
	return out
}

// substitute makes the replacement of a use of m at name.
func (p *Preprocessor) substitute(m *Macro, args [][]Token, name Token, exp int32) []Token {
	var out []Token
	if !m.special {
		out = make([]Token, 0, len(m.Body)+8)
	}
	var expanded [][]Token
	var have []bool
	if len(args) > 0 {
		expanded = make([][]Token, len(args))
		have = make([]bool, len(args))
	}
	full := func(i int) []Token {
		if !have[i] {
			have[i] = true
			expanded[i] = p.expandArg(args[i])
		}
		return expanded[i]
	}
	out = p.substRange(m, m.Body, m.param, args, full, exp, out)
	if m.special {
		w := 0
		for i := range out {
			if out[i].Kind != placemarker {
				out[w] = out[i]
				w++
			}
		}
		out = out[:w]
	}
	if len(out) > 0 {
		out[0].Flags = out[0].Flags&noExpand | name.Flags&(Space|BOL)
	}
	p.step(len(out), name)
	return out
}

// substRange substitutes a part of m's body, appending to out.
func (p *Preprocessor) substRange(m *Macro, body []Token, param []int16, args [][]Token, full func(int) []Token, exp int32, out []Token) []Token {
	variadic := int16(-1)
	if m.Variadic {
		variadic = int16(len(m.Params))
	}
	appendArg := func(a []Token, space uint8) {
		n := len(out)
		out = append(out, a...)
		if len(out) > n {
			out[n].Flags = out[n].Flags&noExpand | space
		}
		if len(out) > p.lim.Tokens {
			p.limit(body[0], "the file is too large after macro expansion")
		}
	}
	for i := 0; i < len(body); i++ {
		t := body[i]
		isPunct := t.Kind == Punct
		switch {
		case isPunct && t.Text == "#" && m.FuncLike && i+1 < len(body) && param[i+1] > 0:
			s := stringize(args[param[i+1]-1])
			out = append(out, Token{Text: s, File: t.File, Off: t.Off, Exp: exp, Kind: String, Flags: t.Flags & Space})
			i++
			p.step(len(s), t)

		case isPunct && t.Text == "##" && i > 0 && i+1 < len(body):
			i++
			r := body[i]
			var rhs []Token
			switch {
			case r.Is("__VA_OPT__") && m.Variadic:
				var n int
				rhs, n = p.vaOpt(m, body[i:], param[i:], args, full, exp)
				i += n
			case r.Is("#") && m.FuncLike && i+1 < len(body) && param[i+1] > 0:
				rhs = []Token{{Text: stringize(args[param[i+1]-1]), File: r.File, Off: r.Off, Exp: exp, Kind: String}}
				i++
			case param[i] > 0:
				// GNU: a comma pasted to the variadic argument goes when the
				// argument is empty, and is left alone otherwise.
				if param[i] == variadic && len(out) > 0 && body[i-2].Is(",") {
					if len(args[variadic-1]) == 0 {
						out = out[:len(out)-1]
					} else {
						appendArg(full(int(variadic-1)), r.Flags&Space)
					}
					continue
				}
				rhs = args[param[i]-1]
			default:
				r.Exp = exp
				rhs = []Token{r}
			}
			out = p.paste(out, rhs, exp, t)

		case param[i] > 0:
			a := int(param[i] - 1)
			if i+1 < len(body) && body[i+1].Is("##") {
				if len(args[a]) == 0 {
					out = append(out, Token{Kind: placemarker, File: t.File, Off: t.Off, Exp: exp})
				} else {
					appendArg(args[a], t.Flags&Space)
				}
				continue
			}
			appendArg(full(a), t.Flags&Space)

		case t.Kind == Ident && t.Text == "__VA_OPT__" && m.Variadic:
			toks, n := p.vaOpt(m, body[i:], param[i:], args, full, exp)
			i += n
			appendArg(toks, t.Flags&Space)

		default:
			t.Exp = exp
			t.Flags &= Space
			out = append(out, t)
		}
	}
	return out
}

// vaOpt substitutes __VA_OPT__(...) at the start of body and gives the number of
// tokens after it that were used.
func (p *Preprocessor) vaOpt(m *Macro, body []Token, param []int16, args [][]Token, full func(int) []Token, exp int32) ([]Token, int) {
	if len(body) < 2 || !body[1].Is("(") {
		return nil, 0
	}
	depth, end := 0, len(body)-1
	for j := 1; j < len(body); j++ {
		if body[j].Is("(") {
			depth++
		} else if body[j].Is(")") {
			if depth--; depth == 0 {
				end = j
				break
			}
		}
	}
	if end < 2 || len(full(len(m.Params)-1)) == 0 {
		return nil, end
	}
	return p.substRange(m, body[2:end], param[2:end], args, full, exp, nil), end
}

// paste glues the last token of out to the first of rhs.
func (p *Preprocessor) paste(out, rhs []Token, exp int32, at Token) []Token {
	if len(rhs) == 0 {
		return out
	}
	if len(out) == 0 {
		return append(out, rhs...)
	}
	l, r := &out[len(out)-1], rhs[0]
	switch {
	case l.Kind == placemarker:
		r.Flags = r.Flags&^BOL | l.Flags&Space
		out[len(out)-1] = r
		return append(out, rhs[1:]...)
	case r.Kind == placemarker:
		return append(out, rhs[1:]...)
	}
	text := l.Text + r.Text
	p.step(len(text), at)
	lx := lexer{file: at.File, src: text}
	t, ok := lx.next()
	if !ok || lx.pos != len(text) {
		// Not one token: compilers complain, and leave both.
		return append(out, rhs...)
	}
	t.File, t.Off, t.Exp, t.Flags = at.File, at.Off, exp, l.Flags&(Space|BOL)
	out[len(out)-1] = t
	return append(out, rhs[1:]...)
}

// stringize is the # operator.
func stringize(arg []Token) string {
	var b strings.Builder
	b.WriteByte('"')
	for i := range arg {
		t := &arg[i]
		if i > 0 && t.Flags&Space != 0 {
			b.WriteByte(' ')
		}
		if t.Kind == String || t.Kind == Char {
			for j := 0; j < len(t.Text); j++ {
				if c := t.Text[j]; c == '"' || c == '\\' {
					b.WriteByte('\\')
				}
				b.WriteByte(t.Text[j])
			}
		} else {
			b.WriteString(t.Text)
		}
	}
	b.WriteByte('"')
	return b.String()
}
