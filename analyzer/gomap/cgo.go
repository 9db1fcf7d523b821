package gomap

import (
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"slices"
	"strings"

	"golang.org/x/tools/go/packages"
)

// processCgo has cgo write the Go that the packages which import "C" are compiled
// from, and gives the files for each, by ID. A package that is not in the result
// is read as it is written, without what it has from C: cgo fails where there is
// no C compiler, or where headers are missing.
//
// Of what is imported, only map libraries matter so much that cgo is run for them:
// of most other packages no names have types from C.
func processCgo(load packages.Config, pkgs []*packages.Package) map[string][]string {
	var paths []string
	candidates := slices.Clone(pkgs)
	packages.Visit(pkgs, nil, func(p *packages.Package) {
		if insideMapLibrary(p.PkgPath) {
			candidates = append(candidates, p)
		}
	})
	for _, p := range candidates {
		if path := strings.TrimSuffix(p.PkgPath, "_test"); !slices.Contains(paths, path) && importsC(p) {
			paths = append(paths, path)
		}
	}
	if len(paths) == 0 {
		return nil
	}
	load.Mode = packages.NeedName | packages.NeedFiles | packages.NeedCompiledGoFiles
	processed, err := packages.Load(&load, paths...)
	if err != nil {
		return nil
	}
	files := make(map[string][]string)
	for _, p := range processed {
		// Beside one file for each that imports "C" there is one with the types. A go
		// command that finds no compiler may give what is left without a word.
		made := 0
		for _, name := range p.CompiledGoFiles {
			if !slices.Contains(p.GoFiles, name) {
				made++
			}
		}
		if len(p.Errors) == 0 && made > 1 {
			files[p.ID] = p.CompiledGoFiles
		}
	}
	return files
}

// importsC reports whether a file of a package imports "C".
func importsC(p *packages.Package) bool {
	for _, name := range p.GoFiles {
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		if err != nil {
			continue // the go command or the type checker says so
		}
		if fileImportsC(f) {
			return true
		}
	}
	return false
}

func fileImportsC(f *ast.File) bool {
	return slices.ContainsFunc(f.Imports, func(imp *ast.ImportSpec) bool { return imp.Path.Value == `"C"` })
}

// importAsCgo lets a package import what the files that cgo writes do.
func importAsCgo(p *packages.Package, roots []*packages.Package) {
	packages.Visit(roots, nil, func(q *packages.Package) {
		if q.PkgPath == "syscall" {
			p.Imports[q.PkgPath] = q
		}
	})
	const path = "runtime/cgo"
	if p.Imports[path] == nil {
		// The type of what C only declares is all that is used of it.
		cgo := types.NewPackage(path, "cgo")
		name := types.NewTypeName(token.NoPos, cgo, "Incomplete", nil)
		types.NewNamed(name, types.NewStruct(nil, nil), nil)
		cgo.Scope().Insert(name)
		cgo.MarkComplete()
		p.Imports[path] = &packages.Package{ID: path, PkgPath: path, Name: "cgo", Types: cgo}
	}
}
