package gomap

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"

	"golang.org/x/tools/go/packages"
)

// listMode asks the go command what there is and what imports what. Anything of
// types in it would have cgo run.
const listMode = packages.NeedName | packages.NeedImports | packages.NeedDeps | packages.NeedFiles | packages.NeedEmbedPatterns |
	packages.NeedModule

// Cache keeps the types of imported packages from one [Check] to the next, for
// an editor's server. It may be used by several at a time.
type Cache struct {
	fset *token.FileSet
	mu   sync.Mutex
	pkgs map[string]*cached // by package ID
}

// cached is an imported package with what its types were made from.
type cached struct {
	stamp   string
	imports map[string]*types.Package
	types   *types.Package
	// See the fields of typeChecker.
	cgo, incomplete string
}

// NewCache makes an empty cache.
func NewCache() *Cache {
	return &Cache{fset: token.NewFileSet(), pkgs: make(map[string]*cached)}
}

// typeChecker makes types from source.
//
// The usual way is to have the go command compile whatever is imported and to read
// what the compiler exported. To compile all that a Kubernetes client imports
// takes minutes where nothing is in the build cache, as in CI; to parse it and to
// type-check it without its functions' bodies takes seconds, less than to read the
// export data.
type typeChecker struct {
	fset    *token.FileSet
	overlay map[string][]byte
	sizes   types.Sizes
	// full are the packages whose functions are wanted, by ID.
	full map[string]bool
	// processed are the files of those that cgo made others of, by ID.
	processed map[string][]string
	cache     *Cache // may be nil

	mu sync.Mutex
	// partial are the packages with errors of which the rest is sound, by ID, with
	// the functions that are left out.
	partial map[string][]string
	// cgo names, by ID, for each package that uses C which cgo did not process, itself
	// or by way of an import, the package that does. Types are missing there, and
	// whatever is made of them has none either, without an error.
	cgo map[string]string
	// incomplete names, by ID, for each package the one with errors that it imports,
	// itself or by way of others.
	incomplete map[string]string
}

// check gives types to the packages and all that they import.
func (c *typeChecker) check(ctx context.Context, pkgs []*packages.Package) {
	var order []*packages.Package // imports first
	packages.Visit(pkgs, nil, func(p *packages.Package) { order = append(order, p) })
	index := make(map[*packages.Package]int, len(order))
	done := make([]chan struct{}, len(order))
	for i, p := range order {
		index[p], done[i] = i, make(chan struct{})
	}
	slots := make(chan struct{}, runtime.GOMAXPROCS(0))
	var wg sync.WaitGroup
	for i, p := range order {
		wg.Go(func() {
			defer close(done[i])
			for _, imp := range p.Imports {
				if j, ok := index[imp]; ok && j < i { // else a cycle, which the go command refuses
					<-done[j]
				}
			}
			slots <- struct{}{}
			defer func() { <-slots }()
			if ctx.Err() == nil {
				c.one(p)
			}
		})
	}
	wg.Wait()
}

// one type-checks a package whose imports are done.
func (c *typeChecker) one(p *packages.Package) {
	p.Fset, p.TypesSizes = c.fset, c.sizes
	switch {
	case p.PkgPath == "unsafe":
		p.Types = types.Unsafe
		return
	case p.Types != nil:
		return // made by importAsCgo
	}
	stamp := ""
	if !c.full[p.ID] {
		if stamp = c.stamp(p); c.cached(p, stamp) {
			return
		}
	}
	files := c.parse(p)
	c.noteMissing(p, files)
	conf := types.Config{
		Importer:         importer(p.Imports),
		FakeImportC:      true,
		IgnoreFuncBodies: !c.full[p.ID],
		Sizes:            c.sizes,
		Error:            func(err error) { c.typeError(p, err) },
	}
	var info *types.Info
	if c.full[p.ID] {
		if p.Module != nil && p.Module.GoVersion != "" {
			conf.GoVersion = "go" + p.Module.GoVersion
		}
		info = &types.Info{
			Types:        make(map[ast.Expr]types.TypeAndValue),
			Defs:         make(map[*ast.Ident]types.Object),
			Uses:         make(map[*ast.Ident]types.Object),
			Implicits:    make(map[ast.Node]types.Object),
			Instances:    make(map[*ast.Ident]types.Instance),
			Scopes:       make(map[ast.Node]*types.Scope),
			Selections:   make(map[*ast.SelectorExpr]*types.Selection),
			FileVersions: make(map[*ast.File]string),
		}
		p.Syntax, p.TypesInfo = files, info
	}
	if len(files) == 0 {
		return // nothing is there; the go command said why
	}
	p.Types, _ = conf.Check(p.PkgPath, c.fset, files, info)
	if c.full[p.ID] {
		c.judge(p)
	}
	if stamp != "" {
		c.keep(p, stamp)
	}
}

