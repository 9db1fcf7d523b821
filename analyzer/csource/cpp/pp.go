package cpp

import (
	"context"
	"fmt"
	"maps"
)

// Resolver finds included files.
type Resolver interface {
	// Resolve finds the header name (without its delimiters) that from includes;
	// quoted tells "x" from <x>, next is set for include_next. It returns nil
	// when there is none, and why in the error if there is more to say.
	Resolve(name string, quoted, next bool, from *File) (*File, error)
	// Indexed reports whether f is a big header of declarations that is to be
	// left unread, and how it is divided; nil otherwise.
	Indexed(f *File) Indexed
}

// Indexed is a big header, divided in declarations and directives.
type Indexed interface {
	// Len is the number of declarations.
	Len() int
	// Directives are the lines that start with #, in order.
	Directives() []DirectiveAt
}

// DirectiveAt is the place of a directive in an indexed header: it stands
// before the declaration with number Before.
type DirectiveAt struct {
	Off, End uint32
	Before   int
}

// Ref is a run of declarations [From, To) of an indexed header that the unit
// includes.
type Ref struct {
	File     *File
	Index    Indexed
	From, To int
	// Macros are those in force there.
	Macros map[string]*Macro
}

// Problem is something the preprocessor could not do; it went on without.
type Problem struct {
	File *File
	Off  uint32
	Msg  string
	// Missing is the header's name when an include could not be found.
	Missing string
}

// Limits bound the work on hostile input. Zero fields mean the defaults.
type Limits struct {
	// Tokens bounds the output, and the steps of macro expansion.
	Tokens, Steps int
	// Includes bounds the nesting of includes.
	Includes int
}

// LimitError reports that a unit is beyond the limits.
type LimitError struct {
	File *File
	Off  uint32
	Msg  string
}

func (e *LimitError) Error() string {
	line, col := e.File.Position(e.Off)
	return fmt.Sprintf("%s:%d:%d: %s", e.File.Path, line, col, e.Msg)
}

// Result is a preprocessed unit.
type Result struct {
	Tokens     []Token
	Expansions []Expansion
	Refs       []Ref
	Problems   []Problem
	// Files are those that were read, in order of first use.
	Files []*File
	// Macros are the definitions in force at the end.
	Macros map[string]*Macro
}

// Preprocessor holds the state of one unit.
type Preprocessor struct {
	ctx    context.Context
	res    Resolver
	lim    Limits
	out    Result
	macros map[string]*Macro
	saved  map[string][]*Macro // push_macro
	once   map[string]bool
	seen   map[*File]bool
	incl   []*include
	stack  []source // token lists being read, above the files
	steps  int
	count  int // __COUNTER__
	// floor is the number of open files below which the arguments of a macro
	// being read cannot reach.
	floor int
}

// include is a file being read.
type include struct {
	file  *File
	lex   *lexed
	pos   int // next token
	dir   int // next directive in lex.dirs that is at or after pos
	conds []cond
}

// cond is an open #if.
type cond struct {
	taken, sawElse bool
	at             Token
}

// source is a list of tokens to be read before the file goes on.
type source struct {
	toks    []Token
	pos     int
	macro   *Macro // not to be expanded while this is read
	barrier bool   // end of an argument: reading stops here
}

// New makes a preprocessor.
func New(ctx context.Context, res Resolver, lim Limits) *Preprocessor {
	if lim.Tokens == 0 {
		lim.Tokens = 3 << 19
	}
	if lim.Steps == 0 {
		lim.Steps = 6 << 20
	}
	if lim.Includes == 0 {
		lim.Includes = 200
	}
	p := &Preprocessor{
		ctx: ctx, res: res, lim: lim,
		macros: make(map[string]*Macro, 2048),
		saved:  map[string][]*Macro{},
		once:   map[string]bool{},
		seen:   map[*File]bool{},
	}
	maps.Copy(p.macros, dynamicMacros)
	return p
}

// limitPanic unwinds to Run.
type limitPanic struct{ err error }

// Run preprocesses files one after the other as one unit. The error is a
// *LimitError or the context's.
func (p *Preprocessor) Run(files ...*File) (res *Result, err error) {
	defer func() {
		if r := recover(); r != nil {
			l, ok := r.(limitPanic)
			if !ok {
				panic(r)
			}
			err = l.err
		}
	}()
	for _, f := range files {
		p.enter(f)
		for {
			t := p.expanded()
			if t.Kind == EOF {
				break
			}
			if len(p.out.Tokens) >= p.lim.Tokens {
				p.limit(t, "the file is too large after macro expansion")
			}
			p.out.Tokens = append(p.out.Tokens, t)
		}
	}
	p.out.Macros = p.macros
	return &p.out, nil
}

