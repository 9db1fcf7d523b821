package unit

import (
	"reflect"
	"strings"
	"sync"

	"modernc.org/cc/v4"

	"github.com/bpflockcheck/bpflockcheck/analyzer/csource/cpp"
	"github.com/bpflockcheck/bpflockcheck/analyzer/position"
)

// Pos gives the span from the first to the last token of n: its end is
// exclusive and columns count bytes. Where n comes from a macro's expansion,
// the span is that of the macro's use and Macro and MacroDef are set; where n is
// an argument of a macro, the span is that of the argument as it is spelled.
// The result is shared: it must not be changed. It is nil for a nil node and
// for what has no position.
func (u *Unit) Pos(n cc.Node) *position.Pos {
	a, b, ok := u.tokensOf(n)
	if !ok {
		return nil
	}
	key := uint64(a)<<32 | uint64(b)
	if p := u.posCache[key]; p != nil {
		return p
	}
	s := u.locate(a, b)
	p := &position.Pos{Span: span(s.file, s.off, s.end)}
	if m := s.macro; m != nil && !m.File.Builtin {
		p.Macro = m.Name
		p.MacroDef = span(m.File, m.Off, m.End)
	}
	u.posCache[key] = p
	return p
}

// Text gives the source that Pos spans, with white space collapsed: "v->count",
// or the macro's use. It is for messages.
func (u *Unit) Text(n cc.Node) string {
	a, b, ok := u.tokensOf(n)
	if !ok {
		return ""
	}
	s := u.locate(a, b)
	return strings.Join(strings.Fields(s.file.Src[s.off:s.end]), " ")
}

// span makes a position of a range of a file.
func span(f *cpp.File, off, end uint32) position.Span {
	s := position.Span{File: f.Path}
	s.Line, s.Col = f.Position(off)
	if end > off {
		s.EndLine, s.EndCol = f.Position(end)
	}
	return s
}

// place is a range of a source file, and the macro whose use it is.
type place struct {
	file     *cpp.File
	off, end uint32
	macro    *cpp.Macro
}

// spelled gives where one token is in the user's eyes.
func (u *Unit) spelled(t *cpp.Token) place {
	if t.Exp > 0 {
		e := &u.expansions[t.Exp-1]
		return place{e.File, e.Off, e.End, e.Macro}
	}
	return place{file: t.File, off: t.Off, end: t.Off + uint32(len(t.Text))}
}

// locate gives where the tokens from a to b are spelled.
func (u *Unit) locate(a, b int) place {
	toks := u.text.toks
	first := u.spelled(&toks[a])
	last := u.spelled(&toks[b])
	if a == b || first.macro != nil && toks[a].Exp == toks[b].Exp {
		return first
	}
	if first.file != last.file || last.end <= first.off {
		// Out of order: through macros that swap their arguments, or across files.
		if first.macro == nil && last.macro != nil && last.file == first.file {
			return last
		}
		return first
	}
	s := place{file: first.file, off: first.off, end: last.end}
	// Something between comes from a macro whose use encloses it all.
	for i := a; i <= b; i++ {
		if toks[i].Exp == 0 {
			continue
		}
		e := &u.expansions[toks[i].Exp-1]
		if e.File == s.file && e.Off <= s.off && s.end <= e.End {
			return place{e.File, e.Off, e.End, e.Macro}
		}
	}
	return s
}

// extent is the first and the last token of a node.
type extent struct{ first, last cc.Token }

// tokensOf gives the indices of the first and last token of n in the text.
func (u *Unit) tokensOf(n cc.Node) (a, b int, ok bool) {
	if n == nil {
		return 0, 0, false
	}
	e := u.extent(n)
	if e.first.Seq() == 0 {
		return 0, 0, false
	}
	p := e.first.Position()
	if p.Filename != unitName {
		return 0, 0, false
	}
	a = u.text.at(p.Offset)
	if a < 0 {
		return 0, 0, false
	}
	b = a
	if e.last.Seq() != e.first.Seq() {
		if q := e.last.Position(); q.Filename == unitName {
			b = max(a, u.text.at(q.Offset))
		}
	}
	for toks := u.text.toks; toks[b].Kind == cpp.String && b+1 < len(toks) && toks[b+1].Kind == cpp.String; {
		b++ // adjacent strings are one token to cc
	}
	return a, b, true
}

// nodeFields lists the fields of an AST node that hold tokens and nodes.
type nodeFields struct{ tokens, nodes []int }

var (
	fieldsByType sync.Map // reflect.Type → *nodeFields
	tokenType    = reflect.TypeFor[cc.Token]()
	nodeType     = reflect.TypeFor[cc.Node]()
)

func fieldsOf(t reflect.Type) *nodeFields {
	if f, ok := fieldsByType.Load(t); ok {
		return f.(*nodeFields)
	}
	f := &nodeFields{}
	for i := range t.NumField() {
		switch sf := t.Field(i); {
		case !sf.IsExported():
		case sf.Type == tokenType:
			f.tokens = append(f.tokens, i)
		case sf.Type.Implements(nodeType):
			f.nodes = append(f.nodes, i)
		}
	}
	fieldsByType.Store(t, f)
	return f
}

// extent finds the first and last token of n; they are in no particular order in
// a node's fields.
func (u *Unit) extent(n cc.Node) extent {
	if t, ok := n.(cc.Token); ok {
		return extent{t, t}
	}
	if e, ok := u.extents[n]; ok {
		return e
	}
	var e extent
	add := func(first, last cc.Token) {
		if first.Seq() == 0 {
			return
		}
		if e.first.Seq() == 0 || first.Seq() < e.first.Seq() {
			e.first = first
		}
		if last.Seq() > e.last.Seq() {
			e.last = last
		}
	}
	v := reflect.ValueOf(n)
	if v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return e
		}
		v = v.Elem()
	}
	if v.Kind() != reflect.Struct {
		return e
	}
	f := fieldsOf(v.Type())
	for _, i := range f.tokens {
		t := v.Field(i).Interface().(cc.Token)
		add(t, t)
	}
	for _, i := range f.nodes {
		c := v.Field(i)
		if c.IsNil() {
			continue
		}
		ce := u.extent(c.Interface().(cc.Node))
		add(ce.first, ce.last)
	}
	u.extents[n] = e
	return e
}
