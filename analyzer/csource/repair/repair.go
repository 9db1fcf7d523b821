// Package repair rewrites the tokens of one declaration, after macro expansion,
// into what modernc.org/cc understands, without changing what they mean. Tokens
// keep their places, so positions are not affected.
package repair

import (
	"math/bits"
	"strconv"
	"strings"

	"github.com/bpflockcheck/bpflockcheck/analyzer/csource/cpp"
)

// Unknown is the function whose result stands for a value that inline assembly
// computes. It has no other effect.
const Unknown = "__builtin_bpf_asm"

// Result is a repaired declaration.
type Result struct {
	Toks []cpp.Token
	// Asm is the first inline assembly that has no C equivalent, or nil.
	Asm *cpp.Token
	// Naked is set for a function with __attribute__((naked)).
	Naked bool
}

// Options say what Decl needs to know besides the tokens.
type Options struct {
	// Body is the index of a function's opening brace, else -1.
	Body int
	// Function is set for functions with and without a body.
	Function bool
	// Constant gives the value of an enumerator, as far as it is a plain number.
	Constant func(name string) (string, bool)
	// Scalar reports whether a typedef is surely neither a struct nor a union.
	Scalar func(name string) bool
}

// Decl repairs a declaration. Its brackets must be in pairs.
func Decl(toks []cpp.Token, opt Options) Result {
	body := opt.Body
	r := repairer{in: toks, body: body, opt: opt}
	if body >= 0 {
		r.in = scopeLabels(toks, body)
	}
	r.res.Toks = make([]cpp.Token, 0, len(toks)+8)
	r.run(0, len(r.in))
	return r.res
}

type repairer struct {
	in   []cpp.Token
	body int
	opt  Options
	res  Result

	programs int // assembly written as C
	// nameless holds the members that declare nothing: index to index behind.
	nameless map[int]int
}

func (r *repairer) emit(t cpp.Token) { r.res.Toks = append(r.res.Toks, t) }

// put emits a punctuator or identifier at the place of at.
func (r *repairer) put(at cpp.Token, texts ...string) {
	for _, s := range texts {
		t := at
		t.Text = s
		t.Kind = cpp.Punct
		t.Flags = cpp.Space
		if c := s[0]; c == '_' || c|0x20 >= 'a' && c|0x20 <= 'z' {
			t.Kind = cpp.Ident
		} else if c >= '0' && c <= '9' {
			t.Kind = cpp.Number
		}
		r.emit(t)
	}
}

func (r *repairer) run(from, to int) {
	in := r.in
	for i := from; i < to; i++ {
		if end := r.nameless[i]; end > i {
			i = end - 1
			continue
		}
		t := in[i]
		switch t.Kind {
		case cpp.HeaderRef:
			continue
		case cpp.Number:
			if len(t.Text) > 2 && t.Text[0] == '0' && t.Text[1]|0x20 == 'b' {
				t.Text = binaryConstant(t.Text)
			}
			r.emit(t)
			continue
		case cpp.Ident:
		case cpp.Punct:
			r.emit(t)
			if t.Text == "?" && i+1 < to && in[i+1].Is(":") {
				r.elvis(from, i)
			}
			continue
		default:
			r.emit(t)
			continue
		}
		switch t.Text {
		case "__attribute__", "__attribute":
			if i+1 < to && in[i+1].Is("(") {
				end := cpp.Closing(in, i+1)
				if !r.beforeBody(end) {
					r.attribute(i, end)
				}
				i = end
				continue
			}
		case "__declspec":
			if i+1 < to && in[i+1].Is("(") {
				i = cpp.Closing(in, i+1)
				continue
			}
		case "__extension__", "restrict", "__restrict", "__restrict__", "_Nonnull", "_Nullable", "__const":
			if t.Text != "__const" {
				continue
			}
		case "typeof", "__typeof", "typeof_unqual", "__typeof_unqual", "__typeof_unqual__":
			t.Text = "__typeof__"
			if n := r.typeof(i, to); n > i {
				i = n - 1
				continue
			}
		case "__typeof__":
			if n := r.typeof(i, to); n > i {
				i = n - 1
				continue
			}
		case "__builtin_bswap16", "__builtin_bswap32", "__builtin_bswap64":
			if n := r.bswapConstant(i, to); n > i {
				i = n - 1
				continue
			}
		case "_Static_assert", "static_assert":
			if i+1 < to && in[i+1].Is("(") {
				i = cpp.Closing(in, i+1)
				if i+1 < to && in[i+1].Is(";") && (r.body < 0 || i < r.body) {
					i++
				}
				continue
			}
		case "volatile", "__volatile__", "__volatile":
			// volatile int *f(void): cc knows the qualifier only on pointers to data.
			if r.opt.Function && r.inSpecifiers(i) {
				continue
			}
		case "_Atomic":
			if i+1 >= to || !in[i+1].Is("(") {
				continue // the qualifier changes no layout
			}
		case "enum":
			i = r.enum(i, to) - 1
			continue
		case "struct", "union":
			r.findNameless(i+1, to)
		case "asm", "__asm__", "__asm":
			if n := r.asm(i, to); n > i {
				i = n - 1
				continue
			}
		}
		r.emit(t)
	}
}

