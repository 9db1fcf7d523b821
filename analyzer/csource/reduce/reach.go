package reduce

import (
	"slices"
	"sort"

	"github.com/bpflockcheck/bpflockcheck/analyzer/csource/cpp"
)

// Source is a large set of declarations that are made or read one by one.
type Source interface {
	// Tag and Name call f for the declarations that define a tag or give an
	// ordinary identifier.
	Tag(name string, f func(decl int))
	Name(name string, f func(decl int))
	// Tokens gives declaration i as it is spelled.
	Tokens(i int) []cpp.Token
	// Ordered reports whether the declarations' numbers are in an order in which
	// each comes after those it needs.
	Ordered() bool
}

// Run is a part of a Source that a unit includes at one place.
type Run struct {
	Source   Source
	From, To int
	// Fallback runs give only names that nothing else gives, before everything else.
	Fallback bool
	// Expand macro-expands a declaration's tokens with the macros in force there.
	Expand func([]cpp.Token) []cpp.Token

	reached map[int]*Decl
	order   []int
}

// Reach keeps what the unit's own code reaches and returns it in order. Soft holds the
// makes it keep everything that is not in a Run. Soft holds the "struct x" and
// "union x" that parameters point to: they must be declared beforehand.
func Reach(slots []Slot, runs []Run) (decls []*Decl, soft []string) {
	r := &reacher{
		runs:    runs,
		byName:  map[string][]*Decl{},
		byTag:   map[string][]*Decl{},
		names:   map[string]bool{},
		tags:    map[string]bool{},
		idents:  map[string]bool{},
		pending: map[string][]string{},
		soft:    map[string]bool{},
	}
	for i := range runs {
		runs[i].reached = map[int]*Decl{}
	}
	for _, s := range slots {
		if d := s.Decl; d != nil {
			for _, n := range d.Names {
				r.byName[n] = append(r.byName[n], d)
			}
			for _, n := range d.Enumerators {
				r.byName[n] = append(r.byName[n], d)
			}
			for _, n := range d.Tags {
				r.byTag[n] = append(r.byTag[n], d)
			}
		}
	}
	for _, s := range slots {
		if s.Decl != nil && isRoot(s.Decl) {
			r.add(s.Decl)
		}
	}
	r.work()
	for _, s := range slots {
		if s.Decl != nil {
			if s.Decl.needed {
				decls = append(decls, s.Decl)
			}
			continue
		}
		decls = append(decls, runs[s.Ref].inOrder()...)
	}
	for i := range runs {
		if runs[i].Fallback && len(runs[i].order) > 0 {
			extra := runs[i].inOrder()
			lessGiven(extra, decls)
			decls = beforeUse(decls, extra)
		}
	}
	for t := range r.soft {
		soft = append(soft, t)
	}
	sort.Strings(soft)
	return decls, soft
}

// lessGiven takes from the fallback's enums what other declarations give: an
// older header has some of an enum's constants, and C allows each only once.
func lessGiven(extra, decls []*Decl) {
	given, tags := map[string]bool{}, map[string]bool{}
	for _, d := range decls {
		for _, n := range d.Enumerators {
			given[n] = true
		}
		for _, n := range d.Tags {
			tags[n] = true
		}
	}
	for _, d := range extra {
		if d.Kind == TagDecl && len(d.Enumerators) > 0 {
			d.Toks = withoutEnumerators(d.Toks, given, tags)
			d.Enumerators = slices.DeleteFunc(d.Enumerators, func(n string) bool { return given[n] })
			d.Tags = slices.DeleteFunc(d.Tags, func(n string) bool { return tags[n] })
		}
	}
}

