package lower

import (
	"modernc.org/cc/v4"

	"github.com/bpflockcheck/bpflockcheck/analyzer/ir"
)

// entityKind says what a name means.
type entityKind int

const (
	entTypedef entityKind = iota
	entEnum               // an enumeration constant
	entFunc
	entVar   // a variable with static storage, a map among them
	entLocal // a local variable or parameter
)

// entity is what an identifier is bound to. File-scope entities are resolved
// on first use: most of what headers declare is never looked at.
type entity struct {
	kind entityKind
	name string
	refs []declRef // every declaration of a file-scope name, in order
	def  *cc.FunctionDefinition

	resolved bool
	t        *ctype
	attrs    attrs
	static   bool
	external bool // declared extern and never defined here
	inline   bool

	value int64 // of an enumeration constant
	enum  *cc.EnumSpecifier

	// A local variable is a register, a slot of the frame, or (an aggregate
	// parameter) what a register points to.
	home homeKind
	reg  ir.Reg
	slot int

	// What a file-scope entity was lowered to.
	fn        *ir.Func
	global    *ir.Global
	bpfMap    *ir.Map
	owner     string // name of the function that a static local belongs to
	constBusy bool   // its initialiser is being evaluated
	once      *onceCopy
	onceOK    bool
}

type homeKind int

const (
	homeReg homeKind = iota
	homeSlot
	homePointer
)

// declRef is one declaration of a name.
type declRef struct {
	specs *cc.DeclarationSpecifiers
	d     *cc.Declarator
	init  *cc.Initializer
	attrs []*cc.AttributeSpecifierList
}

// scope is a C scope. The file scope has no parent.
type scope struct {
	parent   *scope
	names    map[string]*entity
	tags     map[string]*ctype
	labels   map[string]*ir.Block // declared with __label__
	cleanups []cleanup
	node     cc.Node // the statement whose scope it is
}

// cleanup is a call that __attribute__((cleanup(f))) makes at the end of the
// scope of a variable.
type cleanup struct {
	fn  string
	ent *entity
	at  cc.Node
}

func (s *scope) declare(e *entity) {
	if s.names == nil {
		s.names = map[string]*entity{}
	}
	s.names[e.name] = e
}

func (s *scope) declareTag(name string, t *ctype) {
	if s.tags == nil {
		s.tags = map[string]*ctype{}
	}
	s.tags[name] = t
}

// predeclared is a variable that the C library wants to find in every unit.
const predeclared = "__predefined_declarator"

// index records every file-scope name and tag without reading any type.
func (l *lowerer) index(tu *cc.TranslationUnit) {
	for ; tu != nil; tu = tu.TranslationUnit {
		ed := tu.ExternalDeclaration
		if ed == nil {
			continue
		}
		switch ed.Case {
		case cc.ExternalDeclarationFuncDef:
			fd := ed.FunctionDefinition
			if fd == nil || fd.Declarator == nil {
				continue
			}
			l.indexSpecs(fd.DeclarationSpecifiers)
			e := l.declareFile(declRef{specs: fd.DeclarationSpecifiers, d: fd.Declarator}, entFunc)
			e.kind = entFunc
			if e.def == nil {
				e.def = fd
				l.funcDefs = append(l.funcDefs, e)
			}
		case cc.ExternalDeclarationDecl:
			l.indexDeclaration(ed.Declaration)
		}
	}
}

func (l *lowerer) indexDeclaration(n *cc.Declaration) {
	if n == nil || n.Case != cc.DeclarationDecl {
		return
	}
	l.indexSpecs(n.DeclarationSpecifiers)
	kind := entVar
	if isTypedef(n.DeclarationSpecifiers) {
		kind = entTypedef
	}
	for il := n.InitDeclaratorList; il != nil; il = il.InitDeclaratorList {
		id := il.InitDeclarator
		if id == nil || id.Declarator == nil {
			continue
		}
		ref := declRef{specs: n.DeclarationSpecifiers, d: id.Declarator, init: id.Initializer,
			attrs: []*cc.AttributeSpecifierList{id.AttributeSpecifierList, il.AttributeSpecifierList}}
		if il.InitDeclaratorList == nil {
			ref.attrs = append(ref.attrs, n.AttributeSpecifierList)
		}
		k := kind
		if k == entVar && isFunctionDeclarator(id.Declarator) {
			k = entFunc
		}
		e := l.declareFile(ref, k)
		if e.name == predeclared {
			continue
		}
		if k == entVar && len(e.refs) == 1 {
			l.vars = append(l.vars, e)
		}
	}
}

func (l *lowerer) declareFile(ref declRef, kind entityKind) *entity {
	name := ref.d.Name()
	e := l.file.names[name]
	if e == nil || (e.kind == entTypedef) != (kind == entTypedef) {
		e = &entity{kind: kind, name: name}
		l.file.declare(e)
	}
	e.refs = append(e.refs, ref)
	return e
}

// isFunctionDeclarator reports whether d declares a function by its form: the
// declarator nearest the name is a parameter list. (A function declared
// through a typedef of a function type is found when its type is read.)
func isFunctionDeclarator(d *cc.Declarator) bool {
	dd := d.DirectDeclarator
	for dd != nil {
		switch dd.Case {
		case cc.DirectDeclaratorFuncParam, cc.DirectDeclaratorFuncIdent:
			if in := dd.DirectDeclarator; in != nil && in.Case == cc.DirectDeclaratorIdent {
				return true
			}
			dd = dd.DirectDeclarator
		case cc.DirectDeclaratorDecl:
			if dd.Declarator == nil || dd.Declarator.Pointer != nil && dd.Declarator.DirectDeclarator != nil &&
				dd.Declarator.DirectDeclarator.Case == cc.DirectDeclaratorIdent {
				return false
			}
			dd = dd.Declarator.DirectDeclarator
		default:
			return false
		}
		if dd != nil && dd.Case == cc.DirectDeclaratorDecl && dd.Declarator != nil && dd.Declarator.Pointer == nil &&
			dd.Declarator.DirectDeclarator != nil && dd.Declarator.DirectDeclarator.Case == cc.DirectDeclaratorIdent {
			return true // int (f)(void)
		}
	}
	return false
}

