package gomap

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/ssa"
)

// edit replaces source text.
type edit struct {
	pos, end token.Pos
	text     string
}

// fix is a suggested change. It is only made where the kernel accepts the flag
// on every map that the call may concern.
type fix struct {
	title string
	edits []edit
}

// lockFix adds BPF_F_LOCK to a direct call, nil where no edit can do that.
func (c *collector) lockFix(a access) *fix {
	if a.wrapped || a.iface {
		return nil // the wrapper or the interface would have to change
	}
	call, ok := a.site.(ssa.CallInstruction)
	if !ok {
		return nil
	}
	expr := c.pk.callExpr(call)
	if expr == nil || expr.Ellipsis.IsValid() {
		return nil
	}
	sel, ok := ast.Unparen(expr.Fun).(*ast.SelectorExpr)
	if !ok || c.pk.pass.TypesInfo.Selections[sel] == nil || c.pk.pass.TypesInfo.Selections[sel].Kind() != types.MethodVal {
		return nil
	}
	o := a.op
	flag, imports, ok := c.flagText(o, expr)
	if !ok {
		return nil
	}
	made := c.addFlag(a, o, expr, sel, flag)
	if made != nil {
		made.edits = append(made.edits, imports...)
	}
	return made
}

// addFlag makes the edits of the call itself.
func (c *collector) addFlag(a access, o *op, expr *ast.CallExpr, sel *ast.SelectorExpr, flag string) *fix {
	title := "Add " + flag
	switch {
	case o.with != "":
		if !c.hasMethod(sel, o.with) || len(expr.Args) != o.nargs {
			return nil
		}
		last := expr.Args[len(expr.Args)-1]
		return &fix{fmt.Sprintf("Use %s with %s", o.with, flag), []edit{
			{sel.Sel.Pos(), sel.Sel.End(), o.with},
			{last.End(), last.End(), ", " + flag},
		}}
	case o.flags >= 0 && o.flags < len(expr.Args):
		arg := expr.Args[o.flags]
		if _, isConst := a.flags.exactly(); !isConst {
			return nil
		}
		if bits, _ := a.flags.exactly(); bits == 0 && plain(arg) {
			return &fix{title, []edit{{arg.Pos(), arg.End(), flag}}}
		}
		switch e := arg.(type) {
		case *ast.Ident, *ast.SelectorExpr, *ast.CallExpr, *ast.ParenExpr, *ast.BasicLit:
		case *ast.BinaryExpr:
			if e.Op != token.OR {
				return &fix{title, []edit{{arg.Pos(), arg.Pos(), "("}, {arg.End(), arg.End(), ")|" + flag}}}
			}
		default:
			return &fix{title, []edit{{arg.Pos(), arg.Pos(), "("}, {arg.End(), arg.End(), ")|" + flag}}}
		}
		return &fix{title, []edit{{arg.End(), arg.End(), "|" + flag}}}
	case o.opts >= 0 && o.opts < len(expr.Args):
		return c.optsFix(expr.Args[o.opts], flag)
	}
	return nil
}

// plain reports whether an expression of value 0 is a bare name or literal.
func plain(e ast.Expr) bool {
	switch e.(type) {
	case *ast.Ident, *ast.SelectorExpr, *ast.BasicLit:
		return true
	}
	return false
}

// optsFix puts the flag into a BatchOptions argument.
func (c *collector) optsFix(arg ast.Expr, flag string) *fix {
	title := "Set ElemFlags to " + flag
	if id, ok := arg.(*ast.Ident); ok && id.Name == "nil" {
		pkg, _, ok := c.qualifier(arg.Pos(), ciliumPath)
		if !ok {
			return nil
		}
		return &fix{title, []edit{{arg.Pos(), arg.End(), fmt.Sprintf("&%sBatchOptions{ElemFlags: %s}", pkg, flag)}}}
	}
	lit := optsLiteral(arg)
	if lit == nil {
		return nil
	}
	for _, el := range lit.Elts {
		kv, ok := el.(*ast.KeyValueExpr)
		if !ok {
			return nil // positional
		}
		if id, ok := kv.Key.(*ast.Ident); ok && id.Name == "ElemFlags" {
			return &fix{title, []edit{{kv.Value.Pos(), kv.Value.End(), flag}}}
		}
	}
	text := "ElemFlags: " + flag
	if len(lit.Elts) > 0 {
		text += ", "
	}
	return &fix{title, []edit{{lit.Lbrace + 1, lit.Lbrace + 1, text}}}
}

// optsLiteral is the composite literal of &ebpf.BatchOptions{...}.
func optsLiteral(arg ast.Expr) *ast.CompositeLit {
	u, ok := ast.Unparen(arg).(*ast.UnaryExpr)
	if !ok || u.Op != token.AND {
		return nil
	}
	lit, _ := u.X.(*ast.CompositeLit)
	return lit
}

