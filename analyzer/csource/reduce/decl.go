package reduce

import (
	"github.com/bpflockcheck/bpflockcheck/analyzer/csource/cpp"
)

// analyse finds what a declaration is and which names it gives.
func (d *Decl) analyse() {
	d.Body = -1
	i, isTypedef, tagOnly, ok := d.specifiers()
	if !ok {
		return
	}
	params := d.declarators(i)
	switch {
	case d.Body >= 0 && len(d.Names) > 0 && !isTypedef:
		d.Kind = Func
	case isTypedef:
		d.Kind = Typedef
	case len(d.Names) == 0:
		if tagOnly {
			d.Kind = TagDecl
		}
	case params:
		d.Kind = Proto
	default:
		d.Kind = Var
	}
}

// specifiers reads the declaration up to its first declarator, which begins at
// next, and says whether a typedef is made and whether a struct, union or enum is
// named. ok is false for what declares nothing: assertions and assembly.
func (d *Decl) specifiers() (next int, isTypedef, tagged, ok bool) {
	toks := d.Toks
	typeSeen := false
	i := 0
	for i < len(toks) {
		t := &toks[i]
		if t.Kind != cpp.Ident {
			return i, isTypedef, tagged, true
		}
		switch t.Text {
		case "static":
			d.Static = true
		case "extern":
			d.Extern = true
		case "inline", "__inline", "__inline__":
			d.Inline = true
		case "typedef":
			isTypedef = true
		case "__extension__", "const", "volatile", "__const", "__volatile__", "register", "_Noreturn", "_Thread_local", "__thread", "restrict", "__restrict", "_Atomic":
		case "_Static_assert", "static_assert", "asm", "__asm__", "__asm":
			return i, false, false, false
		case "__attribute__", "__attribute", "__declspec", "_Alignas":
			i = d.attribute(i)
			continue
		case "typeof", "__typeof__", "__typeof", "typeof_unqual", "__typeof_unqual__", "__typeof_unqual":
			typeSeen = true
			if i+1 < len(toks) && toks[i+1].Is("(") {
				d.nested(i+1, cpp.Closing(toks, i+1))
				i = cpp.Closing(toks, i+1)
			}
		case "struct", "union", "enum":
			typeSeen, tagged = true, true
			i = d.aggregate(i)
			continue
		case "char", "short", "int", "long", "float", "double", "signed", "unsigned", "void", "_Bool", "__signed__", "__int128", "__int128_t", "__uint128_t",
			"_Float16", "__bf16", "_Complex", "__float128", "_Float128", "__auto_type":
			typeSeen = true
		default:
			if typeSeen {
				return i, isTypedef, tagged, true
			}
			// A typedef's name, unless this is a function without a type.
			if i+1 < len(toks) && toks[i+1].Is("(") && i+2 < len(toks) && !toks[i+2].Is("*") {
				return i, isTypedef, tagged, true
			}
			typeSeen = true
		}
		i++
	}
	return i, isTypedef, tagged, true
}

// declarators reads the names that are declared from token i on, and where a
// function's body begins. It reports whether one has parameters.
func (d *Decl) declarators(i int) (params bool) {
	toks := d.Toks
	assigned := false
	for i < len(toks) {
		var name string
		var p bool
		name, p, i = d.declarator(i)
		params = params || p
		if name != "" {
			d.Names = append(d.Names, name)
		}
		// Up to the next declarator.
	rest:
		for i < len(toks) {
			t := &toks[i]
			switch {
			case t.Is(","):
				i++
				break rest
			case t.Is("="):
				assigned = true
				i++
			case t.Is("{"):
				if !assigned {
					d.Body = i
					i = len(toks)
					break rest
				}
				i = cpp.Closing(toks, i) + 1
			case t.Is("(") || t.Is("["):
				i = cpp.Closing(toks, i) + 1
			case t.Is("__attribute__") || t.Is("__attribute"):
				i = d.attribute(i)
			default:
				i++
			}
		}
	}
	return params
}

// attribute reads the attribute at i and gives the index after it.
func (d *Decl) attribute(i int) int {
	if i+1 >= len(d.Toks) || !d.Toks[i+1].Is("(") {
		return i + 1
	}
	end := cpp.Closing(d.Toks, i+1)
	for j := i + 2; j < end; j++ {
		switch d.Toks[j].Text {
		case "section", "__section__":
			d.Section = true
		}
	}
	return end + 1
}

// aggregate reads struct, union or enum at i, with tag and body, and gives the
// index after it.
func (d *Decl) aggregate(i int) int {
	toks := d.Toks
	isEnum := toks[i].Text == "enum"
	i++
	tag := ""
	for i < len(toks) {
		t := &toks[i]
		switch {
		case t.Is("__attribute__") || t.Is("__attribute"):
			i = d.attribute(i)
			continue
		case t.Kind == cpp.Ident && tag == "":
			tag = t.Text
			i++
			continue
		case t.Is(":") && isEnum: // enum x : type {
			j := i
			for j < len(toks) && j < i+5 && !toks[j].Is("{") {
				j++
			}
			if j < len(toks) && toks[j].Is("{") {
				i = j
				continue
			}
		case t.Is("{"):
			if tag != "" {
				d.Tags = append(d.Tags, tag)
			}
			end := cpp.Closing(toks, i)
			if isEnum {
				d.enumerators(i+1, end)
			} else {
				d.nested(i+1, end)
			}
			return end + 1
		}
		break
	}
	return i
}

func (d *Decl) enumerators(i, end int) {
	want := true
	for ; i < end; i++ {
		t := &d.Toks[i]
		switch {
		case t.Is(","):
			want = true
		case t.Is("("):
			i = cpp.Closing(d.Toks, i)
		case want && t.Kind == cpp.Ident:
			d.Enumerators = append(d.Enumerators, t.Text)
			want = false
		}
	}
}

// nested finds the tags and enumerators defined inside a struct's body.
func (d *Decl) nested(i, end int) {
	for i < end {
		if t := &d.Toks[i]; t.Kind == cpp.Ident && (t.Text == "struct" || t.Text == "union" || t.Text == "enum") {
			// The members of a nested body are visited by aggregate itself.
			i = max(d.aggregate(i), i+1)
			continue
		}
		i++
	}
}

// declarator reads a declarator at i: its name, whether it declares a function,
// and the index where its name's suffixes start.
func (d *Decl) declarator(i int) (name string, function bool, next int) {
	toks := d.Toks
	for i < len(toks) {
		t := &toks[i]
		switch {
		case t.Is("__attribute__") || t.Is("__attribute"):
			i = d.attribute(i)
			continue
		case t.Is("*") || t.Is("^"):
			i++
			continue
		case t.Is("("):
			end := cpp.Closing(toks, i)
			n, f, _ := (&Decl{Toks: toks[:end]}).declarator(i + 1)
			pointer := i+1 < end && toks[i+1].Is("*")
			after := end + 1
			return n, f || !pointer && after < len(toks) && toks[after].Is("("), after
		case t.Kind == cpp.Ident:
			switch t.Text {
			case "const", "volatile", "restrict", "__restrict", "__restrict__", "__const", "__volatile__", "_Nonnull", "inline", "static", "extern", "_Atomic", "__inline", "__inline__":
				if t.Text == "static" {
					d.Static = true
				}
				i++
				continue
			}
			return t.Text, i+1 < len(toks) && toks[i+1].Is("("), i + 1
		}
		return "", false, i
	}
	return "", false, i
}