// enum writes enum and the tag at i, and gives the index after them. cc knows no
// attributes between the two. That an enum is packed is said of its type, which
// lower understands: enum tag : int __attribute__((packed)) { ... }.
func (r *repairer) enum(i, to int) int {
	in := r.in
	at := in[i]
	r.emit(at)
	packed := false
	attributes := func(j int) int {
		for j+1 < to && (in[j].Is("__attribute__") || in[j].Is("__attribute")) && in[j+1].Is("(") {
			end := cpp.Closing(in, j+1)
			for _, t := range in[j:end] {
				packed = packed || t.Is("packed") || t.Is("__packed__")
			}
			j = end + 1
		}
		return j
	}
	j := attributes(i + 1)
	if j < to && in[j].Kind == cpp.Ident {
		r.emit(in[j])
		j++
	}
	if j < to && in[j].Is(":") {
		k := j
		for k < to && !in[k].Is("{") && !in[k].Is(";") {
			k++
		}
		if k == to { // a bit-field
			return j
		}
		if in[k].Is("{") {
			r.run(j, k)
		}
		return k
	}
	if j < to && in[j].Is("{") {
		end := cpp.Closing(in, j)
		after := attributes(end + 1)
		if packed {
			r.put(at, ":", "int", "__attribute__", "(", "(", "packed", ")", ")")
			r.run(j, end+1)
			return after
		}
	}
	return j
}

// beforeBody tells whether only attributes stand between index end and the
// function's body; cc does not expect any there.
func (r *repairer) beforeBody(end int) bool {
	for i := end + 1; i < r.body; i++ {
		if !r.in[i].Is("__attribute__") && !r.in[i].Is("__attribute") || i+1 >= r.body || !r.in[i+1].Is("(") {
			return false
		}
		i = cpp.Closing(r.in, i+1)
	}
	return end < r.body
}

// elvis writes the operand of 4 ?: x a second time when it is a constant: cc stumbles
// over the missing one.
func (r *repairer) elvis(from, q int) {
	i := q - 1
	if i < from || r.in[i].Kind != cpp.Number && !r.in[i].Is(")") {
		return
	}
	if r.in[i].Is(")") {
		depth := 0
		for ; i >= from; i-- {
			if r.in[i].Is(")") {
				depth++
			} else if r.in[i].Is("(") {
				if depth--; depth == 0 {
					break
				}
			}
		}
	}
	if i < from {
		return
	}
	for j := i; j < q; j++ {
		if k := r.in[j].Kind; k != cpp.Number && k != cpp.Punct {
			return
		}
	}
	r.res.Toks = append(r.res.Toks, r.in[i:q]...)
}

// typeof writes the typeof at i in a way that cc understands, and gives the index
// after what it wrote; or i when it is fine as it is.
func (r *repairer) typeof(i, to int) int {
	if n := r.typeofFunction(i, to); n > i {
		return n
	}
	return r.typeofQualified(i, to)
}

// typeofQualified rewrites typeof(const char *) as typeof(char const *): cc takes
// what begins with a qualifier neither for a type nor for an expression.
func (r *repairer) typeofQualified(i, to int) int {
	in := r.in
	if i+1 >= to || !in[i+1].Is("(") {
		return i
	}
	end := cpp.Closing(in, i+1)
	spec := i + 2
	for spec < end && isQualifier(in[spec].Text) {
		spec++
	}
	if spec == i+2 || spec >= end || in[spec].Kind != cpp.Ident {
		return i
	}
	rest := spec + 1
	switch in[spec].Text {
	case "struct", "union", "enum":
		for rest < end && (in[rest].Kind == cpp.Ident || in[rest].Is("{")) {
			if in[rest].Is("{") {
				rest = cpp.Closing(in, rest)
			}
			rest++
		}
	case "typeof", "__typeof", "__typeof__":
		if rest < end && in[rest].Is("(") {
			rest = cpp.Closing(in, rest) + 1
		}
	default: // a typedef's name, or words such as unsigned long
		for rest < end && in[rest].Kind == cpp.Ident && !isQualifier(in[rest].Text) {
			rest++
		}
	}
	r.put(in[i], "__typeof__")
	r.run(i+1, i+2)
	r.run(spec, rest)
	r.run(i+2, spec)
	r.run(rest, end+1)
	return end + 1
}

