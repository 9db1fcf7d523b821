package unit

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"sort"
	"strconv"
	"strings"

	"modernc.org/cc/v4"

	"github.com/bpflockcheck/bpflockcheck/analyzer/csource/cpp"
	"github.com/bpflockcheck/bpflockcheck/analyzer/csource/reduce"
	"github.com/bpflockcheck/bpflockcheck/analyzer/csource/repair"
)

// item is a declaration on its way to cc.
type item struct {
	decl *reduce.Decl
	toks []cpp.Token // repaired
	body int         // of the opening brace in toks, or -1
	form form
	why  string
	at   cpp.Token // where the reason is
}

// form is how much of a declaration cc is given.
type form uint8

const (
	whole form = iota
	prototype
	nothing
)

// maxRounds bounds how often cc is run for one unit.
const maxRounds = 60

// maxDeclTokens and maxNesting bound a declaration: cc works recursively.
const (
	maxDeclTokens = 300_000
	maxNesting    = 400
	maxTypedefs   = 20 // of one another
)

// prepare repairs the declarations.
func prepare(decls []*reduce.Decl, slots []reduce.Slot) []*item {
	items := make([]*item, 0, len(decls))
	constant := func(name string) (string, bool) { return enumerator(slots, name) }
	typedefs := map[string]*reduce.Decl{}
	for _, d := range decls {
		if d.Kind == reduce.Typedef {
			for _, n := range d.Names {
				typedefs[n] = d
			}
		}
	}
	scalar := func(name string) bool { return isScalar(typedefs, name, 0) }
	for _, d := range decls {
		it := &item{decl: d, body: -1}
		if why, at := tooComplex(d.Toks); why != "" {
			it.form, it.why, it.at = nothing, why, at
			it.keepHead()
			items = append(items, it)
			continue
		}
		res := repair.Decl(d.Toks, repair.Options{
			Body:     d.Body,
			Function: d.Kind == reduce.Func || d.Kind == reduce.Proto,
			Constant: constant,
			Scalar:   scalar,
		})
		it.toks = res.Toks
		if d.Kind == reduce.Func {
			it.body = bodyOf(it.toks)
		}
		switch {
		case it.body < 0:
		case res.Naked:
			it.form, it.why, it.at = prototype, "naked function (inline assembly)", d.Toks[0]
		case res.Asm != nil:
			if b := replacement(d.Name(), it.toks[it.body]); b != nil {
				it.toks = append(it.toks[:it.body:it.body], b...)
			} else {
				it.form, it.why, it.at = prototype, "inline assembly", *res.Asm
			}
		}
		items = append(items, it)
	}
	return items
}

// keepHead makes a prototype of a function whose body cannot be given to cc.
func (it *item) keepHead() {
	d := it.decl
	if d.Kind != reduce.Func {
		return
	}
	head := d.Toks[:d.Body:d.Body]
	if why, _ := tooComplex(head); why != "" {
		return
	}
	brace := d.Toks[d.Body]
	brace.Text = "}"
	toks := append(head, d.Toks[d.Body], brace)
	it.toks = repair.Decl(toks, repair.Options{Body: d.Body, Function: true}).Toks
	if it.body = bodyOf(it.toks); it.body >= 0 {
		it.form = prototype
	}
}

// isScalar reports whether a typedef is surely one of a scalar.
func isScalar(typedefs map[string]*reduce.Decl, name string, depth int) bool {
	d := typedefs[name]
	if d == nil || depth > maxTypedefs {
		return false
	}
	for _, t := range d.Toks {
		switch {
		case t.Is("struct") || t.Is("union") || t.Is("typeof") || t.Is("__typeof__") || t.Is("["):
			return false
		case t.Kind == cpp.Ident && t.Text != name && typedefs[t.Text] != nil && !isScalar(typedefs, t.Text, depth+1):
			return false
		}
	}
	return true
}

// enumerator finds the value of an enumerator that is given as a number.
func enumerator(slots []reduce.Slot, name string) (string, bool) {
	for _, s := range slots {
		d := s.Decl
		if d == nil || !slices.Contains(d.Enumerators, name) {
			continue
		}
		for i := range d.Toks[:len(d.Toks)-2] {
			if t := d.Toks[i:]; t[0].Text == name && t[1].Is("=") && t[2].Kind == cpp.Number {
				return t[2].Text, true
			}
		}
	}
	return "", false
}

