package cpp

import (
	"maps"
	"strings"
)

// line returns the tokens of the directive that starts at in.pos, without the #,
// and moves on to the next line.
func (in *include) line() []Token {
	toks := in.lex.toks
	start := in.pos + 1
	end := start
	for end < len(toks) && toks[end].Flags&BOL == 0 {
		end++
	}
	in.pos = end
	in.dir++
	return toks[start:end:end]
}

// directive obeys the directive at in.pos. It yields a token for an indexed
// header.
func (p *Preprocessor) directive(in *include) (Token, bool) {
	hash := in.lex.toks[in.pos]
	start := int32(in.pos)
	line := in.line()
	p.step(1, hash)
	if len(line) == 0 || line[0].Kind != Ident {
		return Token{}, false
	}
	name, rest := line[0], line[1:]
	switch name.Text {
	case "define":
		p.define(in.file, start, name, rest)
	case "undef":
		if len(rest) == 0 || rest[0].Kind != Ident {
			p.problem(name, "macro name missing")
		} else {
			delete(p.macros, rest[0].Text)
		}
	case "include", "include_next", "import":
		return p.include(name, rest)
	case "if":
		p.open(in, hash, p.condition(name, rest))
	case "ifdef", "ifndef":
		ok := false
		if len(rest) == 0 || rest[0].Kind != Ident {
			p.problem(name, "macro name missing")
		} else {
			ok = p.isDefined(rest[0].Text) == (name.Text == "ifdef")
		}
		p.open(in, hash, ok)
	case "elif", "else", "elifdef", "elifndef":
		// Reached while reading the taken group: the rest is not taken.
		n := len(in.conds)
		if n == 0 {
			p.problem(name, "#%s without #if", name.Text)
			break
		}
		c := &in.conds[n-1]
		if c.sawElse {
			p.problem(name, "#%s after #else", name.Text)
		}
		c.taken = true
		c.sawElse = c.sawElse || name.Text == "else"
		p.skipGroup(in)
	case "endif":
		if n := len(in.conds); n > 0 {
			in.conds = in.conds[:n-1]
		} else {
			p.problem(name, "#endif without #if")
		}
	case "error":
		p.problem(name, "#error %s", text(rest))
	case "pragma":
		p.pragma(in, rest)
	}
	return Token{}, false
}

// text is the source of a line of tokens.
func text(toks []Token) string {
	var b strings.Builder
	for i := range toks {
		if i > 0 && toks[i].Flags&Space != 0 {
			b.WriteByte(' ')
		}
		b.WriteString(toks[i].Text)
	}
	return b.String()
}

// define obeys a #define whose # is token number at of file f; the parsed
// definition is kept with the file.
func (p *Preprocessor) define(f *File, at int32, name Token, rest []Token) {
	f.mu.Lock()
	m, ok := f.macros[at]
	if !ok {
		var msg string
		if m, msg = parseMacro(rest); m == nil {
			f.mu.Unlock()
			at := name
			if len(rest) > 0 {
				at = rest[0]
			}
			p.problem(at, "%s", msg)
			return
		}
		if f.macros == nil {
			f.macros = map[int32]*Macro{}
		}
		f.macros[at] = m
	}
	f.mu.Unlock()
	p.macros[m.Name] = m
}

// open starts a conditional group.
func (p *Preprocessor) open(in *include, at Token, taken bool) {
	in.conds = append(in.conds, cond{taken: taken, at: at})
	if !taken {
		p.skipGroup(in)
	}
}