func isQualifier(s string) bool {
	switch s {
	case "const", "__const", "volatile", "__volatile__", "__volatile", "restrict", "__restrict", "_Atomic":
		return true
	}
	return false
}

// typeofFunction rewrites typeof(void (int)) *name[] as void (*name[])(int), for cc
// cannot parse a function type without a declarator. It gives the index after what
// it wrote, or i.
func (r *repairer) typeofFunction(i, to int) int {
	in := r.in
	if i+1 >= to || !in[i+1].Is("(") {
		return i
	}
	end := cpp.Closing(in, i+1)
	params := i + 2
	for params < end && in[params].Kind == cpp.Ident || params < end && in[params].Is("*") {
		params++
	}
	if params == i+2 || params >= end || !in[params].Is("(") || cpp.Closing(in, params) != end-1 || !typeWords(in[i+2:params]) {
		return i
	}
	d := end + 1
	for d < to && !endsDeclarator(in[d]) {
		if in[d].Is("(") || in[d].Is("[") {
			d = cpp.Closing(in, d)
		}
		d++
	}
	r.run(i+2, params)
	r.put(in[i], "(")
	r.run(end+1, d)
	r.put(in[i], ")")
	r.run(params, end)
	return d
}

// endsDeclarator tells whether no declarator goes on at t.
func endsDeclarator(t cpp.Token) bool {
	if t.Kind == cpp.Punct {
		switch t.Text {
		case ";", ",", "=", ")", "]", "{", "}":
			return true
		}
	}
	return false
}

// typeWords tells whether tokens are surely a type, not a function to be called.
func typeWords(toks []cpp.Token) bool {
	switch toks[0].Text {
	case "void", "int", "long", "short", "char", "unsigned", "signed", "struct", "union", "enum", "_Bool", "const":
		return true
	}
	return len(toks) > 1
}

// bswapConstant computes a byte swap of a literal, which may be needed as a
// constant. It gives the index after it, or i.
func (r *repairer) bswapConstant(i, to int) int {
	in := r.in
	if i+1 >= to || !in[i+1].Is("(") {
		return i
	}
	end := cpp.Closing(in, i+1)
	var n uint64
	found := false
	for j := i + 2; j < end; j++ {
		switch t := &in[j]; {
		case t.Is("(") || t.Is(")"):
		case t.Kind == cpp.Number && !found:
			v, err := strconv.ParseUint(strings.TrimRight(t.Text, "uUlL"), 0, 64)
			if err != nil {
				return i
			}
			n, found = v, true
		case t.Kind == cpp.Ident && !found && in[j-1].Is("(") && in[j+1].Is(")") && isIntName(t.Text): // a cast
		default:
			return i
		}
	}
	if !found {
		return i
	}
	var text string
	switch in[i].Text {
	case "__builtin_bswap16":
		text = strconv.FormatUint(uint64(bits.ReverseBytes16(uint16(n))), 10)
	case "__builtin_bswap32":
		text = strconv.FormatUint(uint64(bits.ReverseBytes32(uint32(n))), 10) + "U"
	default:
		text = strconv.FormatUint(bits.ReverseBytes64(n), 10) + "UL"
	}
	r.put(in[i], text)
	return end + 1
}

func isIntName(s string) bool {
	switch s {
	case "__u16", "__u32", "__u64", "__be16", "__be32", "__be64", "u16", "u32", "u64", "uint16_t", "uint32_t", "uint64_t", "short", "int", "long", "unsigned":
		return true
	}
	return false
}

func binaryConstant(s string) string {
	digits := strings.TrimRight(s[2:], "uUlL")
	if n, err := strconv.ParseUint(digits, 2, 64); err == nil {
		return "0x" + strconv.FormatUint(n, 16) + s[2+len(digits):]
	}
	return s
}

// keptAttributes are those that mean something for layout or analysis; cc stumbles
// over some of the others.
var keptAttributes = map[string]string{
	"section": "section", "__section__": "section",
	"aligned": "aligned", "__aligned__": "aligned",
	"packed": "packed", "__packed__": "packed",
	"btf_decl_tag": "btf_decl_tag", "btf_type_tag": "btf_type_tag",
	"address_space": "address_space",
	"weak":          "weak", "__weak__": "weak",
	"noinline": "noinline", "__noinline__": "noinline",
	"always_inline": "always_inline", "__always_inline__": "always_inline",
	"naked": "naked", "__naked__": "naked",
	"cleanup": "cleanup", "__cleanup__": "cleanup",
	"noreturn": "noreturn", "__noreturn__": "noreturn",
	"vector_size": "vector_size", "__vector_size__": "vector_size",
	"visibility": "visibility", "__visibility__": "visibility",
}

