// Package reduce cuts a preprocessed unit into external declarations and keeps
// those that the unit's own code can reach, so that the type checker is given
// the few hundred declarations of vmlinux.h that matter instead of all.
package reduce

import (
	"github.com/bpflockcheck/bpflockcheck/analyzer/csource/cpp"
)

// Kind says what a declaration is.
type Kind uint8

// The kinds of external declarations.
const (
	Other   Kind = iota // static assertions, file-scope asm, what is no C
	Func                // a function with a body
	Proto               // functions without
	Var                 // variables
	Typedef             // typedefs
	TagDecl             // only a struct, union or enum
)

// Decl is one external declaration.
type Decl struct {
	Kind Kind
	Toks []cpp.Token
	// Body is the index of a function's opening brace, else -1.
	Body int
	// Names are the ordinary identifiers declared, without enumerators.
	Names []string
	// Tags and Enumerators are those defined in it.
	Tags, Enumerators      []string
	Static, Extern, Inline bool
	Section                bool // it has a section attribute
	Main                   bool // it is spelled in the file that was asked for
	// Weak declarations, those of system headers and embedded ones, give way to
	// others of the same name.
	Weak       bool
	Unbalanced bool // its brackets do not match
	Header     bool // it was taken from an indexed header or from BTF
	Fallback   bool // nothing but a fallback gives it
	needed     bool
}

// Name is the first name declared, or "".
func (d *Decl) Name() string {
	if len(d.Names) > 0 {
		return d.Names[0]
	}
	return ""
}

// Slot is a place in the order of a unit: a declaration, or a run of an indexed header.
type Slot struct {
	Decl *Decl
	Ref  int // valid when Decl is nil
}

// Split cuts toks at the external declarations' ends.
func Split(toks []cpp.Token, main *cpp.File) []Slot {
	slots := make([]Slot, 0, len(toks)/24+1)
	i := 0
	for i < len(toks) {
		t := &toks[i]
		if t.Kind == cpp.HeaderRef {
			slots = append(slots, Slot{Ref: int(t.Off)})
			i++
			continue
		}
		if t.Is(";") {
			i++
			continue
		}
		end, unbalanced := declEnd(toks, i)
		d := &Decl{Toks: toks[i:end:end], Unbalanced: unbalanced}
		f := fileOf(d.Toks)
		d.Main, d.Weak = f == main, f.System
		d.analyse()
		slots = append(slots, Slot{Decl: d})
		i = end
	}
	return slots
}

// fileOf gives the file a declaration stands in.
func fileOf(toks []cpp.Token) *cpp.File {
	for i := range toks[:min(len(toks), 16)] {
		if toks[i].Exp == 0 {
			return toks[i].File
		}
	}
	return toks[0].File
}

// atMargin tells whether a token is the first of its line and stands in column 1.
func atMargin(t *cpp.Token) bool {
	return t.Flags&cpp.BOL != 0 && t.File != nil && (t.Off == 0 || t.File.Src[t.Off-1] == '\n')
}

// declEnd finds the end of the declaration that starts at i. Where brackets do
// not match, the layout decides: a brace in the first column closes the function,
// and a line that starts like a declaration there begins a new one.
func declEnd(toks []cpp.Token, start int) (end int, unbalanced bool) {
	if end, ok := scanDecl(toks, start, false); ok {
		return end, false
	}
	end, _ = scanDecl(toks, start, true)
	return end, true
}

// scanDecl is declEnd in one of its modes: with margin, the layout decides where
// brackets do not match. ok is false when the end of the tokens came first.
func scanDecl(toks []cpp.Token, start int, margin bool) (end int, ok bool) {
	s := declScan{toks: toks, start: start, margin: margin}
	for i := start; i < len(toks); i++ {
		t := &toks[i]
		switch {
		case t.Kind == cpp.HeaderRef:
			if s.outside() {
				return i, false
			}
		case margin && i > start && !s.outside() && atMargin(t) && t.Text == "}":
			return s.afterBrace(i), true
		case margin && i > start && !s.outside() && atMargin(t) && startsDecl(t):
			return i, true
		case t.Kind == cpp.Ident:
			i = s.word(i)
		case t.Kind == cpp.Punct:
			if s.punctuation(i) {
				return i + 1, true
			}
		}
	}
	return len(toks), false
}

