package gomap

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ssa"
	"golang.org/x/tools/go/types/objectpath"

	"github.com/bpflockcheck/bpflockcheck/analyzer/diag"
	"github.com/bpflockcheck/bpflockcheck/analyzer/position"
	"github.com/bpflockcheck/bpflockcheck/internal/suppress"
)

// pkg is one package under analysis.
type pkg struct {
	pass  *analysis.Pass
	cfg   config
	ssa   *ssa.Package
	funcs []*ssa.Function // with bodies: source functions, literals, initialisers

	flow *dataflow
	// maps of the package's own companions; imported has those of other
	// packages, by import path.
	maps     []MapInfo
	imported map[string]*PackageFact
	facts    map[*types.Func]*FuncFact
	calls    map[token.Pos]*ast.CallExpr // by the position of the parenthesis
	decls    map[string]*ast.File        // by file name
	paths    objectpath.Encoder
	globals  map[*ssa.Global][]ssa.Instruction

	// bpf are the companions with the lines naming them.
	bpf []bpfUnit

	// added are the C sources that related positions point into.
	added map[string]*token.File

	directives map[string][]*suppress.Directive

	findings []goFinding
	// unread are companions that could not be read, at the lines naming them.
	unread []unread
}

// unread is a companion that could not be analysed, or not all of it.
type unread struct {
	pos, end token.Pos
	skip     diag.Skip
	partly   bool
}

func newPkg(pass *analysis.Pass, cfg config) *pkg {
	pk := &pkg{
		pass:     pass,
		cfg:      cfg,
		imported: make(map[string]*PackageFact),
		facts:    make(map[*types.Func]*FuncFact),
		decls:    make(map[string]*ast.File),
	}
	for _, f := range pass.AllPackageFacts() {
		if pf, ok := f.Fact.(*PackageFact); ok && f.Package != pass.Pkg {
			pk.imported[f.Package.Path()] = pf
		}
	}
	for _, f := range pass.Files {
		pk.decls[pass.Fset.Position(f.FileStart).Filename] = f
	}
	return pk
}

// worthwhile reports whether the package can touch a map at all: it imports a
// map library, or a package that facts are known of, or embeds an object.
func (pk *pkg) worthwhile() bool {
	for _, imp := range pk.pass.Pkg.Imports() {
		if isMapLibrary(libPath(imp)) {
			return true
		}
		var fact PackageFact
		if pk.pass.ImportPackageFact(imp, &fact) {
			return true
		}
	}
	return isMapLibrary(libPath(pk.pass.Pkg))
}

// own reports whether fn is a function of this package.
func (pk *pkg) own(fn *ssa.Function) bool {
	return fn.Pkg == pk.ssa || fn.Pkg == nil && fn.Parent() != nil && pk.own(fn.Parent())
}

// funcFact gives the summary of another package's function, nil if it has none.
func (pk *pkg) funcFact(fn *types.Func) *FuncFact {
	if fn == nil || fn.Pkg() == nil || fn.Pkg() == pk.pass.Pkg {
		return nil
	}
	fn = fn.Origin()
	if f, ok := pk.facts[fn]; ok {
		return f
	}
	var fact FuncFact
	var out *FuncFact
	if pk.pass.ImportObjectFact(fn, &fact) {
		out = &fact
	}
	pk.facts[fn] = out
	return out
}

// varKey names a field or package-level variable across packages; "" when
// other packages cannot name it.
func (pk *pkg) varKey(v *types.Var) varID {
	if v.Pkg() == nil {
		return ""
	}
	p, err := pk.paths.For(v)
	if err != nil {
		return ""
	}
	return varID(v.Pkg().Path() + "." + string(p))
}

// foreignOrigins gives what the imported packages store in a variable of yet
// another package.
func (pk *pkg) foreignOrigins(id varID) []OriginFact {
	var out []OriginFact
	for _, path := range sortedKeys(pk.imported) {
		for _, f := range pk.imported[path].Foreign {
			if f.Var == string(id) {
				out = append(out, f.Origins...)
			}
		}
	}
	return out
}

