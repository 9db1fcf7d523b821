package gomap

import (
	"cmp"
	"context"
	"fmt"
	"go/types"
	"os"
	"path/filepath"
	"reflect"
	"runtime/debug"
	"slices"
	"strings"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/passes/buildssa"
	"golang.org/x/tools/go/ssa"

	"github.com/bpflockcheck/bpflockcheck/analyzer/diag"
	"github.com/bpflockcheck/bpflockcheck/analyzer/position"
	"github.com/bpflockcheck/bpflockcheck/rules"
)

const doc = `check Go code that reads and writes BPF maps for races with BPF programs

The bpflockcheck analyzer reports lookups and updates of BPF maps whose value
holds a bpf_spin_lock when they are made without BPF_F_LOCK, uses of the flag
that do nothing or fail, and values that userspace reads, changes and writes
back while programs write them too. What a map holds is read from the embedded
BPF object or from the C source of the package's go:generate bpf2go line.`

// Analyzer is the go/analysis entry, for go vet and golangci-lint.
var Analyzer = newAnalyzer(&flagConfig)

// newAnalyzer makes an analyzer with settings of its own.
func newAnalyzer(cfg *config) *analysis.Analyzer {
	return &analysis.Analyzer{
		Name:       "bpflockcheck",
		Doc:        doc,
		URL:        "https://pkg.go.dev/github.com/bpflockcheck/bpflockcheck",
		Run:        func(pass *analysis.Pass) (any, error) { return run(pass, *cfg) },
		Requires:   []*analysis.Analyzer{translate},
		FactTypes:  []analysis.Fact{new(PackageFact), new(FuncFact), new(VarFact)},
		ResultType: reflect.TypeFor[*Result](),
	}
}

// Result is what the analysis of one package gives to drivers that want more
// than diagnostics.
type Result struct {
	Findings []diag.Finding
	Skipped  []diag.Skip
	// diagnostics are those reported through the pass.
	diagnostics []analysis.Diagnostic
}

// config holds the analyzer's settings. Drivers set them through flags; Check
// builds its own.
type config struct {
	// notes and low show findings of severity note and of confidence low.
	notes, low bool
	// objects are glob patterns of further BPF objects whose maps are known by
	// name in every package.
	objects patternList
	// bpf reports the findings in a package's own C sources and objects at the
	// line that names them. The command line analyses those as files instead.
	bpf bool
	// dir is the folder that paths in messages are relative to.
	dir string
}

// flagConfig is what the analyzer's flags set.
var flagConfig = config{bpf: true}

func init() {
	Analyzer.Flags.BoolVar(&flagConfig.notes, "notes", false, "also report findings of severity note")
	Analyzer.Flags.BoolVar(&flagConfig.low, "low", false, "also report findings of low confidence")
	Analyzer.Flags.Var(&flagConfig.objects, "bpfobj", "comma-separated glob patterns of further BPF objects whose maps the code may open")
	Analyzer.Flags.BoolVar(&flagConfig.bpf, "bpf", true, "also report findings in the package's BPF sources and objects")
}

// patternList is a flag that holds comma-separated patterns.
type patternList []string

// String implements flag.Value.
func (p *patternList) String() string { return strings.Join(*p, ",") }

// Set implements flag.Value.
func (p *patternList) Set(s string) error {
	for pattern := range strings.SplitSeq(s, ",") {
		if pattern == "" {
			continue
		}
		if _, err := filepath.Match(pattern, ""); err != nil {
			return err
		}
		*p = append(*p, pattern)
	}
	return nil
}