// withoutEnumerators gives the tokens of "enum tag { A = 1, B = 2 };", in which
// each enumerator has its value, without those given and a tag of tags.
func withoutEnumerators(toks []cpp.Token, given, tags map[string]bool) []cpp.Token {
	out := make([]cpp.Token, 0, len(toks))
	depth, drop := 0, false
	for i := range toks {
		t := &toks[i]
		switch {
		case t.Is("{") || t.Is("("):
			depth++
		case t.Is("}") || t.Is(")"):
			depth--
			drop = drop && depth > 0
		case depth == 0 && t.Kind == cpp.Ident && tags[t.Text]:
			continue
		case depth == 1 && t.Kind == cpp.Ident && i > 0 && (toks[i-1].Is("{") || toks[i-1].Is(",")):
			drop = given[t.Text]
		}
		if !drop {
			out = append(out, *t)
		}
		if depth == 1 && t.Is(",") {
			drop = false
		}
	}
	return out
}

// beforeUse puts each of extra before the first declaration that mentions it.
func beforeUse(decls, extra []*Decl) []*Decl {
	giver := map[string]*Decl{}
	for _, d := range extra {
		for _, names := range [3][]string{d.Names, d.Enumerators, d.Tags} {
			for _, n := range names {
				giver[n] = d
			}
		}
	}
	out := make([]*Decl, 0, len(decls)+len(extra))
	done := map[*Decl]bool{}
	var visit func(d *Decl)
	visit = func(d *Decl) {
		if done[d] {
			return
		}
		done[d] = true
		for i := range d.Toks {
			if t := &d.Toks[i]; t.Kind == cpp.Ident {
				if g := giver[t.Text]; g != nil {
					visit(g)
				}
			}
		}
		out = append(out, d)
	}
	for _, d := range decls {
		visit(d)
	}
	for _, d := range extra {
		visit(d)
	}
	return out
}

// isRoot tells whether a declaration is the unit's own or has an effect by
// itself: a program, a map, a global of a header.
func isRoot(d *Decl) bool {
	switch {
	case d.Main:
		return true
	case d.Kind == Func:
		return d.Section || !d.Static && !d.Inline
	case d.Kind == Var:
		return !d.Extern && (d.Section || !d.Static)
	}
	return false
}

type reacher struct {
	runs          []Run
	byName, byTag map[string][]*Decl
	names, tags   map[string]bool     // looked up
	idents        map[string]bool     // mentioned by reached code
	pending       map[string][]string // tags needed when a member's name is mentioned
	soft          map[string]bool
	queue         []*Decl
}

func (r *reacher) add(d *Decl) {
	if !d.needed && !(d.Weak && r.shadowed(d)) {
		d.needed = true
		r.queue = append(r.queue, d)
	}
}

// shadowed tells whether something stronger than the weak declaration d gives one
// of its names.
func (r *reacher) shadowed(d *Decl) bool {
	stronger := func(others []*Decl) bool {
		for _, o := range others {
			if o != d && (!o.Weak || o.needed && d.Kind != Proto) {
				return true
			}
		}
		return false
	}
	inRun := func(lookup func(Source, string, func(int)), name string) bool {
		found := false
		for i := range r.runs {
			run := &r.runs[i]
			if run.Fallback {
				continue
			}
			lookup(run.Source, name, func(k int) { found = found || k >= run.From && k < run.To })
		}
		return found
	}
	for _, n := range d.Tags {
		if stronger(r.byTag[n]) || inRun(Source.Tag, n) {
			return true
		}
	}
	for _, names := range [2][]string{d.Names, d.Enumerators} {
		for _, n := range names {
			if stronger(r.byName[n]) || inRun(Source.Name, n) {
				return true
			}
		}
	}
	return false
}

func (r *reacher) work() {
	for len(r.queue) > 0 {
		d := r.queue[len(r.queue)-1]
		r.queue = r.queue[:len(r.queue)-1]
		r.refs(d)
	}
}

// name needs an ordinary identifier.
func (r *reacher) name(n string) {
	if r.names[n] {
		return
	}
	r.names[n] = true
	given := len(r.byName[n]) > 0
	for _, d := range r.byName[n] {
		r.add(d)
	}
	for i := range r.runs {
		run := &r.runs[i]
		run.Source.Name(n, func(k int) {
			if k >= run.From && k < run.To && !(run.Fallback && given) {
				given = true
				r.take(run, k)
			}
		})
	}
}