// moveFlagFix renames Flags to ElemFlags in a literal that has no ElemFlags.
func (c *collector) moveFlagFix(a access, v verdict) *fix {
	if !v.allLocked() || v.guessed || a.wrapped || a.iface {
		return nil
	}
	call, ok := a.site.(ssa.CallInstruction)
	if !ok {
		return nil
	}
	expr := c.pk.callExpr(call)
	if expr == nil || a.op.opts >= len(expr.Args) {
		return nil
	}
	lit := optsLiteral(expr.Args[a.op.opts])
	if lit == nil {
		return nil
	}
	if bits, ok := a.batch.exactly(); !ok || bits != lockFlag {
		return nil
	}
	var key *ast.Ident
	for _, el := range lit.Elts {
		kv, ok := el.(*ast.KeyValueExpr)
		if !ok {
			return nil
		}
		id, ok := kv.Key.(*ast.Ident)
		if !ok || id.Name == "ElemFlags" {
			return nil
		}
		if id.Name == "Flags" {
			key = id
		}
	}
	if key == nil {
		return nil
	}
	return &fix{"Put the flag into ElemFlags", []edit{{key.Pos(), key.End(), "ElemFlags"}}}
}

// flagText spells BPF_F_LOCK for a call, and makes the edit that imports what
// the spelling needs.
func (c *collector) flagText(o *op, call *ast.CallExpr) (flag string, imports []edit, ok bool) {
	if o.lib == gobpfPath {
		return "4", nil, true
	}
	pkg, imports, ok := c.qualifier(call.Pos(), o.lib)
	if !ok {
		return "", nil, false
	}
	if o.lib == libbpfgoPath {
		return pkg + "MapFlag(4)", imports, true
	}
	name := "LookupLock"
	if o.kind == opUpdate || o.kind == opBatchUpdate {
		name = "UpdateLock"
	}
	if !c.libHas(call, o.lib, name) {
		return "", nil, false // a release without it
	}
	if o.opts >= 0 {
		return "uint64(" + pkg + name + ")", imports, true
	}
	return pkg + name, imports, true
}

// libName gives the qualifier, with its dot, under which the file at pos knows
// a library; ok is false when the file does not import it, as a file that
// calls methods only may not, or when something hides the name.
func (c *collector) libName(pos token.Pos, lib string) (string, bool) {
	if libPath(c.pk.pass.Pkg) == lib {
		return "", true
	}
	file := c.pk.fileAt(pos)
	if file == nil {
		return "", false
	}
	scope := c.pk.pass.TypesInfo.Scopes[file]
	if scope == nil {
		return "", false
	}
	for _, spec := range file.Imports {
		var name *types.PkgName
		if spec.Name != nil {
			name, _ = c.pk.pass.TypesInfo.Defs[spec.Name].(*types.PkgName)
		} else {
			name, _ = c.pk.pass.TypesInfo.Implicits[spec].(*types.PkgName)
		}
		if name == nil || libPath(name.Imported()) != lib {
			continue
		}
		switch name.Name() {
		case "_":
			continue
		case ".":
			return "", true
		}
		inner := scope.Innermost(pos)
		if inner == nil {
			return "", false
		}
		if _, obj := inner.LookupParent(name.Name(), pos); obj != name {
			return "", false
		}
		return name.Name() + ".", true
	}
	return "", false
}

// libHas reports whether the library that a call's method is from declares a
// name.
func (c *collector) libHas(call *ast.CallExpr, lib, name string) bool {
	if sel, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr); ok {
		if s := c.pk.pass.TypesInfo.Selections[sel]; s != nil && libPath(s.Obj().Pkg()) == lib {
			return s.Obj().Pkg().Scope().Lookup(name) != nil
		}
	}
	if libPath(c.pk.pass.Pkg) == lib {
		return c.pk.pass.Pkg.Scope().Lookup(name) != nil
	}
	for _, imp := range c.pk.pass.Pkg.Imports() {
		if libPath(imp) == lib {
			return imp.Scope().Lookup(name) != nil
		}
	}
	return false
}

// hasMethod reports whether the receiver of sel also has another method of the
// library.
func (c *collector) hasMethod(sel *ast.SelectorExpr, name string) bool {
	t := c.pk.pass.TypesInfo.TypeOf(sel.X)
	if t == nil {
		return false
	}
	obj, _, _ := types.LookupFieldOrMethod(t, true, c.pk.pass.Pkg, name)
	fn, ok := obj.(*types.Func)
	return ok && isMapLibrary(libPath(fn.Pkg()))
}