// Expand macro-expands toks with the given definitions, as if they stood alone.
// The expansions are appended to those of the result.
func (p *Preprocessor) Expand(toks []Token, macros map[string]*Macro, dst []Token) (out []Token, err error) {
	defer func() {
		if r := recover(); r != nil {
			l, ok := r.(limitPanic)
			if !ok {
				panic(r)
			}
			out, err = dst, l.err
		}
	}()
	saved := p.macros
	p.macros = macros
	defer func() { p.macros = saved }()
	p.push(source{toks: toks, barrier: true})
	for {
		t := p.expanded()
		if t.Kind == EOF {
			break
		}
		dst = append(dst, t)
	}
	p.stack = p.stack[:len(p.stack)-1]
	return dst, nil
}

func (p *Preprocessor) limit(at Token, msg string) {
	f, off := p.place(at)
	panic(limitPanic{&LimitError{f, off, msg}})
}

func (p *Preprocessor) step(n int, at Token) {
	before := p.steps >> 14
	if p.steps += n; p.steps>>14 != before {
		if p.steps > p.lim.Steps {
			p.limit(at, "macro expansion takes too long")
		}
		if err := p.ctx.Err(); err != nil {
			panic(limitPanic{err})
		}
	}
}

// place is where the user wrote what became t.
func (p *Preprocessor) place(t Token) (*File, uint32) {
	if t.Exp > 0 {
		e := &p.out.Expansions[t.Exp-1]
		return e.File, e.Off
	}
	return t.File, t.Off
}

func (p *Preprocessor) problem(at Token, format string, args ...any) {
	f, off := p.place(at)
	p.out.Problems = append(p.out.Problems, Problem{File: f, Off: off, Msg: fmt.Sprintf(format, args...)})
}

// enter starts reading a file.
func (p *Preprocessor) enter(f *File) {
	if !p.seen[f] {
		p.seen[f] = true
		p.out.Files = append(p.out.Files, f)
	}
	lex := f.tokens()
	if lex.unterminated > 0 {
		p.problem(Token{File: f, Off: lex.unterminated - 1}, "unterminated comment")
	}
	p.incl = append(p.incl, &include{file: f, lex: lex})
}

// fileToken gives the next token of the files, obeying directives. A file's end
// is an EOF only for the outermost one.
func (p *Preprocessor) fileToken() Token {
	for {
		if len(p.incl) == 0 {
			return Token{}
		}
		in := p.incl[len(p.incl)-1]
		if in.pos >= len(in.lex.toks) {
			if len(p.incl) <= p.floor {
				return Token{File: in.file, Off: uint32(len(in.file.Src))}
			}
			for _, c := range in.conds {
				p.problem(c.at, "unterminated conditional directive")
			}
			p.incl = p.incl[:len(p.incl)-1]
			if len(p.incl) == 0 {
				return Token{File: in.file, Off: uint32(len(in.file.Src))}
			}
			continue
		}
		for in.dir < len(in.lex.dirs) && int(in.lex.dirs[in.dir]) < in.pos {
			in.dir++
		}
		if in.dir < len(in.lex.dirs) && int(in.lex.dirs[in.dir]) == in.pos {
			if t, ok := p.directive(in); ok {
				return t
			}
			continue
		}
		t := in.lex.toks[in.pos]
		in.pos++
		return t
	}
}

// next gives the next token, not expanded, and EOF at a barrier.
func (p *Preprocessor) next() Token {
	for {
		n := len(p.stack)
		if n == 0 {
			return p.fileToken()
		}
		s := &p.stack[n-1]
		if s.pos < len(s.toks) {
			s.pos++
			return s.toks[s.pos-1]
		}
		if s.barrier {
			return Token{}
		}
		p.stack = p.stack[:n-1]
	}
}

// peekParen tells whether the next token is an opening parenthesis, without
// reading past a directive or a file's end.
func (p *Preprocessor) peekParen() bool {
	for i := len(p.stack) - 1; i >= 0; i-- {
		s := &p.stack[i]
		if s.pos < len(s.toks) {
			return s.toks[s.pos].Is("(")
		}
		if s.barrier {
			return false
		}
	}
	if len(p.incl) == 0 {
		return false
	}
	in := p.incl[len(p.incl)-1]
	return in.pos < len(in.lex.toks) && in.lex.toks[in.pos].Is("(")
}

func (p *Preprocessor) push(s source) { p.stack = append(p.stack, s) }

func (p *Preprocessor) disabled(m *Macro) bool {
	for i := range p.stack {
		if p.stack[i].macro == m {
			return true
		}
	}
	return false
}