// replacement gives the meaning of functions of well-known headers that are
// written in assembly, as a body.
func replacement(name string, at cpp.Token) (toks []cpp.Token) {
	switch name {
	case "bpf_tail_call_static": // libbpf's bpf_helpers.h
		toks = cpp.Lex(tailCallStatic, 0, uint32(len(tailCallStatic.Src)), nil)
	}
	for i := range toks {
		toks[i].File, toks[i].Off, toks[i].Exp = at.File, at.Off, at.Exp
	}
	return toks
}

var tailCallStatic = cpp.NewFile("<predefined>", "{ bpf_tail_call((void *)ctx, (void *)map, slot); }")

// tooComplex says why cc must not be given a declaration: it is nested too deeply,
// or its brackets do not match, which can send cc's parser into an endless loop.
func tooComplex(toks []cpp.Token) (string, cpp.Token) {
	if len(toks) > maxDeclTokens {
		return fmt.Sprintf("declaration of more than %d tokens", maxDeclTokens), toks[0]
	}
	run := 0
	var open []int
	for i := range toks {
		t := &toks[i]
		if t.Kind != cpp.Punct {
			if t.Text != "else" && t.Text != "if" && t.Text != "sizeof" {
				run = 0
			}
			continue
		}
		switch t.Text {
		case "(", "[", "{":
			if open = append(open, i); len(open) > maxNesting {
				return fmt.Sprintf("brackets are nested deeper than %d", maxNesting), *t
			}
		case ")", "]", "}":
			n := len(open) - 1
			if n < 0 {
				return "unexpected '" + t.Text + "'", *t
			}
			if o := &toks[open[n]]; o.Text != opener[t.Text] {
				return "'" + o.Text + "' is not closed before '" + t.Text + "'", *o
			}
			open = open[:n]
		case "*", "!", "~", "-", "+", "&", "++", "--", "?", ":":
			if run++; run > 4*maxNesting {
				return "expression is nested too deeply", *t
			}
			continue
		}
		run = 0
	}
	if n := len(open); n > 0 {
		t := &toks[open[n-1]]
		return "'" + t.Text + "' is not closed", *t
	}
	return "", cpp.Token{}
}

var opener = map[string]string{")": "(", "]": "[", "}": "{"}

// bodyOf finds the opening brace of a repaired function's body.
func bodyOf(toks []cpp.Token) int {
	depth, aggregate := 0, false
	for i := range toks {
		switch t := &toks[i]; t.Text {
		case "(", "[":
			depth++
		case ")", "]":
			depth--
			aggregate = false
		case "struct", "union", "enum":
			aggregate = depth == 0
		case "*":
			aggregate = false
		case "{":
			if depth == 0 && aggregate {
				depth++
				aggregate = false
			} else if depth == 0 {
				return i
			} else {
				depth++
			}
		case "}":
			depth--
		}
	}
	return -1
}

// render writes what cc is to be given.
func render(items []*item, soft []string) *ccText {
	c := &ccText{}
	if len(soft) > 0 {
		c.lines = append(c.lines, 0)
		c.items = append(c.items, nil)
		for _, s := range soft {
			c.buf = append(c.buf, s...)
			c.buf = append(c.buf, ';')
		}
		c.buf = append(c.buf, '\n')
	}
	semi := []cpp.Token{{Kind: cpp.Punct, Text: ";"}}
	for _, it := range items {
		switch it.form {
		case whole:
			c.decl(it, it.toks)
		case prototype:
			semi[0].File, semi[0].Off, semi[0].Exp = it.toks[it.body].File, it.toks[it.body].Off, it.toks[it.body].Exp
			c.decl(it, append(it.toks[:it.body:it.body], semi...))
		}
	}
	c.buf = append(c.buf, sentinel...)
	return c
}

// sentinel ends the text: after a syntax error in a pointer, cc's parser looks for
// one of these tokens without noticing the end of the file.
const sentinel = "extern int __blc_end(int, int);\n"

const unitName = "unit"

