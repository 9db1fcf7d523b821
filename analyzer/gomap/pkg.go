package gomap

import (
	"go/ast"
	"go/token"
	"go/types"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ssa"
	"golang.org/x/tools/go/types/objectpath"

	"github.com/bpflockcheck/bpflockcheck/analyzer/diag"
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
