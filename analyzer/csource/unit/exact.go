package unit

import (
	"fmt"
	"reflect"
	"strings"

	"modernc.org/cc/v4"

	"github.com/bpflockcheck/bpflockcheck/analyzer/csource/cpp"
	"github.com/bpflockcheck/bpflockcheck/analyzer/position"
)

// Extract is the piece of a file that holds one node and nothing else.
type Extract struct {
	File     *cpp.File
	Off, End uint32 // bytes
	// Comments is the number of comments between the node's tokens.
	Comments int
	// Macros: uses of macros are among the tokens.
	Macros bool
}

// Text gives the piece as it is spelled.
func (e Extract) Text() string { return e.File.Src[e.Off:e.End] }

// Span gives its position.
func (e Extract) Span() position.Span { return span(e.File, e.Off, e.End) }

// Exact gives the piece of source that could be replaced to replace n alone,
// or why there is none: where a macro wrote a part of n, or directives or code
// that is compiled out stand in its midst, an edit of the text would change
// something else too. Uses of macros that lie wholly within n do not matter,
// nor does it that n is the argument of one.
func (u *Unit) Exact(n cc.Node) (x Extract, why string) {
	a, b, ok := u.tokensOf(n)
	if !ok {
		return x, "it is not spelled in the source"
	}
	toks := u.text.toks
	first := u.spelled(&toks[a])
	x = Extract{File: first.file, Off: first.off}
	if x.File == nil || x.File.Builtin || x.File.System {
		return x, "it is not in a file of the project"
	}
	if a > 0 && u.sameUse(&toks[a-1], &toks[a]) || b+1 < len(toks) && u.sameUse(&toks[b+1], &toks[b]) {
		return x, writtenByMacro(first.macro, u.spelled(&toks[b]).macro)
	}
	at := x.Off
	exp := int32(0)
	for i := a; i <= b; i++ {
		t := &toks[i]
		pl := u.spelled(t)
		switch {
		case t.Exp > 0 && t.Exp == exp:
			continue
		case t.Exp == 0 && exp > 0 && t.Off >= u.expansions[exp-1].Off && t.Off < at && t.File == x.File:
			continue // an argument of that use
		case pl.file != x.File || pl.off < at || t.Exp == 0 && !strings.HasPrefix(x.File.Src[t.Off:], t.Text):
			return x, writtenByMacro(pl.macro, first.macro)
		}
		comments, ok := blank(x.File.Src[at:pl.off])
		if !ok {
			return x, "macros, directives or code that is compiled out stand in its midst"
		}
		x.Comments += comments
		x.Macros = x.Macros || t.Exp > 0
		at, exp = pl.end, t.Exp
	}
	x.End = at
	return x, ""
}

// sameUse reports whether a token beside the end of a node belongs to the
// macro's use that wrote that end.
func (u *Unit) sameUse(beside, end *cpp.Token) bool {
	if end.Exp == 0 {
		return false
	}
	e := &u.expansions[end.Exp-1]
	return beside.Exp == end.Exp || beside.Exp == 0 && beside.File == e.File && e.Off <= beside.Off && beside.Off < e.End
}

func writtenByMacro(ms ...*cpp.Macro) string {
	for _, m := range ms {
		if m != nil {
			return fmt.Sprintf("macro %s writes a part of it", m.Name)
		}
	}
	return "a macro writes a part of it"
}

// blank reports whether the text between two tokens is nothing but white
// space and comments, and counts them.
func blank(gap string) (comments int, ok bool) {
	for {
		gap = strings.TrimLeft(strings.ReplaceAll(gap, "\\\n", "\n"), " \t\r\n\f\v")
		switch {
		case gap == "":
			return comments, true
		case strings.HasPrefix(gap, "//"):
			_, gap, _ = strings.Cut(gap, "\n")
		case strings.HasPrefix(gap, "/*"):
			_, rest, closed := strings.Cut(gap[2:], "*/")
			if !closed {
				return comments, false
			}
			gap = rest
		default:
			return comments, false
		}
		comments++
	}
}

// Children calls do for the nodes directly below n, in no particular order.
func Children(n cc.Node, do func(cc.Node)) {
	v := reflect.ValueOf(n)
	if v.Kind() != reflect.Pointer || v.IsNil() {
		return
	}
	if v = v.Elem(); v.Kind() != reflect.Struct {
		return
	}
	for _, i := range fieldsOf(v.Type()).nodes {
		if c := v.Field(i); !c.IsNil() {
			do(c.Interface().(cc.Node))
		}
	}
}

// Tokens calls do for the tokens that a node itself holds.
func Tokens(n cc.Node, do func(cc.Token)) {
	v := reflect.ValueOf(n)
	if v.Kind() != reflect.Pointer || v.IsNil() {
		return
	}
	if v = v.Elem(); v.Kind() != reflect.Struct {
		return
	}
	for _, i := range fieldsOf(v.Type()).tokens {
		if t := v.Field(i).Interface().(cc.Token); t.Seq() != 0 {
			do(t)
		}
	}
}

// Macro reports whether the unit used a macro of that name.
func (u *Unit) Macro(name string) bool {
	for i := range u.expansions {
		if m := u.expansions[i].Macro; m != nil && m.Name == name {
			return true
		}
	}
	return false
}

// Range gives the position of a range of the file; both ends are set, also
// when nothing is between them.
func (e Extract) Range(off, end uint32) position.Span {
	s := span(e.File, off, 0)
	s.EndLine, s.EndCol = e.File.Position(end)
	return s
}
