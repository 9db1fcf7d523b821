package lower

import (
	"modernc.org/cc/v4"

	"github.com/bpflockcheck/bpflockcheck/analyzer/ir"
)

// specs is what declaration specifiers say.
type specs struct {
	t                       *ctype
	attrs                   attrs
	static, extern, typedef bool
	inline                  bool
}

// specifiers reads declaration specifiers, once for all their declarators.
func (l *lowerer) specifiers(ds *cc.DeclarationSpecifiers) specs {
	if s, ok := l.specMemo[ds]; ok {
		return s
	}
	var s specs
	var b typeBuilder
	for n := ds; n != nil; n = n.DeclarationSpecifiers {
		switch n.Case {
		case cc.DeclarationSpecifiersStorage:
			switch n.StorageClassSpecifier.Case {
			case cc.StorageClassSpecifierTypedef:
				s.typedef = true
			case cc.StorageClassSpecifierExtern:
				s.extern = true
			case cc.StorageClassSpecifierStatic:
				s.static = true
			}
		case cc.DeclarationSpecifiersTypeSpec:
			b.add(l, n.TypeSpecifier)
		case cc.DeclarationSpecifiersTypeQual:
			b.qualifier(l, n.TypeQualifier, &s.attrs)
		case cc.DeclarationSpecifiersFunc:
			switch n.FunctionSpecifier.Case {
			case cc.FunctionSpecifierInline:
				s.inline = true
			case cc.FunctionSpecifierNoreturn:
				s.attrs.noreturn = true
			}
		case cc.DeclarationSpecifiersAlignSpec:
			s.attrs.aligned = max(s.attrs.aligned, l.alignment(n.AlignmentSpecifier))
		case cc.DeclarationSpecifiersAttr:
			s.attrs.merge(l.attributes(n.AttributeSpecifierList))
		}
	}
	s.t = b.finish(l)
	for _, tag := range s.attrs.typeTags {
		s.t = modify(ir.TypeTag, tag, s.t)
	}
	l.specMemo[ds] = s
	return s
}

// specifierQualifiers reads the specifiers of a member or type name.
func (l *lowerer) specifierQualifiers(n *cc.SpecifierQualifierList) (*ctype, attrs) {
	var a attrs
	var b typeBuilder
	for ; n != nil; n = n.SpecifierQualifierList {
		switch n.Case {
		case cc.SpecifierQualifierListTypeSpec:
			b.add(l, n.TypeSpecifier)
		case cc.SpecifierQualifierListTypeQual:
			b.qualifier(l, n.TypeQualifier, &a)
		case cc.SpecifierQualifierListAlignSpec:
			a.aligned = max(a.aligned, l.alignment(n.AlignmentSpecifier))
		}
	}
	t := b.finish(l)
	for _, tag := range a.typeTags {
		t = modify(ir.TypeTag, tag, t)
	}
	return t, a
}

func (l *lowerer) alignment(n *cc.AlignmentSpecifier) int64 {
	if n == nil {
		return 0
	}
	if n.Case == cc.AlignmentSpecifierType {
		return l.alignOf(l.typeName(n.TypeName))
	}
	v, _ := l.constant(n.ConstantExpression)
	return v
}

// typeBuilder puts a type together from its specifiers.
type typeBuilder struct {
	t                                *ctype
	isConst, isVolatile, isAtomic    bool
	signed, unsigned, short, complex bool
	longs                            int
	base                             cc.TypeSpecifierCase
	hasBase                          bool
}

func (b *typeBuilder) qualifier(l *lowerer, n *cc.TypeQualifier, a *attrs) {
	switch n.Case {
	case cc.TypeQualifierConst:
		b.isConst = true
	case cc.TypeQualifierVolatile:
		b.isVolatile = true
	case cc.TypeQualifierAtomic:
		b.isAtomic = true
	case cc.TypeQualifierAttr:
		a.merge(l.attributes(n.AttributeSpecifierList))
	}
}

