package lower

import (
	"strings"

	"modernc.org/cc/v4"

	"github.com/bpflockcheck/bpflockcheck/analyzer/ir"
	"github.com/bpflockcheck/bpflockcheck/analyzer/position"
	"github.com/bpflockcheck/bpflockcheck/rules/kernel"
)

// expectation recognises __builtin_expect(e, c) and gives e.
func (f *fn) expectation(x *cc.PostfixExpression) (cc.ExpressionNode, bool) {
	if x.Case != cc.PostfixExpressionCall {
		return nil, false
	}
	name, ok := identifier(x.PostfixExpression)
	if !ok || name != "__builtin_expect" && name != "__builtin_expect_with_probability" {
		return nil, false
	}
	if a := args(x); len(a) > 0 {
		return a[0], true
	}
	return nil, false
}

// callee strips the operators that do not change which function is called.
func callee(n cc.ExpressionNode) cc.ExpressionNode {
	for {
		n = strip(n)
		u, ok := n.(*cc.UnaryExpression)
		if !ok || u.Case != cc.UnaryExpressionDeref && u.Case != cc.UnaryExpressionAddrof {
			return n
		}
		n = u.CastExpression
	}
}

func (f *fn) call(x *cc.PostfixExpression, used bool) value {
	target := callee(x.PostfixExpression)
	if name, ok := identifier(target); ok {
		e := f.lookup(name)
		if e == nil || e.kind == entFunc && e.def == nil {
			if v, done := f.builtin(name, e, x, used); done {
				return v
			}
		}
		switch {
		case e == nil:
			return f.callUndeclared(name, x)
		case e.kind == entFunc:
			if v, done := f.onceCall(e, x, used); done {
				return v
			}
			return f.callEntity(e, f.arguments(x, e.t), used, x)
		case e.kind == entVar:
			if h, ok := f.helperOf(e); ok {
				return f.emitCall(&ir.Call{Kind: ir.CallHelper, Helper: h, Name: name}, e.t, f.arguments(x, e.t), x)
			}
		}
	}
	ptr := f.expr(target)
	ft := functionType(ptr.t)
	c := &ir.Call{Kind: ir.CallIndirect, Ptr: ptr.op}
	if ptr.op.IsImm && ptr.op.Imm > 0 && ptr.op.Imm < 1<<16 {
		c = &ir.Call{Kind: ir.CallHelper, Helper: kernel.Helper(ptr.op.Imm), Name: kernel.Helper(ptr.op.Imm).Name()}
	} else if f.dry == 0 {
		c.Name = f.text(x.PostfixExpression)
	}
	return f.emitCall(c, ft, f.arguments(x, ft), x)
}

// functionType gives the function type behind a pointer, nil when there is
// none.
func functionType(t *ctype) *ctype {
	u := t.underlying()
	if u != nil && u.kind == ir.Pointer {
		u = u.elem.underlying()
	}
	if u == nil || u.kind != ir.FuncProto {
		return nil
	}
	return u
}

// arguments evaluates the arguments of a call; those of a known prototype are
// converted, but keep the type they were written with.
func (f *fn) arguments(x *cc.PostfixExpression, ft *ctype) []value {
	ft = functionType(orUnknown(ft, f.unknown))
	var out []value
	for i, a := range args(x) {
		v := f.expr(a)
		p := f.pos(a)
		switch {
		case v.t.isAggregate():
			v = f.byValue(v, a)
		case ft != nil && i < len(ft.params) && ft.params[i].isScalar():
			v.op = f.convert(v, ft.params[i], p).op
		case v.t.isInteger():
			v.op = f.convert(v, f.promote(v.t), p).op
		}
		out = append(out, v)
	}
	return out
}

func orUnknown(t, unknown *ctype) *ctype {
	if t == nil {
		return unknown
	}
	return t
}

// byValue copies a struct that is passed by value: the callee gets the copy's
// address.
func (f *fn) byValue(v value, n cc.Node) value {
	if !v.t.isRecord() {
		return v
	}
	slot := f.newSlot("(argument)", v.t)
	addr := f.stackAddr(slot, n)
	f.copyAggregate(lval{t: v.t, addr: addr}, v, f.pos(n))
	return value{op: addr, t: v.t}
}

// callUndeclared calls a name that nothing declares. A header that was not
// found may be the reason, so that a helper's name can only mean the helper.
func (f *fn) callUndeclared(name string, x *cc.PostfixExpression) value {
	if h, ok := kernel.HelperByName(name); ok {
		ft := &ctype{kind: ir.FuncProto, elem: f.long, size: 1, align: 1, variadic: true}
		return f.emitCall(&ir.Call{Kind: ir.CallHelper, Helper: h, Name: name}, ft, f.arguments(x, nil), x)
	}
	if v, ok := f.missingMacro(name, x); ok {
		return v
	}
	if f.dry == 0 {
		f.note(x, "call of undeclared function "+name)
	}
	return f.emitCall(&ir.Call{Kind: ir.CallExternal, Name: name}, nil, f.arguments(x, nil), x)
}

