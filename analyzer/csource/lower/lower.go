// Package lower is a small compiler front end: it lowers the functions, maps
// and variables of one parsed BPF C file to the intermediate representation.
//
// It takes names and types from the syntax tree by itself and needs no type
// checker. What a function does is kept exactly: the order of effects, the
// width and sign of arithmetic, short circuits as branches. What cannot be
// lowered makes an unknown value (ir.Havoc) or, where that would be wrong, a
// skipped function, and is always named.
package lower

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"modernc.org/cc/v4"

	"github.com/bpflockcheck/bpflockcheck/analyzer/csource/unit"
	"github.com/bpflockcheck/bpflockcheck/analyzer/diag"
	"github.com/bpflockcheck/bpflockcheck/analyzer/ir"
	"github.com/bpflockcheck/bpflockcheck/analyzer/position"
	"github.com/bpflockcheck/bpflockcheck/rules/kernel"
)

// Source is one parsed file.
type Source struct {
	Path string
	AST  *cc.AST
	// Pos gives the span of a node, Text its source text on one line.
	Pos  func(cc.Node) *position.Pos
	Text func(cc.Node) string
	// Exact gives the text that an edit may replace, or why there is none; nil
	// when edits are not asked for.
	Exact func(cc.Node) (unit.Extract, string)
}

// Unit lowers a file. It always gives a unit: what could not be lowered is
// under Skipped.
func Unit(src Source) *ir.Unit {
	l := &lowerer{
		types: newTypes(), src: src,
		unit:       &ir.Unit{Name: src.Path, Evidence: diag.FromSource},
		recordDefs: map[string]*cc.StructOrUnionSpecifier{}, enumDefs: map[string]*cc.EnumSpecifier{},
		records: map[*cc.StructOrUnionSpecifier]*ctype{}, enums: map[*cc.EnumSpecifier]*ctype{},
		enumConsts: map[*cc.EnumSpecifier][]*entity{},
		specMemo:   map[*cc.DeclarationSpecifiers]specs{}, positions: map[cc.Node]*position.Pos{},
		literals: map[string]*ir.Global{}, statics: map[*cc.InitDeclarator]*entity{},
		noted: map[string]bool{}, localNames: map[string]int{},
	}
	l.file.names = map[string]*entity{}
	l.scope = &l.file
	if src.AST != nil {
		l.index(src.AST.TranslationUnit)
	}
	l.variables()
	l.functions()
	l.structOps()
	return l.unit
}

// lowerer lowers one unit.
type lowerer struct {
	*types
	src  Source
	unit *ir.Unit

	file  scope
	scope *scope

	recordDefs map[string]*cc.StructOrUnionSpecifier // file-scope definitions by tag
	enumDefs   map[string]*cc.EnumSpecifier
	records    map[*cc.StructOrUnionSpecifier]*ctype
	enums      map[*cc.EnumSpecifier]*ctype
	enumConsts map[*cc.EnumSpecifier][]*entity // of enums inside functions
	specMemo   map[*cc.DeclarationSpecifiers]specs
	positions  map[cc.Node]*position.Pos
	literals   map[string]*ir.Global
	statics    map[*cc.InitDeclarator]*entity
	noted      map[string]bool
	localNames map[string]int // how many static locals have a name

	// memberPos asks for the positions of struct members: those of map values
	// and variables are told to the user, those of kernel types are not and
	// would cost an index of all lines of vmlinux.h.
	memberPos bool

	vars     []*entity // file-scope variables in order
	funcDefs []*entity // function definitions in order
	work     []*entity // functions still to be lowered
	current  *fn
}

// noPos stands for a place that is not known.
var noPos = &position.Pos{}

func (l *lowerer) pos(n cc.Node) *position.Pos {
	if e, ok := n.(cc.ExpressionNode); ok && isNil(e) || n == nil {
		return noPos
	}
	if p := l.positions[n]; p != nil {
		return p
	}
	p := l.src.Pos(n)
	if p == nil {
		p = noPos
	}
	l.positions[n] = p
	return p
}

func (l *lowerer) text(n cc.Node) string { return l.src.Text(n) }