// unitOf gives the stem of the file that declares a variable: bpf2go names the
// Go file and the object it embeds alike.
func (pk *pkg) unitOf(v *types.Var) string {
	name := pk.pass.Fset.Position(v.Pos()).Filename
	return strings.TrimSuffix(filepath.Base(name), ".go")
}

// resolve gives what companions say of an origin, nil when nothing is known.
func (pk *pkg) resolve(o origin) []MapInfo {
	if o.name == "" || o.kind != fromName && o.kind != fromPin {
		return nil
	}
	if o.pkg != "" && o.pkg != pk.pass.Pkg.Path() {
		if f := pk.imported[o.pkg]; f != nil {
			if found := pick(f.Maps, o); len(found) > 0 {
				return found
			}
		}
	}
	if found := pick(pk.maps, o); len(found) > 0 {
		return found
	}
	var out []MapInfo
	for _, path := range sortedKeys(pk.imported) {
		out = append(out, pick(pk.imported[path].Maps, o)...)
	}
	return out
}

// pick selects the maps an origin means, from the unit it means if that has it.
func pick(maps []MapInfo, o origin) []MapInfo {
	var all, exact []MapInfo
	for _, m := range maps {
		if m.Name != o.name {
			continue
		}
		all = append(all, m)
		if o.unit != "" && (m.Unit == o.unit || strings.HasPrefix(o.unit, m.Unit+"_")) {
			exact = append(exact, m)
		}
	}
	if len(exact) > 0 {
		return exact
	}
	return all
}

// companions reads the BPF side of the package.
func (pk *pkg) companions(ctx context.Context) {
	found, missing := embeds(pk.pass.Fset, pk.pass.Files)
	gens := generates(pk.pass.Fset, pk.pass.Files)
	for _, name := range pk.pass.IgnoredFiles {
		if strings.HasSuffix(name, ".go") {
			if text, err := pk.pass.ReadFile(name); err == nil {
				gens = append(gens, generatesInText(name, text)...)
			}
		}
	}
	have := make(map[string]bool) // stems whose object was read
	seen := make(map[string]bool)
	for _, e := range found {
		if seen[e.path] {
			continue
		}
		seen[e.path] = true
		stem := strings.TrimSuffix(filepath.Base(e.path), filepath.Ext(e.path))
		c, err := pk.readObject(ctx, e.path, stem)
		if err != nil {
			pk.unreadable(e.pos, e.end, e.path, err)
			continue
		}
		have[stem] = true
		pos, end := e.pos, e.end
		for _, g := range gens {
			// The line that people write, not the generated one.
			if g.pos.IsValid() && strings.HasPrefix(stem, g.stem+"_") {
				pos, end = g.pos, g.end
			}
		}
		pk.bpf = append(pk.bpf, bpfUnit{c, pos, end})
	}
	for _, g := range gens {
		if covers(have, g.stem) || seen[g.source+" "+g.stem] {
			continue
		}
		seen[g.source+" "+g.stem] = true
		c, err := pk.readSource(ctx, g)
		if err != nil {
			pk.unreadable(g.pos, g.end, g.source, err)
			continue
		}
		pk.bpf = append(pk.bpf, bpfUnit{c, g.pos, g.end})
		have[g.stem+"_"] = true
	}
	for _, e := range missing {
		stem := strings.TrimSuffix(filepath.Base(e.path), ".o")
		if !coveredBySource(have, stem) {
			pk.unreadable(e.pos, e.end, e.path, fs.ErrNotExist)
		}
	}
	for _, pattern := range pk.cfg.objects {
		paths, err := filepath.Glob(pattern)
		if err != nil {
			continue
		}
		for _, p := range paths {
			if !seen[p] {
				seen[p] = true
				if _, err := pk.readObject(ctx, p, strings.TrimSuffix(filepath.Base(p), filepath.Ext(p))); err != nil {
					pk.unreadable(token.NoPos, token.NoPos, p, err)
				}
			}
		}
	}
	for _, l := range pk.loaded() {
		if seen[l.path] {
			continue
		}
		seen[l.path] = true
		stem := strings.TrimSuffix(filepath.Base(l.path), filepath.Ext(l.path))
		var c *companion
		var err error
		if filepath.Ext(l.path) == ".c" {
			c, err = pk.readSource(ctx, generate{source: l.path, stem: stem})
		} else {
			c, err = pk.readObject(ctx, l.path, stem)
		}
		if err != nil {
			pk.unreadable(l.pos, l.end, l.path, err)
			continue
		}
		pk.bpf = append(pk.bpf, bpfUnit{c, l.pos, l.end})
	}
	for _, b := range pk.bpf {
		pk.incomplete(b)
	}
	slices.SortStableFunc(pk.maps, func(a, b MapInfo) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.File, b.File))
	})
}

