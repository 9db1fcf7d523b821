package repair

import (
	"github.com/bpflockcheck/bpflockcheck/analyzer/csource/cpp"
)

// Attributes writes the attributes of C23, [[gnu::section("x")]], as GNU's, which
// is all that cc and the rest of the reading know: __attribute__((section("x"))).
// Those that say nothing about layout or control flow are left out. The tokens
// are returned as they are when there is none.
func Attributes(toks []cpp.Token) []cpp.Token {
	first := nextAttribute(toks, 0)
	if first < 0 {
		return toks
	}
	r := repairer{in: toks}
	r.res.Toks = make([]cpp.Token, 0, len(toks)+8)
	done := 0
	for i := first; i >= 0; i = nextAttribute(toks, done) {
		r.res.Toks = append(r.res.Toks, toks[done:i]...)
		end := cpp.Closing(toks, i)
		r.standardAttributes(i+2, end-1)
		done = end + 1
	}
	r.res.Toks = append(r.res.Toks, toks[done:]...)
	return r.res.Toks
}

// nextAttribute finds the first [[ ... ]] from index i on, or gives -1. No C but
// an attribute has two opening brackets in a row.
func nextAttribute(toks []cpp.Token, i int) int {
	for ; i+1 < len(toks); i++ {
		if !toks[i].Is("[") || !toks[i+1].Is("[") {
			continue
		}
		if end := cpp.Closing(toks, i); end < len(toks) && toks[end].Is("]") && cpp.Closing(toks, i+1) == end-1 {
			return i
		}
	}
	return -1
}

// standardAttributes writes the attributes between from and to.
func (r *repairer) standardAttributes(from, to int) {
	for i := from; i < to; i++ {
		name := r.in[i]
		if name.Kind != cpp.Ident {
			continue
		}
		vendor := false
		if i+3 < to && r.in[i+1].Is(":") && r.in[i+2].Is(":") && r.in[i+3].Kind == cpp.Ident {
			vendor = true
			i += 3
			name = r.in[i]
		}
		end := i
		if i+1 < to && r.in[i+1].Is("(") {
			end = cpp.Closing(r.in, i+1)
		}
		if kept := keptAttributes[name.Text]; kept != "" && (vendor || kept == "noreturn") {
			r.put(name, "__attribute__", "(", "(")
			r.emit(withText(name, kept))
			r.res.Toks = append(r.res.Toks, r.in[i+1:end+1]...)
			r.put(name, ")", ")")
		}
		i = end
	}
}
