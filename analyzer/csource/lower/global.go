package lower

import (
	"strconv"
	"strings"

	"modernc.org/cc/v4"

	"github.com/bpflockcheck/bpflockcheck/analyzer/ir"
)

// globalOf gives the IR's variable for a C variable with static storage.
func (l *lowerer) globalOf(e *entity) *ir.Global {
	if e.global != nil {
		return e.global
	}
	g := &ir.Global{Name: e.name, Type: l.irType(e.t), Size: max(l.sizeOf(e.t), 0), Static: e.static || e.attrs.hidden, Tags: e.attrs.declTags}
	e.global = g
	if e.owner != "" {
		// As clang names a static local; the number keeps names apart.
		g.Name = e.owner + "." + e.name
		if n := l.localNames[g.Name]; n > 0 {
			l.localNames[g.Name]++
			g.Name += "." + strconv.Itoa(n)
		} else {
			l.localNames[g.Name] = 1
		}
	}
	if len(e.refs) > 0 {
		g.Pos = l.pos(e.refs[0].d)
		for _, r := range e.refs {
			if r.init != nil {
				g.Pos = l.pos(r.d)
			}
		}
	}
	l.section(e, g)
	l.unit.Globals = append(l.unit.Globals, g)
	return g
}

// section decides where the variable lives, as clang and libbpf do.
func (l *lowerer) section(e *entity, g *ir.Global) {
	sec := e.attrs.section
	isConst := e.t.has(ir.Const)
	known, zero, v := l.initialValue(e)
	switch {
	case e.t.inArena() || strings.HasPrefix(sec, ".addr_space."):
		g.Section, g.Arena = ".addr_space.1", true
	case sec != "":
		g.Section = sec
	case e.external:
		g.Section = ""
	case isConst:
		g.Section = ".rodata"
	case zero:
		g.Section = ".bss"
	default:
		g.Section = ".data"
	}
	g.Const = isConst || strings.HasPrefix(g.Section, ".rodata") || g.Section == ".kconfig" || g.Section == "license"
	g.Ksym = strings.HasPrefix(sec, ".ksyms")
	if known && !e.external {
		g.Init = &v
	}
}

// initialValue evaluates a variable's initialiser: known for a scalar with a
// constant value (v), zero when every byte is.
func (l *lowerer) initialValue(e *entity) (known, zero bool, v int64) {
	var init *cc.Initializer
	for _, r := range e.refs {
		if r.init != nil {
			init = r.init
		}
	}
	u := e.t.underlying()
	switch {
	case init == nil:
		return u != nil && u.isScalar(), true, 0
	case u != nil && u.isScalar():
		for init.Case == cc.InitializerInitList {
			if init.InitializerList == nil || init.InitializerList.Initializer == nil {
				return true, true, 0
			}
			init = init.InitializerList.Initializer
		}
		v, ok := l.constant(init.AssignmentExpression)
		return ok, ok && v == 0, normalize(v, u.size, u.signed)
	case init.Case != cc.InitializerInitList:
		str, ok := stringLiteral(init.AssignmentExpression)
		return false, ok && str == "", 0
	}
	zero = true
	saved := l.scope
	l.scope = &l.file
	defer func() { l.scope = saved }()
	l.walkInit(e.t, init.InitializerList, func(x leaf) {
		if x.str {
			s, _ := stringLiteral(x.expr)
			zero = zero && s == ""
		} else if zero {
			c, ok := l.constant(x.expr)
			zero = ok && c == 0
		}
	})
	return false, zero, 0
}

// constGlobal gives the value of a constant that no program or loader can
// change: const without volatile, with a known initialiser.
func (f *fn) constGlobal(lv lval) (int64, bool) {
	e := lv.ent
	if e == nil || e.kind != entVar || lv.off != 0 || lv.volatile || e.external || !e.t.has(ir.Const) || !e.t.isScalar() {
		return 0, false
	}
	if sec := e.attrs.section; sec != "" && !strings.HasPrefix(sec, ".rodata") {
		return 0, false
	}
	if e.constBusy {
		return 0, false
	}
	e.constBusy = true
	known, _, v := f.initialValue(e)
	e.constBusy = false
	return v, known
}

// literal gives the constant global of a string literal.
func (l *lowerer) literal(s string, t *ctype, n cc.Node) *ir.Global {
	if g := l.literals[s]; g != nil {
		return g
	}
	g := &ir.Global{Name: ".str", Pos: l.pos(n), Section: ".rodata.str", Type: l.irType(t), Size: l.sizeOf(t), Const: true, Static: true}
	l.literals[s] = g
	l.unit.Globals = append(l.unit.Globals, g)
	return g
}
