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
		declares := false
		for ; i < end && !in[i].Is(";"); i++ {
			switch {
			case in[i].Is("__attribute__"), in[i].Is("__attribute"):
			case in[i].Is("("), in[i].Is("{"), in[i].Is("["):
				if i == start || !in[i-1].Is("__attribute__") && !in[i-1].Is("__attribute") {
					declares = true
				}
				i = cpp.Closing(in, i)
			default:
				declares = declares || !r.onlyType(in[i])
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

// onlyType reports whether a token says of a member no more than a type that is
// neither a struct nor a union; these can stand without a name and mean their
// members.
func (r *repairer) onlyType(t cpp.Token) bool {
	switch t.Text {
	case "char", "short", "int", "long", "signed", "unsigned", "_Bool", "const", "volatile", "__const", "__volatile__", "__signed__":
		return true
	}
	return t.Kind == cpp.Ident && r.opt.Scalar != nil && r.opt.Scalar(t.Text)
}