func (l *lowerer) skipped(at *position.Pos, function, reason string) {
	l.unit.Skipped = append(l.unit.Skipped, diag.Skip{Span: at.Span, Function: function, Reason: reason})
}

// note records something strange that does not stop the analysis, once.
func (l *lowerer) note(at cc.Node, what string) {
	if l.noted[what] {
		return
	}
	l.noted[what] = true
	p := l.pos(at)
	l.unit.Skipped = append(l.unit.Skipped, diag.Skip{Span: p.Span, Reason: what})
}

// protect runs do and turns a failure into a reason.
func protect(do func()) (reason string, at cc.Node) {
	defer func() {
		switch e := recover().(type) {
		case nil:
		case giveUp:
			reason, at = e.reason, e.at
		default:
			reason = fmt.Sprintf("internal error: %v", e)
		}
	}()
	do()
	return "", nil
}

// variables declares the unit's maps and global variables.
func (l *lowerer) variables() {
	l.memberPos = true
	defer func() { l.memberPos = false }()
	for _, e := range l.vars {
		reason, _ := protect(func() {
			l.resolve(e)
			if e.kind != entVar {
				return
			}
			if isMap, _ := isMapSection(e.attrs.section); isMap {
				l.mapOf(e)
				return
			}
			if !e.external && !e.static && !e.t.isVoid() {
				l.globalOf(e)
			}
		})
		if reason != "" {
			l.current, l.scope = nil, &l.file
			l.skipped(l.pos(e.refs[0].d), "", e.name+": "+reason)
		}
	}
}

// functions lowers the programs, the functions that are visible outside, and
// all that these reach. A static function of a header that nothing uses costs
// nothing.
func (l *lowerer) functions() {
	for _, e := range l.funcDefs {
		reason, _ := protect(func() { l.resolve(e) })
		if reason != "" {
			l.current, l.scope = nil, &l.file
			l.skipped(l.pos(e.refs[0].d), e.name, reason)
			continue
		}
		info, isProg := programInfo(e.attrs.section)
		if isProg {
			l.unit.Programs = append(l.unit.Programs, &ir.Program{Name: e.name, Section: e.attrs.section, Func: l.funcOf(e), Info: info})
			continue
		}
		if !e.static && !(e.inline && !e.attrs.alwaysInline) && !e.attrs.alwaysInline {
			l.funcOf(e)
		}
	}
	for len(l.work) > 0 {
		e := l.work[0]
		l.work = l.work[1:]
		l.lowerFunc(e)
	}
}

// programInfo reads a section name; ok is false for a section that holds no
// programs. Functions in sections of any other name are programs whose type the
// loader decides (iproute2, libbpf's custom section handlers): Info.Known is
// then false.
func programInfo(sec string) (info kernel.ProgInfo, ok bool) {
	if sec == "" || strings.HasPrefix(sec, ".") {
		return info, false
	}
	return kernel.ParseSection(sec), true
}

// funcOf gives the IR's function and queues its body.
func (l *lowerer) funcOf(e *entity) *ir.Func {
	if e.fn != nil {
		return e.fn
	}
	l.resolve(e)
	fn := &ir.Func{Name: e.name, Extern: e.def == nil, Linkage: ir.Global_}
	switch {
	case e.attrs.alwaysInline:
		fn.Linkage = ir.Inline
	case e.static:
		fn.Linkage = ir.Static
	}
	if len(e.refs) > 0 {
		fn.Pos = l.pos(e.refs[0].d)
	} else {
		fn.Pos = noPos
	}
	e.fn = fn
	if e.def == nil && e.static {
		// The loader left the body out and has named the function and the
		// reason among the skipped parts.
		fn.Extern, fn.Skipped = false, "its definition could not be read"
		l.unit.Funcs = append(l.unit.Funcs, fn)
	}
	if e.def != nil {
		fn.Pos = l.pos(e.def.Declarator)
		l.work = append(l.work, e)
		l.unit.Funcs = append(l.unit.Funcs, fn)
	}
	return fn
}