// declScan is what is known of a declaration up to some token.
type declScan struct {
	toks           []cpp.Token
	start          int // the declaration's first token
	margin         bool
	braces, parens int // how many are open; parens counts [ too
	aggregate      aggregate
	// params, assigned and function say what came outside of all brackets: a
	// list of parameters, a "=", a function's body.
	params, assigned, function bool
}

// aggregate is how far a struct, union or enum is read whose braces are no
// function's body.
type aggregate int

const (
	noAggregate      aggregate = iota
	aggregateKeyword           // its keyword came last
	aggregateTagged            // its tag came last
	aggregateType              // behind enum tag:
)

// outside reports whether no bracket is open.
func (s *declScan) outside() bool { return s.braces == 0 && s.parens == 0 }

// afterBrace is for the brace at i in the first column: it gives the end of the
// declaration that it closes, which for all but functions is a semicolon nearby.
func (s *declScan) afterBrace(i int) int {
	for end := i + 1; end < len(s.toks) && end < i+8 && !s.function; end++ {
		if s.toks[end].Is(";") {
			return end + 1
		}
	}
	return i + 1
}

// word takes the identifier or keyword at i, and gives the last token taken.
func (s *declScan) word(i int) int {
	if !s.outside() {
		return i
	}
	switch s.toks[i].Text {
	case "struct", "union", "enum":
		s.aggregate = aggregateKeyword
	case "__attribute__", "__attribute", "__declspec", "_Alignas":
		if i+1 < len(s.toks) && s.toks[i+1].Is("(") {
			return cpp.Closing(s.toks, i+1)
		}
	default:
		switch s.aggregate {
		case aggregateKeyword:
			s.aggregate = aggregateTagged
		case aggregateTagged:
			s.aggregate = noAggregate
		}
	}
	return i
}

// punctuation takes the bracket or operator at i, and reports whether the
// declaration ends with it.
func (s *declScan) punctuation(i int) (ends bool) {
	outside := s.outside()
	switch s.toks[i].Text {
	case "(":
		if outside {
			if i > s.start && (s.toks[i-1].Kind == cpp.Ident && !typeofLike(s.toks[i-1].Text) || s.toks[i-1].Is(")")) {
				s.params = true
			}
			s.aggregate = noAggregate
		}
		s.parens++
	case "[":
		s.parens++
	case ")", "]":
		s.parens = max(s.parens-1, 0)
	case "=":
		s.assigned = s.assigned || outside
	case "{":
		if outside && !s.assigned && s.aggregate == noAggregate && (s.params || i > s.start) {
			s.function = true
		}
		s.braces++
		s.aggregate = noAggregate
	case "}":
		s.braces = max(s.braces-1, 0)
		return s.braces == 0 && (s.function && (s.parens == 0 || s.margin) || s.start == i)
	case ";":
		return outside
	case ":":
		if outside && s.aggregate != noAggregate {
			s.aggregate = aggregateType
		}
	case "*", ",":
		if outside {
			s.aggregate = noAggregate
		}
	}
	return false
}

func typeofLike(s string) bool {
	switch s {
	case "typeof", "__typeof__", "__typeof", "typeof_unqual", "__typeof_unqual__", "__typeof_unqual", "_Alignas", "__attribute__", "__attribute":
		return true
	}
	return false
}

// startsDecl tells whether a token in the first column begins a declaration
// rather than a label or the rest of an expression.
func startsDecl(t *cpp.Token) bool {
	if t.Exp != 0 && t.Kind == cpp.Ident {
		return t.Text == "__attribute__" || keywordStart(t.Text)
	}
	return t.Kind == cpp.Ident && keywordStart(t.Text)
}

func keywordStart(s string) bool {
	switch s {
	case "static", "extern", "struct", "union", "enum", "typedef", "int", "void", "char", "long", "short", "unsigned", "signed", "const", "volatile",
		"inline", "__inline", "__inline__", "_Bool", "bool", "__u64", "__u32", "__u16", "__u8", "__s64", "__s32", "u64", "u32", "u8", "s32", "s64", "__attribute__", "__always_inline", "_Static_assert":
		return true
	}
	return false
}