func isTypedef(ds *cc.DeclarationSpecifiers) bool {
	for ; ds != nil; ds = ds.DeclarationSpecifiers {
		if ds.Case == cc.DeclarationSpecifiersStorage && ds.StorageClassSpecifier != nil &&
			ds.StorageClassSpecifier.Case == cc.StorageClassSpecifierTypedef {
			return true
		}
	}
	return false
}

// indexSpecs records the tags and enumerators that specifiers define, also
// those inside a struct: C has no scope there.
func (l *lowerer) indexSpecs(ds *cc.DeclarationSpecifiers) {
	for ; ds != nil; ds = ds.DeclarationSpecifiers {
		if ds.Case == cc.DeclarationSpecifiersTypeSpec {
			l.indexType(ds.TypeSpecifier)
		}
	}
}

func (l *lowerer) indexType(ts *cc.TypeSpecifier) {
	if ts == nil {
		return
	}
	switch ts.Case {
	case cc.TypeSpecifierStructOrUnion:
		l.indexRecord(ts.StructOrUnionSpecifier)
	case cc.TypeSpecifierEnum:
		l.indexEnum(ts.EnumSpecifier)
	}
}

func (l *lowerer) indexRecord(n *cc.StructOrUnionSpecifier) {
	if n == nil || n.Case != cc.StructOrUnionSpecifierDef {
		return
	}
	if tag := n.Token.SrcStr(); tag != "" && l.recordDefs[tag] == nil {
		l.recordDefs[tag] = n
	}
	for sl := n.StructDeclarationList; sl != nil; sl = sl.StructDeclarationList {
		if sl.StructDeclaration == nil {
			continue
		}
		for sq := sl.StructDeclaration.SpecifierQualifierList; sq != nil; sq = sq.SpecifierQualifierList {
			if sq.Case == cc.SpecifierQualifierListTypeSpec {
				l.indexType(sq.TypeSpecifier)
			}
		}
	}
}

func (l *lowerer) indexEnum(n *cc.EnumSpecifier) {
	if n == nil || n.Case != cc.EnumSpecifierDef {
		return
	}
	if tag := n.Token2.SrcStr(); tag != "" && l.enumDefs[tag] == nil {
		l.enumDefs[tag] = n
	}
	for el := n.EnumeratorList; el != nil; el = el.EnumeratorList {
		if el.Enumerator == nil {
			continue
		}
		if name := el.Enumerator.Token.SrcStr(); l.file.names[name] == nil {
			l.file.declare(&entity{kind: entEnum, name: name, enum: n})
		}
	}
}

// lookup finds what a name means in the current scope, nil when it is not
// declared.
func (l *lowerer) lookup(name string) *entity {
	for s := l.scope; s != nil; s = s.parent {
		if e := s.names[name]; e != nil {
			if s.parent == nil {
				l.resolve(e)
			}
			return e
		}
	}
	return nil
}

// resolve reads the declarations of a file-scope name.
func (l *lowerer) resolve(e *entity) {
	if e.resolved {
		return
	}
	e.resolved = true
	if e.t == nil {
		e.t = l.unknown // while its own declaration refers to it
	}
	saved := l.scope
	l.scope = &l.file
	defer func() { l.scope = saved }()
	if e.enum != nil {
		l.enumType(e.enum)
		return
	}
	defined := e.def != nil
	e.external = true
	var best *ctype
	for _, r := range e.refs {
		sp := l.specifiers(r.specs)
		t := l.declarator(sp.t, r.d)
		a := sp.attrs
		for _, al := range r.attrs {
			a.merge(l.attributes(al))
		}
		e.static = e.static || sp.static
		e.inline = e.inline || sp.inline
		if r.init != nil || !sp.extern && e.kind == entVar {
			defined = true
		}
		e.attrs.merge(a)
		if u := t.underlying(); u != nil && u.kind == ir.Array && u.len < 0 && r.init != nil {
			t = l.completeArray(t, r.init)
		}
		for _, tag := range a.typeTags {
			if e.kind != entTypedef && tag == arenaTag && !t.inArena() && t.underlying() != nil && t.kind != ir.FuncProto {
				t = modify(ir.TypeTag, arenaTag, t)
			}
		}
		if best == nil || betterType(t, best) {
			best = t
		}
	}
	if best == nil {
		best = l.unknown
	}
	if e.kind == entTypedef {
		td := modify(ir.Typedef, e.name, best)
		td.align = e.attrs.aligned
		for _, tag := range e.attrs.typeTags {
			td = modify(ir.TypeTag, tag, td)
		}
		best = td
	}
	e.t = best
	if e.kind == entVar && best.is(ir.FuncProto) {
		e.kind = entFunc
	}
	e.external = !defined
}

// betterType reports whether t says more than old about one object.
func betterType(t, old *ctype) bool {
	tu, ou := t.underlying(), old.underlying()
	if ou == nil || tu == nil {
		return tu != nil
	}
	if ou.kind == ir.Array && tu.kind == ir.Array {
		return ou.len < 0 && tu.len >= 0
	}
	if ou.kind == ir.FuncProto && tu.kind == ir.FuncProto {
		return len(tu.params) > len(ou.params)
	}
	return false
}