// attribute writes the attributes in [i, end] one by one: cc loses all but the
// first two of a list and rejects empty ones.
func (r *repairer) attribute(i, end int) {
	in := r.in
	if i+3 > end || !in[i+2].Is("(") {
		return
	}
	inner := cpp.Closing(in, i+2)
	for j := i + 3; j < inner; j++ {
		if in[j].Kind != cpp.Ident {
			continue
		}
		name := in[j]
		argEnd := j
		if j+1 < inner && in[j+1].Is("(") {
			argEnd = cpp.Closing(in, j+1)
		}
		kept := keptAttributes[name.Text]
		if kept == "naked" && (r.body < 0 || i < r.body) {
			r.res.Naked = true
		}
		if kept == "aligned" && argEnd == j {
			// Without a value: the target's largest alignment.
			r.put(name, "__attribute__", "(", "(", "aligned", "(", "8", ")", ")", ")")
		} else if kept != "" {
			r.emit(withText(in[i], "__attribute__"))
			r.put(name, "(", "(")
			r.emit(withText(name, kept))
			if value, ok := r.constant(j, argEnd); ok && kept == "aligned" {
				r.put(name, "(", value, ")")
			} else {
				r.run(j+1, argEnd+1)
			}
			r.put(name, ")", ")")
		}
		j = argEnd
	}
}

// constant gives the value of an attribute's argument that is one enumerator; cc
// does not look those up there.
func (r *repairer) constant(name, end int) (string, bool) {
	if end != name+3 || r.in[name+2].Kind != cpp.Ident || r.opt.Constant == nil {
		return "", false
	}
	return r.opt.Constant(r.in[name+2].Text)
}

// inSpecifiers tells whether index i belongs to a function's declaration
// specifiers: no parenthesis but of attributes and typeof comes before.
func (r *repairer) inSpecifiers(i int) bool {
	for j := 0; j < i; j++ {
		if !r.in[j].Is("(") {
			continue
		}
		if j == 0 {
			return false
		}
		switch r.in[j-1].Text {
		case "__attribute__", "__attribute", "typeof", "__typeof__", "__typeof":
			j = cpp.Closing(r.in, j)
		default:
			return false
		}
	}
	return true
}

func withText(t cpp.Token, s string) cpp.Token {
	t.Text = s
	return t
}

// scopeLabels renames labels that __label__ makes local to a block, for cc knows
// only labels of a whole function, and takes the declarations away.
func scopeLabels(toks []cpp.Token, body int) []cpp.Token {
	var places []int
	for i := body; i < len(toks); i++ {
		if toks[i].Kind == cpp.Ident && toks[i].Text == "__label__" {
			places = append(places, i)
		}
	}
	if len(places) == 0 {
		return toks
	}
	out := append([]cpp.Token(nil), toks...)
	drop := make(map[int]bool)
	// Inner blocks come later: rename them first.
	for n := len(places) - 1; n >= 0; n-- {
		at := places[n]
		end := blockEnd(out, at)
		for i := at; i < end; i++ {
			drop[i] = true
			if out[i].Is(";") {
				break
			}
			if out[i].Kind != cpp.Ident || i == at {
				continue
			}
			renameLabel(out, at, end, out[i].Text, out[i].Text+"__"+strconv.Itoa(n))
		}
	}
	w := 0
	for i := range out {
		if !drop[i] {
			out[w] = out[i]
			w++
		}
	}
	return out[:w]
}

// blockEnd gives the index of the brace that closes the block around i.
func blockEnd(toks []cpp.Token, i int) int {
	depth := 0
	for ; i < len(toks); i++ {
		if toks[i].Is("{") {
			depth++
		} else if toks[i].Is("}") {
			if depth--; depth < 0 {
				return i
			}
		}
	}
	return len(toks)
}

func renameLabel(toks []cpp.Token, from, to int, name, unique string) {
	for i := from; i < to; i++ {
		t := &toks[i]
		if t.Kind != cpp.Ident || t.Text != name {
			continue
		}
		prev := toks[i-1].Text
		next := ""
		if i+1 < to {
			next = toks[i+1].Text
		}
		switch {
		case prev == "goto", prev == "&&" && isUnaryPlace(toks, i-1):
			t.Text = unique
		case next == ":" && (prev == ";" || prev == "{" || prev == "}" || prev == ":" || prev == ")"):
			t.Text = unique
		case (prev == ":" || prev == ",") && (next == ")" || next == ","):
			t.Text = unique // the label list of asm goto
		}
	}
}

// isUnaryPlace tells whether the operator at i has no left operand.
func isUnaryPlace(toks []cpp.Token, i int) bool {
	p := &toks[i-1]
	switch p.Kind {
	case cpp.Ident:
		return p.Text == "return"
	case cpp.Number, cpp.String, cpp.Char:
		return false
	}
	return p.Text != ")" && p.Text != "]"
}
