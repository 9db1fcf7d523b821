package gomap

import (
	"go/ast"
	"go/token"
	"path"
	"strconv"
	"strings"
)

// qualifier gives the qualifier of a library's names at a place, with its dot,
// and the edit that imports the library where the file does not: one that only
// calls methods of values it was given. ok is false when the name means
// something else there.
func (c *collector) qualifier(pos token.Pos, lib string) (name string, imports []edit, ok bool) {
	if name, ok := c.libName(pos, lib); ok {
		return name, nil, true
	}
	file := c.pk.fileAt(pos)
	if file == nil || importsLib(file, lib) {
		return "", nil, false // imported as _, or hidden
	}
	base := path.Base(lib)
	scope := c.pk.pass.TypesInfo.Scopes[file]
	if scope == nil || scope.Innermost(pos) == nil {
		return "", nil, false
	}
	if _, obj := scope.Innermost(pos).LookupParent(base, token.NoPos); obj != nil {
		return "", nil, false
	}
	e, ok := importEdit(file, lib)
	return base + ".", []edit{e}, ok
}

func importsLib(file *ast.File, lib string) bool {
	for _, spec := range file.Imports {
		if p, err := strconv.Unquote(spec.Path.Value); err == nil && p == lib {
			return true
		}
	}
	return false
}

// importEdit adds an import where gofmt would have it: in order among those
// with a dot in their first element, behind the standard library's.
func importEdit(file *ast.File, lib string) (edit, bool) {
	quoted := strconv.Quote(lib)
	var decl *ast.GenDecl
	for _, d := range file.Decls {
		if g, ok := d.(*ast.GenDecl); ok && g.Tok == token.IMPORT {
			for _, s := range g.Specs {
				if s.(*ast.ImportSpec).Path.Value == `"C"` {
					return edit{}, false // cgo's preamble must stay where it is
				}
			}
			decl = g
		}
	}
	if decl == nil {
		return edit{file.Name.End(), file.Name.End(), "\n\nimport " + quoted}, true
	}
	if !decl.Lparen.IsValid() {
		return edit{decl.End(), decl.End(), "\nimport " + quoted}, true
	}
	if len(decl.Specs) == 0 {
		return edit{decl.Lparen + 1, decl.Lparen + 1, "\n\t" + quoted + "\n"}, true
	}
	var last *ast.ImportSpec // of the other modules' that come before
	for _, s := range decl.Specs {
		spec := s.(*ast.ImportSpec)
		p := strings.Trim(spec.Path.Value, "`\"")
		first, _, _ := strings.Cut(p, "/")
		if !strings.Contains(first, ".") {
			continue
		}
		if p > lib && last == nil {
			at := spec.Pos()
			if spec.Doc != nil {
				at = spec.Doc.Pos()
			}
			return edit{at, at, quoted + "\n\t"}, true
		}
		if p < lib {
			last = spec
		}
	}
	gap := ""
	if last == nil {
		last, gap = decl.Specs[len(decl.Specs)-1].(*ast.ImportSpec), "\n"
	}
	at := last.End()
	if last.Comment != nil {
		at = last.Comment.End()
	}
	return edit{at, at, gap + "\n\t" + quoted}, true
}