func (b *typeBuilder) add(l *lowerer, n *cc.TypeSpecifier) {
	switch n.Case {
	case cc.TypeSpecifierSigned:
		b.signed = true
	case cc.TypeSpecifierUnsigned:
		b.unsigned = true
	case cc.TypeSpecifierShort:
		b.short = true
	case cc.TypeSpecifierLong:
		b.longs++
	case cc.TypeSpecifierComplex, cc.TypeSpecifierImaginary:
		b.complex = true
	case cc.TypeSpecifierStructOrUnion:
		b.t = l.recordType(n.StructOrUnionSpecifier)
	case cc.TypeSpecifierEnum:
		b.t = l.enumType(n.EnumSpecifier)
	case cc.TypeSpecifierTypeName:
		if e := l.lookup(n.Token.SrcStr()); e != nil && e.kind == entTypedef {
			b.t = e.t
		} else {
			b.t = l.builtinTypedef(n.Token.SrcStr())
		}
	case cc.TypeSpecifierTypeofExpr:
		b.t = l.typeOf(n.ExpressionList)
	case cc.TypeSpecifierTypeofType:
		b.t = l.typeName(n.TypeName)
	case cc.TypeSpecifierAtomic:
		b.t, b.isAtomic = l.typeName(n.AtomicTypeSpecifier.TypeName), true
	default:
		b.base, b.hasBase = n.Case, true
	}
}

// builtinTypedef gives the types that compilers declare by themselves.
func (l *lowerer) builtinTypedef(name string) *ctype {
	switch name {
	case "__builtin_va_list":
		return pointerTo(l.void)
	case "__predefined_size_t", "size_t":
		return l.ulong
	case "__predefined_ptrdiff_t":
		return l.long
	case "__predefined_wchar_t":
		return l.int_
	}
	return l.unknown
}

func (b *typeBuilder) finish(l *lowerer) *ctype {
	t := b.t
	if t == nil {
		t = b.basic(l)
	}
	return qualify(t, b.isConst, b.isVolatile, b.isAtomic)
}

func (b *typeBuilder) basic(l *lowerer) *ctype {
	pick := func(s, u *ctype) *ctype {
		if b.unsigned {
			return u
		}
		return s
	}
	if b.hasBase {
		switch b.base {
		case cc.TypeSpecifierVoid:
			return l.void
		case cc.TypeSpecifierBool:
			return l.bool_
		case cc.TypeSpecifierChar:
			if b.signed {
				return l.schar
			}
			return pick(l.char, l.uchar)
		case cc.TypeSpecifierInt128:
			return pick(l.int128, l.uint128)
		case cc.TypeSpecifierUint128:
			return l.uint128
		case cc.TypeSpecifierFloat, cc.TypeSpecifierFloat32:
			return l.float
		case cc.TypeSpecifierFloat16, cc.TypeSpecifierBFloat16:
			return l.float16
		case cc.TypeSpecifierDouble, cc.TypeSpecifierFloat64, cc.TypeSpecifierFloat32x:
			if b.longs > 0 {
				return l.ldouble
			}
			return l.double
		case cc.TypeSpecifierFloat128, cc.TypeSpecifierFloat64x, cc.TypeSpecifierFloat128x:
			return l.ldouble
		}
	}
	switch {
	case b.short:
		return pick(l.short, l.ushort)
	case b.longs == 1:
		return pick(l.long, l.ulong)
	case b.longs > 1:
		return pick(l.llong, l.ullong)
	}
	return pick(l.int_, l.uint)
}

// typeName reads a type name, as in a cast.
func (l *lowerer) typeName(n *cc.TypeName) *ctype {
	if n == nil {
		return l.unknown
	}
	t, _ := l.specifierQualifiers(n.SpecifierQualifierList)
	return l.abstractDeclarator(t, n.AbstractDeclarator)
}

// declarator applies pointers, arrays and parameter lists to a base type.
func (l *lowerer) declarator(t *ctype, d *cc.Declarator) *ctype {
	if d == nil {
		return t
	}
	return l.directDeclarator(l.pointers(t, d.Pointer), d.DirectDeclarator)
}

func (l *lowerer) pointers(t *ctype, p *cc.Pointer) *ctype {
	for ; p != nil; p = p.Pointer {
		t = pointerTo(t)
		var b typeBuilder
		var a attrs
		for q := p.TypeQualifiers; q != nil; q = q.TypeQualifiers {
			if q.TypeQualifier != nil {
				b.qualifier(l, q.TypeQualifier, &a)
			}
		}
		b.t = t
		t = b.finish(l)
		for _, tag := range a.typeTags {
			t = modify(ir.TypeTag, tag, t)
		}
		if p.Case != cc.PointerPtr {
			break
		}
	}
	return t
}

func (l *lowerer) arrayOf(t *ctype, n cc.ExpressionNode) *ctype {
	a := &ctype{kind: ir.Array, elem: t, len: -1, size: -1}
	if n != nil {
		if v, ok := l.constant(n); ok && v >= 0 {
			a.len = v
		}
	}
	return a
}