// missingMacro gives the meaning of macros that every BPF project defines
// alike, where the header with the definition was not found.
func (f *fn) missingMacro(name string, x *cc.PostfixExpression) (value, bool) {
	a := args(x)
	switch {
	case name == "READ_ONCE" && len(a) == 1:
		if lv, ok := f.lvalue(a[0]); ok {
			lv.volatile = true
			return f.load(lv, f.pos(x)), true
		}
	case name == "WRITE_ONCE" && len(a) == 2:
		v := f.expr(a[1])
		if lv, ok := f.lvalue(a[0]); ok {
			lv.volatile, lv.node = true, a[0]
			f.store(lv, v, f.pos(x))
			return v, true
		}
	case (name == "likely" || name == "unlikely") && len(a) == 1:
		return f.expr(a[0]), true
	case name == "barrier" && len(a) == 0:
		return imm(0, f.void), true
	}
	return value{}, false
}

// callEntity calls a declared function.
func (f *fn) callEntity(e *entity, vals []value, used bool, n cc.Node) value {
	c := &ir.Call{Name: e.name}
	switch {
	case e.kind == entVar:
		if h, ok := f.helperOf(e); ok {
			c.Kind, c.Helper = ir.CallHelper, h
		} else {
			c.Kind, c.Ptr = ir.CallIndirect, f.load(f.varPlace(e, n), f.pos(n)).op
		}
	case e.def != nil || e.static:
		c.Kind = ir.CallFunc
		if f.dry == 0 {
			c.Func = f.funcOf(e)
		}
	case isKsym(e):
		c.Kind = ir.CallKfunc
	case isPacketLoad(e) && len(vals) == 2:
		r := f.newReg("")
		f.emit(&ir.LegacyPacketLoad{Base: ir.Base{Pos: f.pos(n)}, Dst: r, Off: vals[1].op})
		return value{op: ir.R(r), t: f.ullong}
	default:
		c.Kind = ir.CallExternal
	}
	v := f.emitCall(c, e.t, vals, n)
	if e.attrs.noreturn || c.Kind == ir.CallKfunc && e.name == "bpf_throw" {
		f.terminate(&ir.Unreachable{Base: ir.Base{Pos: f.pos(n)}})
	}
	return v
}

// isPacketLoad reports whether a declaration stands for an instruction that
// loads from the packet: load_byte(...) asm("llvm.bpf.load.byte"). Package
// repair makes a section of that name.
func isPacketLoad(e *entity) bool { return strings.HasPrefix(e.attrs.section, "llvm.bpf.load.") }

// isKsym reports whether a declaration names a kernel symbol (__ksym).
func isKsym(e *entity) bool { return strings.HasPrefix(e.attrs.section, ".ksyms") }

// emitCall fills in arguments and types and emits the call. A struct result
// goes to a slot whose address is passed last.
func (f *fn) emitCall(c *ir.Call, ft *ctype, vals []value, n cc.Node) value {
	ft = functionType(orUnknown(ft, f.unknown))
	p := f.pos(n)
	c.Pos = p
	result := f.int_
	if ft != nil {
		result = ft.elem
	}
	if f.dry > 0 {
		return value{op: ir.R(f.newReg("")), t: unqualified(result)}
	}
	for _, v := range vals {
		c.Args = append(c.Args, v.op)
		c.ArgTypes = append(c.ArgTypes, f.irType(v.t))
	}
	c.Dst = ir.NoReg
	if ft != nil {
		c.RetType = f.irType(result)
	}
	switch {
	case result.isVoid():
		f.emit(c)
		return imm(0, f.void)
	case result.isRecord():
		return f.aggregateResult(c, result, n, p)
	}
	r := f.newReg("")
	c.Dst = r
	f.emit(c)
	v := value{op: ir.R(r), t: unqualified(result)}
	v.isBool = result.underlying().isBool
	return v
}

func (f *fn) aggregateResult(c *ir.Call, result *ctype, n cc.Node, p *position.Pos) value {
	slot := f.newSlot("(result)", result)
	addr := f.stackAddr(slot, n)
	if c.Kind == ir.CallFunc {
		c.Args = append(c.Args, addr)
		c.ArgTypes = append(c.ArgTypes, &ir.Type{Kind: ir.Pointer, Size: 8, Elem: c.RetType})
		f.emit(c)
		return value{op: addr, t: result}
	}
	// Elsewhere a struct of at most 8 bytes comes back in a register.
	r := f.newReg("")
	c.Dst = r
	f.emit(c)
	if size := f.sizeOf(result); size > 0 && size <= 8 {
		f.emit(&ir.Store{Base: ir.Base{Pos: p}, Addr: addr, Size: unitSize(size), Src: ir.R(r)})
	}
	return value{op: addr, t: result}
}

// helperOf tells which BPF helper a variable is: a pointer to a function that
// is initialised with the helper's number and never changed.
func (l *lowerer) helperOf(e *entity) (kernel.Helper, bool) {
	if functionType(e.t) == nil || !e.t.isPointer() {
		return 0, false
	}
	for _, r := range e.refs {
		if r.init == nil || r.init.Case != cc.InitializerExpr {
			continue
		}
		if v, ok := l.constant(r.init.AssignmentExpression); ok && v > 0 && v < 1<<16 {
			return kernel.Helper(v), true
		}
	}
	return 0, false
}