// translate runs cc over items until it accepts what is left of them.
func translate(ctx context.Context, items []*item, soft []string) (*cc.AST, *ccText, error) {
	abi, err := cc.NewABI("linux", "amd64")
	if err != nil {
		return nil, nil, err
	}
	var pro strings.Builder
	pro.WriteString(prologue)
	seen := map[string]bool{}
	for _, it := range items {
		for i := range it.toks {
			t := &it.toks[i]
			if t.Kind == cpp.Ident && strings.HasPrefix(t.Text, "__") && !seen[t.Text] {
				seen[t.Text] = true
				if b := builtins[t.Text]; b != "" {
					pro.WriteString(b)
				}
			}
		}
	}
	pro.WriteByte('\n')
	checked := -1 // so many types did the last check of the syntax know
	for range maxRounds {
		if err := ctx.Err(); err != nil {
			return nil, nil, err
		}
		text := render(items, soft)
		ast, err := run(abi, pro.String(), text)
		if err == nil {
			return ast, text, nil
		}
		if n := typedefs(items); n != checked && strings.Contains(err.Error(), "unexpected ") {
			// The parser stops at the first error: look for all of them at once, and
			// again when a type was left out since, without which others do not parse.
			checkSyntax(ctx, abi, items)
			checked = n
			continue
		}
		if !blame(err, text, func() []*item { return bisect(ctx, abi, pro.String(), items, soft) }) {
			return nil, nil, fmt.Errorf("%s", clean(errorLines(err)[0]))
		}
	}
	// Too many: leave out the bodies of all that is left but could not be checked.
	return nil, nil, errors.New("too many declarations that cannot be parsed")
}

// panicked is what cc ran into.
type panicked struct{ what any }

func (p panicked) Error() string { return fmt.Sprintf("internal error of the C front end: %v", p.what) }

// run is one call of cc.
func run(abi *cc.ABI, pro string, text *ccText) (ast *cc.AST, err error) {
	defer func() {
		if r := recover(); r != nil {
			ast, err = nil, panicked{r}
		}
	}()
	return cc.Translate(config(abi), []cc.Source{{Name: "<builtin>", Value: pro}, {Name: unitName, Value: append([]byte(nil), text.buf...)}})
}

func config(abi *cc.ABI) *cc.Config {
	return &cc.Config{
		ABI:                        abi,
		UnsignedEnums:              true,
		IgnoreStaticAssert:         true,
		IgnoreNegativeShiftAmounts: true,
		FS:                         noFiles{},
		FSOnly:                     true,
		ExpansionLimit:             64 << 20,
	}
}

var (
	errPos    = regexp.MustCompile(`^unit:(\d+):(\d+):`)
	errOrigin = regexp.MustCompile(` \([a-z0-9_]+\.go:\d+:[^()]*\)`)
	errSecond = regexp.MustCompile(`unit:\d+:\d+:?`)
	// errUntyped is what cc says of an expression with an operand in error.
	errUntyped = regexp.MustCompile(`TODO \*cc\.\w+ missed/failed type check(: \[\w+\])?`)
	// errEnumerator: of the enumerators of one declaration cc names any.
	errEnumerator = regexp.MustCompile(`(redeclaration of )enumerator '\w+' at unit:\d+:\d+:?`)
)

// clean takes what belongs to cc's own source out of a message.
func clean(s string) string {
	s, _, _ = strings.Cut(s, "\n")
	s = errUntyped.ReplaceAllString(s, "an expression whose type cannot be told")
	s = errEnumerator.ReplaceAllString(s, "${1}an enumerator")
	s = errOrigin.ReplaceAllString(s, "")
	s = errPos.ReplaceAllString(s, "")
	s = errSecond.ReplaceAllString(s, "here")
	s = strings.TrimPrefix(withoutBodies(s), "type ")
	return strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(s), ":"))
}

