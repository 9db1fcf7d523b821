package cpp

// Macro is one definition. It is immutable.
type Macro struct {
	Name string
	// File and Off tell where the name is defined; Line's end is End.
	File     *File
	Off, End uint32
	// FuncLike macros have a parameter list, perhaps empty.
	FuncLike bool
	Params   []string
	// Variadic is set when the last parameter takes all that is left.
	Variadic bool
	Body     []Token

	// param[i] is the parameter that Body[i] names, plus one.
	param []int16
	// special is set when the body holds # or ##, or __VA_OPT__.
	special bool
	// dynamic makes the token of __LINE__ and its like.
	dynamic func(p *Preprocessor, at Token) (Kind, string)
}

// parseMacro reads the tokens after "define" up to the line's end.
func parseMacro(line []Token) (*Macro, string) {
	if len(line) == 0 {
		return nil, "macro name missing"
	}
	if line[0].Kind != Ident {
		return nil, "macro names must be identifiers"
	}
	if line[0].Text == "defined" {
		return nil, `"defined" cannot be used as a macro name`
	}
	last := line[len(line)-1]
	m := &Macro{Name: line[0].Text, File: line[0].File, Off: line[0].Off, End: last.Off + uint32(len(last.Text))}
	rest := line[1:]
	if len(rest) > 0 && rest[0].Is("(") && rest[0].Flags&Space == 0 {
		m.FuncLike = true
		i := 1
		for {
			if i >= len(rest) {
				return nil, "missing ')' in macro parameter list"
			}
			t := rest[i]
			switch {
			case t.Is(")") && (len(m.Params) == 0 || m.Variadic):
			case t.Kind == Ident && !m.Variadic:
				m.Params = append(m.Params, t.Text)
				i++
				if i < len(rest) && rest[i].Is("...") { // GNU: args...
					m.Variadic = true
					i++
				}
			case t.Is("...") && !m.Variadic:
				m.Params = append(m.Params, "__VA_ARGS__")
				m.Variadic = true
				i++
			default:
				return nil, "unexpected " + quote(t.Text) + " in macro parameter list"
			}
			if i < len(rest) && rest[i].Is(",") && !m.Variadic {
				i++
				continue
			}
			if i < len(rest) && rest[i].Is(")") {
				break
			}
			return nil, "missing ')' in macro parameter list"
		}
		rest = rest[i+1:]
	}
	m.Body = rest
	m.param = make([]int16, len(rest))
	for i := range rest {
		switch t := &rest[i]; t.Kind {
		case Ident:
			for j, p := range m.Params {
				if p == t.Text {
					m.param[i] = int16(j + 1)
				}
			}
			if t.Text == "__VA_OPT__" && m.Variadic {
				m.special = true
			}
		case Punct:
			if t.Text == "##" || t.Text == "#" && m.FuncLike {
				m.special = true
			}
		}
	}
	if len(rest) > 0 && (rest[0].Is("##") || rest[len(rest)-1].Is("##")) {
		return nil, "'##' cannot appear at either end of a macro expansion"
	}
	return m, ""
}

func quote(s string) string { return "'" + s + "'" }
