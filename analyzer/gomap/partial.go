package gomap

import (
	"fmt"
	"go/ast"
	"go/types"
	"slices"
	"strings"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/passes/buildssa"
	"golang.org/x/tools/go/packages"
)

// A package with errors is analysed without the functions that they are in: while
// somebody types, and where generated code or a C header is missing, the rest of
// it is as good as ever.

// dropBroken takes out of a package what cannot be analysed: the functions that an
// error is in, or that hold an expression without a type, and the values of such
// variables. It names the functions.
func dropBroken(p *packages.Package) (dropped []string) {
	var errs []string
	for _, e := range p.Errors {
		errs = append(errs, e.Pos)
	}
	for _, f := range p.Syntax {
		for _, d := range f.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || fn.Body == nil || !untyped(p.TypesInfo, fn) && !holdsError(p, fn, errs) {
				continue
			}
			fn.Body = nil
			if !strings.Contains(p.ID, " [") || strings.HasSuffix(p.Fset.Position(fn.Pos()).Filename, "_test.go") {
				dropped = append(dropped, fn.Name.Name) // else said of the package without its tests
			}
		}
	}
	p.TypesInfo.InitOrder = slices.DeleteFunc(p.TypesInfo.InitOrder, func(in *types.Initializer) bool {
		return untyped(p.TypesInfo, in.Rhs)
	})
	return dropped
}

// holdsError reports whether one of the errors, given as positions, is in n.
func holdsError(p *packages.Package, n ast.Node, errs []string) bool {
	from, to := p.Fset.Position(n.Pos()), p.Fset.Position(n.End())
	return slices.ContainsFunc(errs, func(pos string) bool {
		rest, ok := strings.CutPrefix(pos, from.Filename+":")
		if !ok {
			return false
		}
		line := 0
		if _, err := fmt.Sscanf(rest, "%d", &line); err != nil {
			return false
		}
		return from.Line <= line && line <= to.Line
	})
}

// namesOf lists a few names.
func namesOf(names []string) string {
	const most = 8
	if len(names) > most {
		return fmt.Sprintf("%s, and %d more", strings.Join(names[:most], ", "), len(names)-most)
	}
	return strings.Join(names, ", ")
}

// translate is buildssa for packages of which not all types are known: it takes
// correct ones for granted, and a panic of it would end the program.
var translate = &analysis.Analyzer{
	Name:       "bpfssa",
	Doc:        buildssa.Analyzer.Doc,
	Requires:   buildssa.Analyzer.Requires,
	ResultType: buildssa.Analyzer.ResultType,
	Run: func(pass *analysis.Pass) (out any, err error) {
		defer func() {
			if v := recover(); v != nil {
				err = fmt.Errorf("its functions cannot be translated: %v", v)
			}
		}()
		return buildssa.Analyzer.Run(pass)
	},
}

// untyped reports whether an expression in n has no type.
func untyped(info *types.Info, n ast.Node) bool {
	found := false
	ast.Inspect(n, func(n ast.Node) bool {
		switch n.(type) {
		case *ast.BadExpr, *ast.BadStmt, *ast.BadDecl:
			found = true
		}
		if e, ok := n.(ast.Expr); ok && !found {
			if tv, ok := info.Types[e]; ok && !typed(tv.Type) || !ok && alwaysTyped(e) {
				found = true
			}
			if id, ok := e.(*ast.Ident); ok {
				if obj := info.ObjectOf(id); obj != nil && !typed(obj.Type()) && obj.Name() != "_" && hasType(obj) {
					found = true
				}
			}
		}
		return !found
	})
	return found
}

// alwaysTyped reports whether the type checker records a type for every correct
// expression of the kind.
func alwaysTyped(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.CallExpr, *ast.BinaryExpr, *ast.UnaryExpr, *ast.IndexExpr, *ast.SliceExpr, *ast.StarExpr, *ast.SelectorExpr,
		*ast.ParenExpr, *ast.CompositeLit, *ast.FuncLit:
		return true
	case *ast.TypeAssertExpr:
		return e.Type != nil // else of a type switch
	}
	return false
}

// hasType reports whether objects of the kind have a type. "C" has one, when cgo
// gave it, for each of its names.
func hasType(obj types.Object) bool {
	switch obj.(type) {
	case *types.PkgName:
		return obj.Name() == "C"
	case *types.Label, *types.Builtin:
		return false
	}
	return true
}

// typed reports whether a type is known, and that of what it points to, holds or
// takes.
func typed(t types.Type) bool {
	switch t := t.(type) {
	case nil:
		return false
	case *types.Basic:
		return t.Kind() != types.Invalid
	case *types.Pointer:
		return typed(t.Elem())
	case *types.Slice:
		return typed(t.Elem())
	case *types.Array:
		return typed(t.Elem())
	case *types.Chan:
		return typed(t.Elem())
	case *types.Map:
		return typed(t.Key()) && typed(t.Elem())
	case *types.Tuple:
		for i := range t.Len() {
			if !typed(t.At(i).Type()) {
				return false
			}
		}
	case *types.Signature:
		return typed(t.Params()) && typed(t.Results())
	}
	return true
}