func (l *lowerer) directDeclarator(t *ctype, d *cc.DirectDeclarator) *ctype {
	for d != nil {
		switch d.Case {
		case cc.DirectDeclaratorIdent:
			return t
		case cc.DirectDeclaratorDecl:
			return l.declarator(t, d.Declarator)
		case cc.DirectDeclaratorFuncParam:
			t = l.function(t, d.ParameterTypeList)
		case cc.DirectDeclaratorFuncIdent:
			t = &ctype{kind: ir.FuncProto, elem: t, size: 1, align: 1, variadic: true}
		default:
			t = l.arrayOf(t, d.AssignmentExpression)
		}
		d = d.DirectDeclarator
	}
	return t
}

func (l *lowerer) abstractDeclarator(t *ctype, d *cc.AbstractDeclarator) *ctype {
	if d == nil {
		return t
	}
	t = l.pointers(t, d.Pointer)
	for dd := d.DirectAbstractDeclarator; dd != nil; dd = dd.DirectAbstractDeclarator {
		switch dd.Case {
		case cc.DirectAbstractDeclaratorDecl:
			return l.abstractDeclarator(t, dd.AbstractDeclarator)
		case cc.DirectAbstractDeclaratorFunc:
			t = l.function(t, dd.ParameterTypeList)
		default:
			t = l.arrayOf(t, dd.AssignmentExpression)
		}
	}
	return t
}

// param is one parameter as declared; d is nil for one without a name.
type param struct {
	t *ctype
	d *cc.Declarator
}

func (l *lowerer) parameters(n *cc.ParameterTypeList) (ps []param, variadic bool) {
	if n == nil {
		return nil, false
	}
	for pl := n.ParameterList; pl != nil; pl = pl.ParameterList {
		pd := pl.ParameterDeclaration
		if pd == nil {
			continue
		}
		t := l.specifiers(pd.DeclarationSpecifiers).t
		if pd.Case == cc.ParameterDeclarationDecl {
			t = l.declarator(t, pd.Declarator)
		} else {
			t = l.abstractDeclarator(t, pd.AbstractDeclarator)
		}
		switch {
		case t.isVoid():
			continue
		case t.is(ir.Array):
			t = pointerTo(elemOf(t))
		case t.is(ir.FuncProto):
			t = pointerTo(t)
		}
		ps = append(ps, param{t: t, d: pd.Declarator})
	}
	return ps, n.Case == cc.ParameterTypeListVar
}

func (l *lowerer) function(result *ctype, n *cc.ParameterTypeList) *ctype {
	f := &ctype{kind: ir.FuncProto, elem: result, size: 1, align: 1}
	var ps []param
	ps, f.variadic = l.parameters(n)
	for _, p := range ps {
		f.params = append(f.params, p.t)
	}
	if n == nil {
		f.variadic = true
	}
	return f
}

// functionParams finds the parameter list of a function definition: the one
// next to the name.
func functionParams(d *cc.Declarator) *cc.ParameterTypeList {
	dd := d.DirectDeclarator
	for dd != nil {
		switch dd.Case {
		case cc.DirectDeclaratorDecl:
			if dd.Declarator == nil {
				return nil
			}
			dd = dd.Declarator.DirectDeclarator
		case cc.DirectDeclaratorFuncParam:
			in := dd.DirectDeclarator
			for in != nil && in.Case == cc.DirectDeclaratorDecl && in.Declarator != nil && in.Declarator.Pointer == nil {
				in = in.Declarator.DirectDeclarator
			}
			if in != nil && in.Case == cc.DirectDeclaratorIdent {
				return dd.ParameterTypeList
			}
			dd = dd.DirectDeclarator
		default:
			dd = dd.DirectDeclarator
		}
	}
	return nil
}

// findTag looks a struct, union or enum tag up.
func (l *lowerer) findTag(tag string) *ctype {
	for s := l.scope; s != nil; s = s.parent {
		if t := s.tags[tag]; t != nil {
			return t
		}
	}
	return nil
}

// inFunction reports whether the current scope is inside a function.
func (l *lowerer) inFunction() bool { return l.scope != nil && l.scope.parent != nil }