func run(pass *analysis.Pass, cfg config) (out any, err error) {
	if cfg.dir == "" {
		cfg.dir, _ = os.Getwd()
	}
	defer func() {
		// A defect that one package brings out must not cost the others theirs.
		if v := recover(); v != nil {
			out = &Result{Skipped: []diag.Skip{{
				Span:   position.Span{File: pass.Pkg.Path()},
				Reason: fmt.Sprintf("internal error, please report it: %v (%s)", v, panicSite(debug.Stack())),
			}}}
		}
	}()
	pk := analyze(context.Background(), pass, cfg)
	res := new(Result)
	if pk == nil {
		return res, nil
	}
	report := func(d analysis.Diagnostic) {
		res.diagnostics = append(res.diagnostics, d)
		pass.Report(d)
	}
	for _, f := range pk.findings {
		df := pk.finding(f)
		res.Findings = append(res.Findings, df)
		if d, ok := pk.diagnostic(f, cfg); ok && !pk.suppressed(df) {
			report(d)
		}
	}
	if cfg.bpf {
		pk.bpfFindings(report)
	}
	for _, u := range pk.unread {
		res.Skipped = append(res.Skipped, u.skip)
		if u.pos.IsValid() && (!u.partly || cfg.notes) {
			report(analysis.Diagnostic{
				Pos: u.pos, End: u.end, Category: "BLC001",
				Message: "BLC001 not-analysed: " + u.skip.String(),
			})
		}
	}
	return res, nil
}

// panicSite finds this module's innermost frame in a stack trace.
func panicSite(stack []byte) string {
	lines := strings.Split(string(stack), "\n")
	panicked := false
	for i, line := range lines {
		panicked = panicked || strings.HasPrefix(line, "panic(")
		if panicked && strings.HasPrefix(line, "github.com/bpflockcheck/") && i+1 < len(lines) {
			place, _, _ := strings.Cut(strings.TrimSpace(lines[i+1]), " ")
			return filepath.Base(place)
		}
	}
	return "unknown place"
}

// analyze runs everything on one package; nil when it cannot touch a map.
func analyze(ctx context.Context, pass *analysis.Pass, cfg config) *pkg {
	pk := newPkg(pass, cfg)
	if !pk.worthwhile() && !pk.embedsObject() {
		return nil
	}
	built := pass.ResultOf[translate].(*buildssa.SSA)
	pk.ssa = built.Pkg
	pk.funcs = sourceFuncs(built)
	pk.companions(ctx)
	pk.flow = newFlow(pk)
	c := collect(pk)
	seen := make(map[string]bool)
	for _, a := range c.judged {
		c.judge(a)
	}
	c.badFlags()
	c.lostUpdates()
	pk.exportFacts(c)
	// A call judged for several maps or reached in several ways is one finding.
	slices.SortStableFunc(pk.findings, func(a, b goFinding) int {
		return cmp.Or(cmp.Compare(a.pos, b.pos), cmp.Compare(a.rule, b.rule), cmp.Compare(b.confidence, a.confidence))
	})
	kept := pk.findings[:0]
	for _, f := range pk.findings {
		key := pass.Fset.Position(f.pos).String() + " " + f.rule
		if !seen[key] {
			seen[key] = true
			kept = append(kept, f)
		}
	}
	pk.findings = kept
	return pk
}

// sourceFuncs lists the functions with bodies, package initialisers included.
func sourceFuncs(built *buildssa.SSA) []*ssa.Function {
	funcs := slices.Clone(built.SrcFuncs)
	if init := built.Pkg.Func("init"); init != nil {
		var add func(fn *ssa.Function)
		add = func(fn *ssa.Function) {
			funcs = append(funcs, fn)
			for _, anon := range fn.AnonFuncs {
				add(anon)
			}
		}
		add(init)
	}
	return funcs
}

// embedsObject reports whether a go:embed line names a BPF object.
func (pk *pkg) embedsObject() bool {
	for _, imp := range pk.pass.Pkg.Imports() {
		if imp.Path() == "embed" {
			found, _ := embeds(pk.pass.Fset, pk.pass.Files)
			return len(found) > 0
		}
	}
	// import _ "embed" is not among the imports that the types show.
	for _, f := range pk.pass.Files {
		for _, spec := range f.Imports {
			if spec.Path.Value == `"embed"` {
				found, _ := embeds(pk.pass.Fset, pk.pass.Files)
				return len(found) > 0
			}
		}
	}
	return false
}