// covers reports whether an object generated under a stem was read.
func covers(have map[string]bool, stem string) bool {
	for h := range have {
		if strings.HasPrefix(h, stem+"_") {
			return true
		}
	}
	return false
}

// coveredBySource reports whether the C source of a missing object was read.
func coveredBySource(have map[string]bool, object string) bool {
	for h := range have {
		if strings.HasSuffix(h, "_") && strings.HasPrefix(object, h) {
			return true
		}
	}
	return false
}

// unreadable records a companion that could not be read, once.
func (pk *pkg) unreadable(pos, end token.Pos, path string, err error) {
	reason := err.Error()
	if errors.Is(err, fs.ErrNotExist) {
		reason = "file does not exist: what its maps hold is not known"
	}
	// Errors begin with the path or a position in it; the span says that.
	reason = strings.TrimPrefix(reason, path+": ")
	span := position.Span{File: pk.rel(path)}
	if s, rest, ok := position.Cut(reason); ok {
		span, reason = s, rest
		span.File = pk.rel(span.File)
	}
	pk.unread = append(pk.unread, unread{pos: pos, end: end, skip: diag.Skip{Span: span, Reason: reason}})
}

// incomplete records, in one line, that parts of a C source could not be
// analysed: maps may be missing.
func (pk *pkg) incomplete(b bpfUnit) {
	n := len(b.unit.Skipped)
	if n == 0 {
		return
	}
	s := b.unit.Skipped[0]
	s.Span.File = pk.rel(b.locate(s.Span.File))
	if n > 1 {
		s.Reason = fmt.Sprintf("%s (and %d more parts of this file)", s.Reason, n-1)
	}
	pk.unread = append(pk.unread, unread{pos: b.pos, end: b.end, skip: s, partly: true})
}

// rel makes a path relative to the working folder where that is shorter.
func (pk *pkg) rel(path string) string {
	if pk.cfg.dir == "" || !filepath.IsAbs(path) {
		return path
	}
	if r, err := filepath.Rel(pk.cfg.dir, path); err == nil && !strings.HasPrefix(r, "..") {
		return r
	}
	return path
}

// loaded finds objects that constant arguments of loaders name, relative to
// the package's folder or its module's root. Where main.bpf.o is not built, its
// source is main.bpf.c by convention.
func (pk *pkg) loaded() []embed {
	var out []embed
	for _, fn := range pk.funcs {
		for _, b := range fn.Blocks {
			for _, in := range b.Instrs {
				call, ok := in.(ssa.CallInstruction)
				if !ok {
					continue
				}
				callee := call.Common().StaticCallee()
				if callee == nil || callee.Object() == nil || callee.Pkg == nil || len(call.Common().Args) == 0 {
					continue
				}
				switch libPath(callee.Pkg.Pkg) + "." + callee.Name() {
				case ciliumPath + ".LoadCollectionSpec", ciliumPath + ".LoadCollection",
					libbpfgoPath + ".NewModuleFromFile":
				default:
					continue
				}
				name, ok := constString(call.Common().Args[0])
				if !ok || name == "" {
					continue
				}
				p := pk.findFile(call.Pos(), name)
				if p == "" && strings.HasSuffix(name, ".o") {
					p = pk.findFile(call.Pos(), strings.TrimSuffix(name, ".o")+".c")
				}
				if p != "" {
					expr := pk.callExpr(call)
					e := embed{path: p, tried: name, pos: call.Pos(), end: call.Pos()}
					if expr != nil {
						e.pos, e.end = expr.Pos(), expr.End()
					}
					out = append(out, e)
				}
			}
		}
	}
	return out
}

