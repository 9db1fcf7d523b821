// Package cpp is a C preprocessor with GNU extensions, made for analysis.
//
// It exists beside the one in modernc.org/cc because it must know more: exactly
// where every token is spelled, which macro's use it comes from, GNU's named
// variadic macros, and how to go on after an error. Its output is a list of
// tokens, not text.
package cpp

// Kind classifies a token.
type Kind uint8

// The kinds of tokens.
const (
	EOF Kind = iota
	Ident
	Number // preprocessing number
	String // with its quotes and prefix
	Char   // with its quotes and prefix
	Punct
	HeaderName // <x> or "x" after include
	Other      // a byte that starts no token, an unterminated literal
	// HeaderRef stands for a run of declarations of an indexed header; Off is
	// the number of the reference in Result.Refs.
	HeaderRef
	// placemarker is the empty operand of ##.
	placemarker
)

// Flags of a token.
const (
	Space    uint8 = 1 << iota // white space before it
	BOL                        // first of its line
	noExpand                   // an identifier that may not be expanded any more
)

// Token is one preprocessing token. Text is a part of its file's content, or
// made by # and ##.
type Token struct {
	Text  string
	File  *File
	Off   uint32 // of the first byte in File
	Exp   int32  // number of the expansion it comes from, plus one; 0: spelled in File at Off
	Kind  Kind
	Flags uint8
}

// Is reports whether t is the punctuator or identifier s.
func (t *Token) Is(s string) bool {
	return t.Text == s && (t.Kind == Punct || t.Kind == Ident)
}

// Closing gives the index of the bracket that closes the one at i, or of the last
// token.
func Closing(toks []Token, i int) int {
	depth := 0
	for ; i < len(toks); i++ {
		if toks[i].Kind != Punct {
			continue
		}
		switch toks[i].Text {
		case "(", "[", "{":
			depth++
		case ")", "]", "}":
			if depth--; depth <= 0 {
				return i
			}
		}
	}
	return len(toks) - 1
}

// Expansion is one use of a macro that is spelled in a file, not in another
// macro's body.
type Expansion struct {
	File *File
	// Off and End delimit the use: the name, and the arguments if there are any.
	Off, End uint32
	Macro    *Macro
}