// withoutBodies takes struct bodies out of a message, which cc writes in full.
func withoutBodies(s string) string {
	var b strings.Builder
	depth := 0
	for _, r := range s {
		switch {
		case r == '{':
			depth++
		case r == '}' && depth > 0:
			depth--
		case depth == 0:
			b.WriteRune(r)
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

// errorLines gives cc's errors in the order of the text: it finds those about
// names in the order of a Go map.
func errorLines(err error) []string {
	lines := strings.Split(err.Error(), "\n")
	slices.SortStableFunc(lines, func(a, b string) int {
		la, ca := errorPlace(a)
		lb, cb := errorPlace(b)
		return cmp.Or(cmp.Compare(la, lb), cmp.Compare(ca, cb), cmp.Compare(a, b))
	})
	return lines
}

func errorPlace(line string) (ln, col int) {
	if m := errPos.FindStringSubmatch(line); m != nil {
		ln, _ = strconv.Atoi(m[1])
		col, _ = strconv.Atoi(m[2])
	}
	return ln, col
}

// blame leaves out the declarations that err complains about. It reports whether
// there was any.
func blame(err error, text *ccText, find func() []*item) bool {
	hit := false
	for _, line := range errorLines(err) {
		m := errPos.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		ln, _ := strconv.Atoi(m[1])
		col, _ := strconv.Atoi(m[2])
		if ln < 1 || ln > len(text.items) {
			continue
		}
		it := text.items[ln-1]
		if it == nil {
			continue
		}
		var at cpp.Token
		if n := text.at(int(text.lines[ln-1]) + col - 1); n >= 0 {
			at = text.toks[n]
		}
		if at.File == nil || errEnumerator.MatchString(line) {
			at = it.decl.Toks[0]
		}
		before := it.form
		if before == whole || !hit {
			it.demote(clean(line), at)
		}
		hit = hit || it.form != before
	}
	if hit {
		return true
	}
	for _, it := range find() {
		it.demote(clean(errorLines(err)[0]), it.decl.Toks[0])
		hit = true
	}
	return hit
}

// typedefs counts the declarations of types that cc is given.
func typedefs(items []*item) int {
	n := 0
	for _, it := range items {
		if it.decl.Kind == reduce.Typedef && it.form != nothing {
			n++
		}
	}
	return n
}

// checkSyntax parses every declaration on its own, knowing only which names are
// types so far, and demotes those that do not parse.
func checkSyntax(ctx context.Context, abi *cc.ABI, items []*item) {
	types := map[string]bool{"__predefined_va_list": true, "__predefined_size_t": true}
	for _, it := range items {
		for it.form != nothing && ctx.Err() == nil {
			text := render([]*item{it}, nil)
			err := parses(abi, types, it, text)
			if err == nil || !blame(err, text, func() []*item { return []*item{it} }) {
				break
			}
		}
		if it.decl.Kind == reduce.Typedef && it.form != nothing {
			for _, n := range it.decl.Names {
				types[n] = true
			}
		}
	}
}

// parses tells whether cc's parser accepts a declaration alone.
func parses(abi *cc.ABI, types map[string]bool, it *item, text *ccText) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = panicked{r}
		}
	}()
	pro := []byte("int __predefined_declarator;")
	done := map[string]bool{}
	for i := range text.toks {
		t := &text.toks[i]
		if t.Kind == cpp.Ident && types[t.Text] && !done[t.Text] {
			done[t.Text] = true
			if it.decl.Kind != reduce.Typedef || !slices.Contains(it.decl.Names, t.Text) {
				pro = append(append(append(pro, "typedef int "...), t.Text...), ';')
			}
		}
	}
	_, err = cc.Parse(config(abi), []cc.Source{{Name: "<builtin>", Value: pro}, {Name: unitName, Value: append([]byte(nil), text.buf...)}})
	return err
}

// demote gives cc less of the declaration from now on.
func (it *item) demote(why string, at cpp.Token) {
	switch {
	case it.form == whole && it.body >= 0:
		it.form = prototype
	case it.form == nothing:
		return
	default:
		it.form = nothing
	}
	if it.why == "" {
		it.why, it.at = why, at
	}
}

// bisect finds the declaration that makes cc panic, or err without a place: the
// last one of the shortest prefix that does.
func bisect(ctx context.Context, abi *cc.ABI, pro string, items []*item, soft []string) []*item {
	bad := sort.Search(len(items), func(n int) bool {
		if ctx.Err() != nil {
			return true
		}
		text := render(items[:n+1], soft)
		_, err := run(abi, pro, text)
		return err != nil
	})
	for ; bad < len(items); bad++ {
		if items[bad].form != nothing {
			return items[bad : bad+1]
		}
	}
	return nil
}