// skipGroup moves on to the group of the innermost open conditional that is to
// be read, or past its #endif.
func (p *Preprocessor) skipGroup(in *include) {
	depth := 0
	toks, dirs := in.lex.toks, in.lex.dirs
	for {
		for in.dir < len(dirs) && int(dirs[in.dir]) < in.pos {
			in.dir++
		}
		if in.dir >= len(dirs) {
			in.pos = len(toks)
			return
		}
		in.pos = int(dirs[in.dir])
		if in.pos+1 >= len(toks) {
			in.pos = len(toks)
			return
		}
		name := &toks[in.pos+1]
		if name.Flags&BOL != 0 {
			in.pos++
			continue
		}
		switch name.Text {
		case "if", "ifdef", "ifndef":
			depth++
		case "endif":
			if depth == 0 {
				in.line()
				in.conds = in.conds[:len(in.conds)-1]
				return
			}
			depth--
		case "else", "elif", "elifdef", "elifndef":
			if depth > 0 {
				break
			}
			c := &in.conds[len(in.conds)-1]
			if c.sawElse {
				p.problem(*name, "#%s after #else", name.Text)
			}
			c.sawElse = c.sawElse || name.Text == "else"
			if c.taken {
				break
			}
			line := in.line()
			switch name.Text {
			case "else":
				c.taken = true
			case "elif":
				c.taken = p.condition(*name, line[1:])
			default:
				c.taken = len(line) > 1 && p.isDefined(line[1].Text) == (name.Text == "elifdef")
			}
			if c.taken {
				return
			}
			continue
		}
		in.pos++
	}
}

func (p *Preprocessor) pragma(in *include, rest []Token) {
	if len(rest) == 0 {
		return
	}
	arg := func() string {
		if len(rest) >= 3 && rest[1].Is("(") && rest[2].Kind == String {
			return strings.Trim(rest[2].Text, `"`)
		}
		return ""
	}
	switch rest[0].Text {
	case "once":
		p.once[in.file.Key] = true
	case "push_macro":
		n := arg()
		p.saved[n] = append(p.saved[n], p.macros[n])
	case "pop_macro":
		n := arg()
		s := p.saved[n]
		if len(s) == 0 {
			return
		}
		if m := s[len(s)-1]; m != nil {
			p.macros[n] = m
		} else {
			delete(p.macros, n)
		}
		p.saved[n] = s[:len(s)-1]
	}
}

// include obeys an include line.
func (p *Preprocessor) include(dir Token, rest []Token) (Token, bool) {
	from := p.incl[len(p.incl)-1].file
	name, quoted, ok := p.headerName(rest)
	if !ok {
		p.problem(dir, "#%s expects \"FILENAME\" or <FILENAME>", dir.Text)
		return Token{}, false
	}
	if len(p.incl) >= p.lim.Includes {
		p.limit(dir, "includes are nested too deeply")
	}
	f, err := p.res.Resolve(name, quoted, dir.Text == "include_next", from)
	if f == nil {
		msg := "header " + name + " not found"
		if err != nil {
			msg = "header " + name + ": " + err.Error()
		}
		p.out.Problems = append(p.out.Problems, Problem{File: dir.File, Off: rest[0].Off, Msg: msg, Missing: name})
		return Token{}, false
	}
	if p.once[f.Key] {
		return Token{}, false
	}
	if dir.Text == "import" {
		p.once[f.Key] = true
	}
	if idx := p.res.Indexed(f); idx != nil {
		return p.includeIndexed(f, idx)
	}
	if lex := f.tokens(); lex.guard != "" && p.macros[lex.guard] != nil {
		return Token{}, false
	}
	p.enter(f)
	return Token{}, false
}

// headerName reads the operand of an include or __has_include.
func (p *Preprocessor) headerName(rest []Token) (name string, quoted, ok bool) {
	if len(rest) == 0 {
		return "", false, false
	}
	if rest[0].Kind != HeaderName && rest[0].Kind != String {
		toks, err := p.Expand(rest, p.macros, nil)
		if err != nil {
			panic(limitPanic{err})
		}
		if rest = toks; len(rest) == 0 {
			return "", false, false
		}
	}
	switch t := rest[0]; {
	case t.Kind == HeaderName || t.Kind == String:
		if len(t.Text) < 3 || t.Text[0] != '"' && t.Text[0] != '<' {
			return "", false, false
		}
		return t.Text[1 : len(t.Text)-1], t.Text[0] == '"', true
	case t.Is("<"):
		var b strings.Builder
		for _, u := range rest[1:] {
			if u.Is(">") {
				return b.String(), false, b.Len() > 0
			}
			b.WriteString(u.Text)
		}
	}
	return "", false, false
}

