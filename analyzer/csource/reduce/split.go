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

// scanDecl is declEnd in one of its modes. ok is false when the end of the tokens came first.
func scanDecl(toks []cpp.Token, start int, margin bool) (end int, ok bool) {
	braces, parens := 0, 0
	aggregate := 0 // 1 after struct, union or enum; 2 after the tag; 3 in an enum's type
	params, assigned, function := false, false, false
	for i := start; i < len(toks); i++ {
		t := &toks[i]
		if t.Kind == cpp.HeaderRef {
			if braces == 0 && parens == 0 {
				return i, false
			}
			continue
		}
		if margin && i > start && atMargin(t) && (braces > 0 || parens > 0) {
			if t.Text == "}" {
				end := i + 1
				for end < len(toks) && end < i+8 && !function {
					if toks[end].Is(";") {
						return end + 1, true
					}
					end++
				}
				return i + 1, true
			}
			if startsDecl(t) {
				return i, true
			}
		}
		if t.Kind == cpp.Ident {
			if braces == 0 && parens == 0 {
				switch t.Text {
				case "struct", "union", "enum":
					aggregate = 1
				case "__attribute__", "__attribute", "__declspec", "_Alignas":
					if i+1 < len(toks) && toks[i+1].Is("(") {
						i = cpp.Closing(toks, i+1)
					}
				default:
					switch aggregate {
					case 1:
						aggregate = 2
					case 2:
						aggregate = 0
					}
				}
			}
			continue
		}
		if t.Kind != cpp.Punct {
			continue
		}
		switch t.Text {
		case "(":
			if braces == 0 && parens == 0 {
				if i > start && (toks[i-1].Kind == cpp.Ident && !typeofLike(toks[i-1].Text) || toks[i-1].Is(")")) {
					params = true
				}
				aggregate = 0
			}
			parens++
		case "[":
			parens++
		case ")", "]":
			if parens > 0 {
				parens--
			}
		case "=":
			if braces == 0 && parens == 0 {
				assigned = true
			}
		case "{":
			if braces == 0 && parens == 0 && !assigned && aggregate == 0 && (params || i > start) {
				function = true
			}
			braces++
			aggregate = 0
		case "}":
			if braces > 0 {
				braces--
			}
			if braces == 0 {
				if function && parens == 0 || margin && function {
					return i + 1, true
				}
				if start == i {
					return i + 1, true
				}
			}
		case ";":
			if braces == 0 && parens == 0 {
				return i + 1, true
			}
		case ":":
			if braces == 0 && parens == 0 && aggregate > 0 {
				aggregate = 3
			}
		case "*", ",":
			if braces == 0 && parens == 0 {
				aggregate = 0
			}
		}
	}
	return len(toks), false
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