// tag needs the definition of a struct, union or enum.
func (r *reacher) tag(n string) {
	if r.tags[n] {
		return
	}
	r.tags[n] = true
	given := len(r.byTag[n]) > 0
	for _, d := range r.byTag[n] {
		r.add(d)
	}
	for i := range r.runs {
		run := &r.runs[i]
		run.Source.Tag(n, func(k int) {
			if k >= run.From && k < run.To && !(run.Fallback && given) {
				given = true
				r.take(run, k)
			}
		})
	}
}

// mention notes an identifier of the unit's code: what is reached through a
// member of that name is now needed.
func (r *reacher) mention(n string) {
	if r.idents[n] {
		return
	}
	r.idents[n] = true
	if tags := r.pending[n]; tags != nil {
		delete(r.pending, n)
		for _, t := range tags {
			r.tag(t)
		}
	}
}

// take reaches declaration k of a run.
func (r *reacher) take(run *Run, k int) {
	if run.reached[k] != nil {
		return
	}
	raw := run.Source.Tokens(k)
	toks := run.Expand(raw)
	d := &Decl{Toks: toks, Header: true, Fallback: run.Fallback}
	d.analyse()
	switch {
	case d.Kind == Proto && len(r.byName[d.Name()]) > 0:
		return // the unit declares the function itself
	case d.Kind == Other && len(toks) != len(raw):
		return // typedef _Bool bool, after #define bool _Bool
	}
	run.reached[k] = d
	run.order = append(run.order, k)
	d.needed = true
	r.queue = append(r.queue, d)
	if len(toks) != len(raw) || len(raw) > 0 && &toks[0] != &raw[0] {
		// Names that a macro replaced here are still those of the header elsewhere.
		rd := &Decl{Toks: raw, Header: true}
		rd.analyse()
		r.queue = append(r.queue, rd)
	}
}

// refs follows what d mentions.
func (r *reacher) refs(d *Decl) {
	toks := d.Toks
	switch {
	case d.Main || d.Kind == Func || d.Kind == Other || d.Kind == Var && d.Section:
		r.code(toks)
	default:
		r.members(toks, d.Kind == Typedef)
	}
}

// code follows every name of a function or of the unit's own declarations.
func (r *reacher) code(toks []cpp.Token) {
	for i := range toks {
		t := &toks[i]
		if t.Kind != cpp.Ident {
			continue
		}
		r.mention(t.Text)
		if i > 0 && toks[i-1].Kind != cpp.Number {
			switch toks[i-1].Text {
			case "struct", "union", "enum":
				r.tag(t.Text)
				continue
			case ".", "->", "goto":
				continue
			}
		}
		r.name(t.Text)
	}
}

// members follows the types in a declaration of a header. A struct that only a
// pointer member leads to is needed once the unit mentions the member's name,
// since nobody can follow the pointer otherwise; one that only a parameter
// points to is never needed, its tag is enough.
func (r *reacher) members(toks []cpp.Token, isTypedef bool) {
	start := 0
	for i := range toks {
		t := &toks[i]
		if t.Kind != cpp.Punct || t.Text != "{" && t.Text != "}" && t.Text != ";" {
			continue
		}
		r.member(toks[start:i], t.Text == "{", isTypedef)
		start = i + 1
	}
	if start < len(toks) {
		r.member(toks[start:], false, isTypedef)
	}
}