// includeIndexed obeys the directives of an indexed header without reading its
// declarations: it puts references to them in the output.
func (p *Preprocessor) includeIndexed(f *File, idx Indexed) (Token, bool) {
	if !p.seen[f] {
		p.seen[f] = true
		p.out.Files = append(p.out.Files, f)
	}
	// The header becomes a list of directive lines with references between them.
	type made struct {
		toks []Token
		dirs []int32
	}
	var snapshot map[string]*Macro
	var refs []Token
	flush := func(from, to int) {
		if from >= to {
			return
		}
		if snapshot == nil {
			snapshot = maps.Clone(p.macros)
		}
		refs = append(refs, Token{Kind: HeaderRef, File: f, Off: uint32(len(p.out.Refs)), Flags: BOL | Space})
		p.out.Refs = append(p.out.Refs, Ref{File: f, Index: idx, From: from, To: to, Macros: snapshot})
	}
	var m made
	dirs := idx.Directives()
	for _, d := range dirs {
		n := len(m.toks)
		m.dirs = append(m.dirs, int32(n))
		m.toks = Lex(f, d.Off, d.End, m.toks)
		if len(m.toks) > n {
			m.toks[n].Flags |= BOL
		}
	}
	in := &include{file: f, lex: &lexed{toks: m.toks, dirs: m.dirs}}
	p.incl = append(p.incl, in)
	depth := len(p.incl)
	from := 0
	for in.dir < len(m.dirs) {
		n := in.dir
		in.pos = int(m.dirs[n])
		flush(from, dirs[n].Before)
		changed := len(m.toks) > in.pos+1 && (m.toks[in.pos+1].Text == "define" || m.toks[in.pos+1].Text == "undef" || m.toks[in.pos+1].Text == "include")
		if t, ok := p.directive(in); ok {
			refs = append(refs, t)
		}
		if changed {
			snapshot = nil
		}
		if len(p.incl) > depth {
			// An include inside an indexed header: read what it holds.
			for len(p.incl) > depth {
				top := p.incl[len(p.incl)-1]
				if top.pos >= len(top.lex.toks) {
					p.incl = p.incl[:len(p.incl)-1]
					continue
				}
				refs = append(refs, p.fileTokenOf(depth)...)
			}
		}
		if in.dir > n {
			// The declarations between a skipped group's start and end are left out.
			if in.dir-1 < len(dirs) {
				from = dirs[in.dir-1].Before
			}
		} else {
			in.dir++
		}
	}
	for len(in.conds) > 0 {
		in.conds = in.conds[:len(in.conds)-1]
	}
	flush(from, idx.Len())
	p.incl = p.incl[:depth-1]
	if len(refs) == 0 {
		return Token{}, false
	}
	if len(refs) > 1 {
		p.push(source{toks: refs[1:]})
	}
	return refs[0], true
}

// fileTokenOf reads one token from an include above depth.
func (p *Preprocessor) fileTokenOf(depth int) []Token {
	for len(p.incl) > depth {
		in := p.incl[len(p.incl)-1]
		if in.pos >= len(in.lex.toks) {
			p.incl = p.incl[:len(p.incl)-1]
			continue
		}
		for in.dir < len(in.lex.dirs) && int(in.lex.dirs[in.dir]) < in.pos {
			in.dir++
		}
		if in.dir < len(in.lex.dirs) && int(in.lex.dirs[in.dir]) == in.pos {
			if t, ok := p.directive(in); ok {
				return []Token{t}
			}
			continue
		}
		in.pos++
		return []Token{in.lex.toks[in.pos-1]}
	}
	return nil
}