// lowerFunc lowers a function's body.
func (l *lowerer) lowerFunc(e *entity) {
	f := &fn{lowerer: l, out: e.fn, resultPtr: ir.NoReg}
	l.current = f
	reason, at := protect(func() { f.body(e) })
	l.current, l.scope = nil, &l.file
	if reason == "" {
		return
	}
	p := e.fn.Pos
	if at != nil {
		p = l.pos(at)
	}
	*e.fn = ir.Func{Name: e.fn.Name, Pos: e.fn.Pos, Linkage: e.fn.Linkage, ParamTypes: e.fn.ParamTypes, Skipped: reason}
	l.skipped(p, e.name, reason)
}

func (f *fn) body(e *entity) {
	def := e.def
	ft := functionType(e.t)
	if ft == nil {
		f.skip(def.Declarator, "not a function type")
	}
	f.result = ft.elem
	f.facts = surveyBody(def.CompoundStatement)
	f.openScope(def)
	f.place(f.newBlock())
	ps, _ := f.parameters(functionParams(def.Declarator))
	for _, p := range ps {
		f.parameter(p)
	}
	if f.result.isRecord() {
		f.resultPtr = f.newReg("(result)")
		f.out.Params = append(f.out.Params, f.resultPtr)
		f.out.ParamTypes = append(f.out.ParamTypes, f.irType(pointerTo(f.result)))
	}
	f.compound(def.CompoundStatement)
	f.finish(f.endPos(def))
}

// endPos is the closing brace of a function.
func (f *fn) endPos(def *cc.FunctionDefinition) *position.Pos {
	if def.CompoundStatement != nil {
		return f.pos(def.CompoundStatement.Token2)
	}
	return f.pos(def.Declarator)
}

func (f *fn) parameter(p param) {
	name := ""
	if p.d != nil {
		name = p.d.Name()
	}
	r := f.newReg(name)
	f.out.Params = append(f.out.Params, r)
	f.out.ParamTypes = append(f.out.ParamTypes, f.irType(p.t))
	e := &entity{kind: entLocal, name: name, t: p.t, resolved: true, home: homeReg, reg: r}
	switch {
	case p.t.isRecord():
		e.home = homePointer
	case f.facts.addrTaken[name]:
		e.home, e.slot = homeSlot, f.newSlot(name, p.t)
		f.store(f.localPlace(e, p.d), value{op: ir.R(r), t: p.t}, f.pos(p.d))
	}
	if name != "" {
		f.scope.declare(e)
	}
}

// structOps finds which callback of which struct_ops type each program is.
func (l *lowerer) structOps() {
	progs := map[string]*ir.Program{}
	for _, p := range l.unit.Programs {
		progs[p.Name] = p
	}
	for _, e := range l.vars {
		if e.kind != entVar || !strings.HasPrefix(e.attrs.section, ".struct_ops") && !strings.HasPrefix(e.attrs.section, "?.struct_ops") {
			continue
		}
		reason, _ := protect(func() { l.structOpsVar(e, progs) })
		if reason != "" {
			l.current, l.scope = nil, &l.file
			l.skipped(l.pos(e.refs[0].d), "", e.name+": "+reason)
		}
	}
	slices.SortStableFunc(l.unit.Skipped, func(a, b diag.Skip) int { return cmp.Or(a.Compare(b)) })
}

func (l *lowerer) structOpsVar(e *entity, progs map[string]*ir.Program) {
	u := e.t.underlying()
	if u == nil || !u.isRecord() {
		return
	}
	for _, r := range e.refs {
		if r.init == nil || r.init.Case != cc.InitializerInitList {
			continue
		}
		l.walkInit(e.t, r.init.InitializerList, func(x leaf) {
			name, ok := functionNamed(x.expr)
			if p := progs[name]; ok && p != nil && p.StructOps == "" {
				p.StructOps, p.Member = structOpsName(u.name), x.path
			}
		})
	}
}

// structOpsName strips the suffix that tells CO-RE flavours of a type apart.
func structOpsName(name string) string {
	base, _, _ := strings.Cut(name, "___")
	return base
}

// functionNamed gives the name in (void *)name or &name.
func functionNamed(n cc.ExpressionNode) (string, bool) {
	for {
		switch x := strip(n).(type) {
		case *cc.CastExpression:
			n = x.CastExpression
			continue
		case *cc.UnaryExpression:
			if x.Case == cc.UnaryExpressionAddrof {
				n = x.CastExpression
				continue
			}
		}
		return identifier(n)
	}
}