// recordType gives the type of a struct or union specifier. The members of
// one at file scope are read when they are needed.
func (l *lowerer) recordType(n *cc.StructOrUnionSpecifier) *ctype {
	tag := n.Token.SrcStr()
	if t := l.records[n]; t != nil {
		if tag != "" && n.Case == cc.StructOrUnionSpecifierDef && l.inFunction() && l.recordDefs[tag] != n {
			l.scope.declareTag(tag, t) // read before, in a dry run
		}
		return t
	}
	def := n
	if n.Case != cc.StructOrUnionSpecifierDef {
		if t := l.findTag(tag); t != nil {
			l.records[n] = t
			return t
		}
		def = l.recordDefs[tag]
		if def != nil && def != n {
			saved := l.scope
			l.scope = &l.file
			t := l.recordType(def)
			l.scope = saved
			l.records[n] = t
			return t
		}
	}
	t := &ctype{kind: ir.Struct, name: tag, size: -1, align: 1}
	if n.StructOrUnion != nil && n.StructOrUnion.Case == cc.StructOrUnionUnion {
		t.kind = ir.Union
	}
	l.records[n] = t
	local := l.inFunction() && l.recordDefs[tag] != n
	if tag != "" {
		if local && n.Case == cc.StructOrUnionSpecifierDef {
			l.scope.declareTag(tag, t)
		} else {
			l.file.declareTag(tag, t)
		}
	}
	if def != nil && def.Case == cc.StructOrUnionSpecifierDef {
		t.spec = def
		if l.inFunction() {
			l.layout(t) // its members' types are those of this scope
		}
	}
	return t
}

// packedSize is the size of an enum with __attribute__((packed)) whose values are
// between lo and hi.
func packedSize(lo, hi int64) int64 {
	for _, size := range []int64{1, 2} {
		bits := size * 8
		if lo >= 0 && hi < 1<<bits || lo < 0 && lo >= -1<<(bits-1) && hi < 1<<(bits-1) {
			return size
		}
	}
	return 4
}

// enumType gives the type of an enum and declares its constants.
func (l *lowerer) enumType(n *cc.EnumSpecifier) *ctype {
	tag := n.Token2.SrcStr()
	if t := l.enums[n]; t != nil {
		for _, e := range l.enumConsts[n] { // read before, in a dry run
			l.scope.declare(e)
		}
		return t
	}
	if n.Case != cc.EnumSpecifierDef {
		if t := l.findTag(tag); t != nil {
			l.enums[n] = t
			return t
		}
		if def := l.enumDefs[tag]; def != nil && def != n {
			saved := l.scope
			l.scope = &l.file
			t := l.enumType(def)
			l.scope = saved
			l.enums[n] = t
			return t
		}
	}
	t := &ctype{kind: ir.Enum, name: tag, size: 4, align: 4}
	l.enums[n] = t
	where := l.scope
	if !l.inFunction() {
		where = &l.file
	}
	if tag != "" && n.Case == cc.EnumSpecifierDef {
		where.declareTag(tag, t)
	}
	next, lo, hi, wide := int64(0), int64(0), int64(0), false
	var consts []*entity
	for el := n.EnumeratorList; el != nil; el = el.EnumeratorList {
		en := el.Enumerator
		if en == nil {
			continue
		}
		unsigned64 := false
		if en.Case == cc.EnumeratorExpr {
			v, vt, ok := l.constantTyped(en.ConstantExpression)
			if ok {
				next = v
			}
			unsigned64 = v < 0 && !vt.isSigned()
		}
		name := en.Token.SrcStr()
		e := where.names[name]
		if e == nil || e.kind != entEnum || e.enum != n {
			e = &entity{kind: entEnum, name: name, enum: n}
			where.declare(e)
		}
		e.resolved, e.value, e.t = true, next, l.int_
		consts = append(consts, e)
		wide = wide || unsigned64 || next > 1<<32-1 || next < -1<<31
		if !unsigned64 {
			lo, hi = min(lo, next), max(hi, next)
		}
		next++
	}
	t.signed = lo < 0
	if wide {
		t.size, t.align = 8, 8
	}
	if n.EnumTypeSpecifier != nil {
		u, a := l.specifierQualifiers(n.EnumTypeSpecifier.SpecifierQualifierList)
		if u = u.underlying(); a.packed {
			if !wide {
				t.size = packedSize(lo, hi)
				t.align = t.size
			}
		} else if u != nil && u.size > 0 {
			t.size, t.align, t.signed = u.size, u.align, u.signed
		}
	}
	if l.inFunction() && where != &l.file {
		l.enumConsts[n] = consts
	}
	// clang types a constant that does not fit int as the enum is typed.
	for _, e := range consts {
		if e.value != int64(int32(e.value)) {
			e.t = l.promote(t)
		}
	}
	return t
}
