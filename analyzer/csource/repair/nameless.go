package repair

import (
	"github.com/bpflockcheck/bpflockcheck/analyzer/csource/cpp"
)

// findNameless notes the members of the struct or union after the keyword before
// index i that declare nothing, such as "__be16 __unused;" where a macro makes
// an attribute of the name. Clang warns of them; cc writes to standard error.
func (r *repairer) findNameless(i, to int) {
	in := r.in
	for i < to && !in[i].Is("{") {
		switch {
		case in[i].Is("("):
			i = cpp.Closing(in, i)
		case in[i].Kind != cpp.Ident:
			return // only a mention of the type
		}
		i++
	}
	if i >= to {
		return
	}
	end := min(cpp.Closing(in, i), to)
	for i++; i < end; i++ {
		start := i
		declares, typed := false, false
		for ; i < end && !in[i].Is(";"); i++ {
			switch {
			case in[i].Is("__attribute__"), in[i].Is("__attribute"):
			case in[i].Is("("), in[i].Is("{"), in[i].Is("["):
				if i == start || !in[i-1].Is("__attribute__") && !in[i-1].Is("__attribute") {
					declares = true
				}
				i = cpp.Closing(in, i)
			case in[i].Kind == cpp.Ident && r.typedefed(in[i]):
				declares = declares || typed // a member may be named as a type: __u32 u32;
				typed = true
			default:
				declares = declares || !keywordOfType[in[i].Text]
				typed = typed || !qualifier[in[i].Text]
			}
		}
		if !declares && i < end && i > start {
			if r.nameless == nil {
				r.nameless = map[int]int{}
			}
			r.nameless[start] = i + 1
		}
	}
}

// typedefed reports whether a token names a type that is neither a struct nor a
// union; these can stand without a name and mean their members.
func (r *repairer) typedefed(t cpp.Token) bool {
	return r.opt.Scalar != nil && r.opt.Scalar(t.Text)
}

// qualifier holds what may stand beside the name of a type.
var qualifier = map[string]bool{"const": true, "volatile": true, "__const": true, "__volatile__": true}

// keywordOfType holds what says of a member no more than a type.
var keywordOfType = map[string]bool{
	"char": true, "short": true, "int": true, "long": true, "signed": true, "unsigned": true, "_Bool": true, "__signed__": true,
	"const": true, "volatile": true, "__const": true, "__volatile__": true,
}