// member follows one member, or a whole declaration without a body; head is set
// for what stands before a body.
func (r *reacher) member(toks []cpp.Token, head, isTypedef bool) {
	parens := 0
	for i := 0; i < len(toks); i++ {
		t := &toks[i]
		if t.Kind == cpp.Punct {
			switch t.Text {
			case "(":
				parens++
			case ")":
				parens--
			}
			continue
		}
		if t.Kind != cpp.Ident {
			continue
		}
		switch t.Text {
		case "struct", "union", "enum":
			j := i + 1
			for j+1 < len(toks) && toks[j].Is("__attribute__") {
				j = cpp.Closing(toks, j+1) + 1
			}
			if j >= len(toks) || toks[j].Kind != cpp.Ident {
				continue
			}
			tag := toks[j].Text
			i = j
			if head && j == len(toks)-1 {
				continue // its own tag
			}
			switch {
			case t.Text == "enum":
				r.tag(tag)
			case parens > 0 && pointerFollows(toks, j+1):
				r.soft[t.Text+" "+tag] = true
			case pointerFollows(toks, j+1) && !isTypedef:
				m := memberName(toks, j+1)
				if m == "" || r.idents[m] {
					r.tag(tag)
				} else {
					r.pending[m] = append(r.pending[m], tag)
				}
			default:
				r.tag(tag)
			}
		case "__attribute__":
			if i+1 < len(toks) {
				i = cpp.Closing(toks, i+1)
			}
		default:
			if !declaresHere(toks, i) {
				r.name(t.Text)
			}
		}
	}
}

// declaresHere tells whether the identifier at i is the name of a member,
// parameter or function rather than of its type.
func declaresHere(toks []cpp.Token, i int) bool {
	if i == 0 {
		return false
	}
	switch p := &toks[i-1]; {
	case p.Is("*"):
	case p.Kind == cpp.Ident:
		switch p.Text {
		case "const", "volatile", "static", "extern", "typedef", "inline", "register", "__extension__":
			return false
		}
	default:
		return false
	}
	if i+1 >= len(toks) {
		return true
	}
	switch n := &toks[i+1]; n.Text {
	case ",", "[", ":", ")", "=", "(", ";":
		return true
	}
	return false
}

// pointerFollows tells whether what stands at i makes a pointer of the type before.
func pointerFollows(toks []cpp.Token, i int) bool {
	for ; i < len(toks); i++ {
		switch t := &toks[i]; {
		case t.Is("const") || t.Is("volatile"):
		case t.Is("__attribute__"):
			if i+1 >= len(toks) {
				return false
			}
			i = cpp.Closing(toks, i+1)
		default:
			return t.Is("*") || t.Is("(") && i+1 < len(toks) && toks[i+1].Is("*")
		}
	}
	return false
}

// memberName finds the name that a declarator after i declares.
func memberName(toks []cpp.Token, i int) string {
	name, _, _ := (&Decl{Toks: toks}).declarator(i)
	return name
}

// inOrder lists what was reached of the run, so that each comes after what it needs.
func (run *Run) inOrder() []*Decl {
	if run.Source.Ordered() {
		slices.Sort(run.order)
		out := make([]*Decl, len(run.order))
		for i, k := range run.order {
			out[i] = run.reached[k]
		}
		return out
	}
	return run.byNeed()
}

// byNeed sorts declarations whose numbers say nothing: first what others hold by
// value or name as a typedef.
func (run *Run) byNeed() []*Decl {
	slices.Sort(run.order)
	giver := map[string]*Decl{}
	for _, k := range run.order {
		d := run.reached[k]
		for _, n := range d.Names {
			giver[n] = d
		}
		for _, n := range d.Enumerators {
			giver[n] = d
		}
		for _, n := range d.Tags {
			giver["struct "+n] = d
		}
	}
	var out []*Decl
	done := map[*Decl]bool{}
	var visit func(d *Decl, depth int)
	visit = func(d *Decl, depth int) {
		if done[d] || depth > 1000 {
			return
		}
		done[d] = true
		for i := range d.Toks {
			t := &d.Toks[i]
			if t.Kind != cpp.Ident {
				continue
			}
			if i > 0 && (toks3(d.Toks[i-1].Text)) {
				if g := giver["struct "+t.Text]; g != nil && g != d && (!pointerFollows(d.Toks, i+1) || d.Toks[i-1].Text == "enum") {
					visit(g, depth+1)
				}
				continue
			}
			if g := giver[t.Text]; g != nil && g != d && !slices.Contains(d.Names, t.Text) {
				visit(g, depth+1)
			}
		}
		out = append(out, d)
	}
	for _, k := range run.order {
		visit(run.reached[k], 0)
	}
	return out
}

func toks3(s string) bool { return s == "struct" || s == "union" || s == "enum" }