// judge sees what can be analysed of a package with errors, or with types missing
// for want of cgo.
func (c *typeChecker) judge(p *packages.Package) {
	c.mu.Lock()
	culprit, incomplete := c.cgo[p.ID], c.incomplete[p.ID]
	c.mu.Unlock()
	if culprit != "" {
		p.Errors = slices.DeleteFunc(p.Errors, func(e packages.Error) bool {
			return e.Kind == packages.TypeError && !strings.HasPrefix(e.Msg, "could not import ")
		})
	}
	if culprit == "" && incomplete == "" && len(p.Errors) == 0 || p.Types == nil {
		return
	}
	dropped := dropBroken(p)
	switch {
	case len(dropped) == 0 || len(p.Errors) > 0:
	case culprit != "":
		p.Errors = append(p.Errors, packages.Error{Pos: "-", Msg: cgoFails(p, culprit), Kind: packages.TypeError})
	default:
		p.Errors = append(p.Errors, packages.Error{Pos: "-", Msg: incomplete + " has errors", Kind: packages.TypeError})
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.partial == nil {
		c.partial = make(map[string][]string)
	}
	c.partial[p.ID] = dropped
}

// cgoFails is the error of a package in which types are missing because cgo did
// not process the culprit.
func cgoFails(p *packages.Package, culprit string) string {
	of := ""
	if culprit != p.PkgPath {
		of = " for " + culprit
	}
	return "cgo fails" + of + "; go build says why (often a C header or compiler is missing)"
}

// noteMissing notes whether types can be missing in a package, and why.
func (c *typeChecker) noteMissing(p *packages.Package, files []*ast.File) {
	cgo, incomplete := "", ""
	if c.processed[p.ID] == nil && !isStandard(p) && slices.ContainsFunc(files, fileImportsC) {
		cgo = p.PkgPath
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, path := range sortedKeys(p.Imports) {
		imp := p.Imports[path]
		cgo = cmp.Or(cgo, c.cgo[imp.ID])
		incomplete = cmp.Or(incomplete, c.incomplete[imp.ID])
	}
	c.setMissing(p, cgo, incomplete)
}

// setMissing needs mu.
func (c *typeChecker) setMissing(p *packages.Package, cgo, incomplete string) {
	if c.cgo == nil {
		c.cgo, c.incomplete = make(map[string]string), make(map[string]string)
	}
	if cgo != "" {
		c.cgo[p.ID] = cgo
	}
	if incomplete != "" {
		c.incomplete[p.ID] = incomplete
	}
}

// isStandard reports whether a package is the standard library's, whose names
// have no types from C.
func isStandard(p *packages.Package) bool {
	return p.Module == nil && !strings.Contains(p.PkgPath, ".")
}

// parse reads a package's files, without bodies of functions where these are not
// wanted.
func (c *typeChecker) parse(p *packages.Package) []*ast.File {
	mode := parser.SkipObjectResolution
	if c.full[p.ID] {
		mode = parser.AllErrors | parser.ParseComments
	}
	var files []*ast.File
	names := p.GoFiles
	if made := c.processed[p.ID]; made != nil {
		names = made
	}
	for _, name := range names {
		var src any // nil: what the disk has
		if text, ok := c.overlay[name]; ok {
			src = text
		}
		f, err := parser.ParseFile(c.fset, name, src, mode)
		if err != nil && c.full[p.ID] {
			p.Errors = append(p.Errors, parseErrors(err)...)
		}
		if f == nil {
			continue
		}
		if !c.full[p.ID] {
			for _, d := range f.Decls {
				if fn, ok := d.(*ast.FuncDecl); ok {
					fn.Body = nil
				}
			}
		}
		files = append(files, f)
	}
	return files
}

// typeError notes a type checker's error in a package, which answers for it where
// its functions are wanted. What is unused stops the compiler, but not this
// analysis.
func (c *typeChecker) typeError(p *packages.Package, err error) {
	e := packages.Error{Pos: "-", Msg: err.Error(), Kind: packages.TypeError}
	var t types.Error
	if errors.As(err, &t) {
		if t.Soft {
			return
		}
		e.Pos, e.Msg = t.Fset.Position(t.Pos).String(), t.Msg
	}
	if c.full[p.ID] {
		p.Errors = append(p.Errors, e)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.setMissing(p, "", p.PkgPath)
}

func parseErrors(err error) []packages.Error {
	var pe *os.PathError
	if errors.As(err, &pe) {
		return []packages.Error{{Pos: pe.Path + ":1", Msg: pe.Err.Error(), Kind: packages.ParseError}}
	}
	msg := err.Error()
	return []packages.Error{{Pos: posOf(msg), Msg: strings.TrimPrefix(msg, posOf(msg)+": "), Kind: packages.ParseError}}
}

// posOf cuts "file:line:col" off the front of a parser's message.
func posOf(msg string) string {
	pos, _, _ := strings.Cut(msg, ": ")
	return pos
}

// importer finds the packages that one imports, by the path in the source.
type importer map[string]*packages.Package

// noPackage is what an import of nothing gives; see whyNotImported.
const noPackage = "no package"

func (m importer) Import(path string) (*types.Package, error) {
	if path == "unsafe" {
		return types.Unsafe, nil
	}
	if p := m[path]; p != nil && p.Types != nil {
		return p.Types, nil
	}
	return nil, errors.New(noPackage)
}

// stamp identifies the text of a package by its files' names, sizes and times; ""
// when it cannot be cached.
func (c *typeChecker) stamp(p *packages.Package) string {
	if c.cache == nil {
		return ""
	}
	var b strings.Builder
	for _, name := range p.GoFiles {
		st, err := os.Stat(name)
		if _, open := c.overlay[name]; open || err != nil {
			return ""
		}
		fmt.Fprintf(&b, "%s %d %d\n", name, st.Size(), st.ModTime().UnixNano())
	}
	return b.String()
}

// cached takes a package's types from the cache when neither it nor what it
// imports has changed.
func (c *typeChecker) cached(p *packages.Package, stamp string) bool {
	if stamp == "" {
		return false
	}
	c.cache.mu.Lock()
	defer c.cache.mu.Unlock()
	old := c.cache.pkgs[p.ID]
	if old == nil || old.stamp != stamp || len(old.imports) != len(p.Imports) {
		return false
	}
	for path, imp := range p.Imports {
		if was, ok := old.imports[path]; !ok || was != imp.Types {
			return false
		}
	}
	p.Types = old.types
	c.mu.Lock()
	defer c.mu.Unlock()
	c.setMissing(p, old.cgo, old.incomplete)
	return true
}

func (c *typeChecker) keep(p *packages.Package, stamp string) {
	imports := make(map[string]*types.Package, len(p.Imports))
	for path, imp := range p.Imports {
		imports[path] = imp.Types
	}
	c.mu.Lock()
	cgo, incomplete := c.cgo[p.ID], c.incomplete[p.ID]
	c.mu.Unlock()
	c.cache.mu.Lock()
	defer c.cache.mu.Unlock()
	c.cache.pkgs[p.ID] = &cached{stamp: stamp, imports: imports, types: p.Types, cgo: cgo, incomplete: incomplete}
}

// cgoEnabled adds to a go command's environment that cgo is on, unless somebody
// said something of it: without a C compiler the go command leaves out the files
// that import "C", but nothing is compiled here.
func cgoEnabled(env []string) []string {
	if env == nil {
		env = os.Environ()
	}
	if slices.ContainsFunc(env, func(s string) bool { return strings.HasPrefix(s, "CGO_ENABLED=") }) {
		return env
	}
	return append(env[:len(env):len(env)], "CGO_ENABLED=1")
}

// sizesIn gives the sizes of the architecture that a go command with the
// environment builds for.
func sizesIn(env []string) types.Sizes {
	arch := runtime.GOARCH
	for _, s := range env {
		if a, ok := strings.CutPrefix(s, "GOARCH="); ok && a != "" {
			arch = a
		}
	}
	return types.SizesFor("gc", arch)
}

// wanted selects of the graph the packages with one of the paths, tests included
// and the main packages that the go command makes for them left out.
func wanted(roots []*packages.Package, paths []string) []*packages.Package {
	var out []*packages.Package
	packages.Visit(roots, nil, func(p *packages.Package) {
		if strings.HasSuffix(p.PkgPath, ".test") {
			return
		}
		if slices.Contains(paths, p.PkgPath) || slices.Contains(paths, strings.TrimSuffix(p.PkgPath, "_test")) {
			out = append(out, p)
		}
	})
	slices.SortFunc(out, func(a, b *packages.Package) int { return cmp.Compare(a.ID, b.ID) })
	return out
}