// findFile looks for a relative path from the file at pos upwards to the
// module's root; "" when it is nowhere.
func (pk *pkg) findFile(pos token.Pos, name string) string {
	if filepath.IsAbs(name) {
		return existing(name)
	}
	dir := filepath.Dir(pk.pass.Fset.Position(pos).Filename)
	for range 32 {
		if p := existing(filepath.Join(dir, name)); p != "" {
			return p
		}
		if existing(filepath.Join(dir, "go.mod")) != "" || filepath.Dir(dir) == dir {
			return ""
		}
		dir = filepath.Dir(dir)
	}
	return ""
}

func existing(path string) string {
	if st, err := os.Stat(path); err == nil && st.Mode().IsRegular() {
		return path
	}
	return ""
}

// callExpr gives the syntax of a call, nil when it has none.
func (pk *pkg) callExpr(in ssa.CallInstruction) *ast.CallExpr {
	if pk.calls == nil {
		pk.calls = make(map[token.Pos]*ast.CallExpr)
		for _, f := range pk.pass.Files {
			ast.Inspect(f, func(n ast.Node) bool {
				if c, ok := n.(*ast.CallExpr); ok {
					pk.calls[c.Lparen] = c
				}
				return true
			})
		}
	}
	return pk.calls[in.Common().Pos()]
}

// fileAt gives the syntax of the file that holds pos.
func (pk *pkg) fileAt(pos token.Pos) *ast.File {
	for _, f := range pk.pass.Files {
		if f.FileStart <= pos && pos <= f.FileEnd {
			return f
		}
	}
	return nil
}

// globalRefs indexes the instructions that use package-level variables, which
// have no referrers in SSA.
func (pk *pkg) globalRefs(g *ssa.Global) []ssa.Instruction {
	if pk.globals == nil {
		pk.globals = make(map[*ssa.Global][]ssa.Instruction)
		for _, fn := range pk.funcs {
			for _, b := range fn.Blocks {
				for _, in := range b.Instrs {
					for _, op := range in.Operands(nil) {
						if g, ok := (*op).(*ssa.Global); ok {
							pk.globals[g] = append(pk.globals[g], in)
						}
					}
				}
			}
		}
	}
	return pk.globals[g]
}

// globalStores gives the values stored in a package-level variable.
func (pk *pkg) globalStores(g *ssa.Global) []ssa.Value {
	var out []ssa.Value
	for _, in := range pk.globalRefs(g) {
		if s, ok := in.(*ssa.Store); ok && s.Addr == ssa.Value(g) {
			out = append(out, s.Val)
		}
	}
	return out
}

// globalFieldStores gives the values stored in one field of a package-level
// struct.
func (pk *pkg) globalFieldStores(g *ssa.Global, field string) []ssa.Value {
	var out []ssa.Value
	for _, in := range pk.globalRefs(g) {
		fa, ok := in.(*ssa.FieldAddr)
		if !ok {
			continue
		}
		st, ok := deref(fa.X.Type()).Underlying().(*types.Struct)
		if ok && st.Field(fa.Field).Name() == field {
			out = append(out, storesTo(fa)...)
		}
	}
	return out
}

func (pk *pkg) where(pos token.Pos) Where {
	p := pk.pass.Fset.Position(pos)
	return Where{p.Filename, p.Line, p.Column}
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