// exportFacts tells importing packages what they need.
func (pk *pkg) exportFacts(c *collector) {
	pf := &PackageFact{Maps: pk.maps}
	for _, id := range sortedVarIDs(pk.flow.foreign) {
		if s := pk.flow.sets[node(pk.flow.foreign[id])]; s != nil {
			var fact VarFact
			known := pk.pass.ImportObjectFact(pk.flow.foreign[id], &fact)
			var own []origin
			for _, o := range s.list {
				if f := pk.originFacts([]origin{o}); !known || len(f) == 1 && !slices.Contains(fact.Origins, f[0]) {
					own = append(own, o)
				}
			}
			if facts := settled(pk.originFacts(own)); len(facts) > 0 {
				pf.Foreign = append(pf.Foreign, ForeignFact{Var: string(id), Origins: facts})
			}
		}
	}
	exported := len(pf.Maps)+len(pf.Foreign) > 0
	for _, fn := range pk.funcs {
		obj, ok := fn.Object().(*types.Func)
		if !ok || obj.Pkg() != pk.pass.Pkg {
			continue
		}
		fact := FuncFact{Accesses: c.summary[fn]}
		for i := range fn.Signature.Results().Len() {
			s := pk.flow.sets[node(result{fn, i})]
			if s == nil || !mayHoldMap(fn.Signature.Results().At(i).Type()) {
				continue
			}
			if facts := pk.resultFacts(fn, s.list); len(facts) > 0 {
				fact.Results = append(fact.Results, ResultFact{Index: i, Origins: facts})
			}
		}
		if fact.Loads = c.funcLoads(fn, 0); fact.Loads {
			fact.Runs = c.funcRuns(fn, 0)
		}
		if len(fact.Accesses)+len(fact.Results) > 0 || fact.Loads {
			pk.pass.ExportObjectFact(obj, &fact)
			exported = true
		}
	}
	for n, s := range pk.flow.sets {
		v, ok := n.(*types.Var)
		if !ok || v.Pkg() != pk.pass.Pkg {
			continue
		}
		fact := VarFact{Origins: settled(pk.originFacts(s.list)), Accesses: c.vars[pk.varKey(v)]}
		if len(fact.Origins)+len(fact.Accesses) > 0 {
			pk.pass.ExportObjectFact(v, &fact)
			exported = true
		}
	}
	if exported {
		// Its presence tells importers that they may touch maps through this
		// package.
		pk.pass.ExportPackageFact(pf)
	}
}

// resultFacts keeps the parameters of fn itself symbolic.
func (pk *pkg) resultFacts(fn *ssa.Function, os []origin) []OriginFact {
	var keep []origin
	for _, o := range os {
		if (o.kind == fromParam || o.kind == fromNameParam) && o.fn != fn {
			continue
		}
		keep = append(keep, o)
	}
	return pk.originFacts(keep)
}

// settled drops what depends on parameters.
func settled(os []OriginFact) []OriginFact {
	return slices.DeleteFunc(os, func(o OriginFact) bool { return o.Kind == fromParam || o.Kind == fromNameParam })
}

func sortedVarIDs(m map[varID]*types.Var) []varID {
	ids := make([]varID, 0, len(m))
	for id := range m {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

// finding converts to the form that reports print.
func (pk *pkg) finding(f goFinding) diag.Finding {
	r := rules.Lookup(f.rule)
	out := diag.Finding{
		Rule: f.rule, Confidence: f.confidence, Severity: f.severity,
		Span: pk.span(f.pos, f.end), Function: pk.functionAt(f.pos),
		Map: f.mapName, Field: f.field, Message: f.message, Help: f.help,
		Evidence: []diag.Evidence{diag.FromGo},
	}
	if r != nil {
		out.Name = r.Name
		if out.Severity == 0 {
			out.Severity = r.Severity
		}
	}
	out.Evidence = append(out.Evidence, f.evidence...)
	slices.Sort(out.Evidence)
	for _, rel := range f.related {
		if rel.where.Line > 0 {
			out.Related = append(out.Related, diag.Related{
				Span:    position.Span{File: pk.rel(rel.where.File), Line: rel.where.Line, Col: rel.where.Col},
				Message: rel.message,
				When:    rel.when,
			})
		}
	}
	if f.fix != nil {
		df := &diag.Fix{Title: f.fix.title, Safe: true}
		for _, e := range f.fix.edits {
			df.Edits = append(df.Edits, diag.Edit{Span: pk.span(e.pos, e.end), NewText: e.text})
		}
		out.Fix = df
	}
	return out
}
