package gomap

import (
	"context"
	"errors"
	"fmt"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/checker"
	"golang.org/x/tools/go/packages"

	"github.com/bpflockcheck/bpflockcheck/analyzer/diag"
	"github.com/bpflockcheck/bpflockcheck/analyzer/position"
)

// Config says how [Check] loads packages.
type Config struct {
	// Dir is the working folder: patterns and the paths in results are relative
	// to it. Empty means the process's.
	Dir string
	// Overlay replaces the content of files, by absolute path.
	Overlay map[string][]byte
	// Objects are glob patterns of further BPF objects, known by name in every
	// package.
	Objects []string
	// BuildFlags are passed to the go command ("-tags=x").
	BuildFlags []string
	// Env is the go command's environment; nil means the process's. An analysis
	// on another system than Linux wants GOOS=linux.
	Env []string
	// NoTests leaves test files out.
	NoTests bool
	// Cache keeps what is imported for the next Check; nil: nothing is kept.
	Cache *Cache
}

// Checked is what a Check found.
type Checked struct {
	// Findings are all, notes and guesses included; the caller selects.
	Findings []diag.Finding
	// Skipped is what could not be analysed, once for each package.
	Skipped []diag.Skip
	// Files are the Go files that were analysed: those of the packages that can
	// lead to a map.
	Files []string
}

// Check analyses the Go packages that the patterns name. BPF sources and objects
// are not reported on, only used. Modules below a "..." pattern that the go
// command would leave out are analysed too. An error means that nothing could be
// done at all; no Go code at all is none.
func Check(ctx context.Context, patterns []string, cfg Config) (*Checked, error) {
	out := &Checked{}
	dir, err := filepath.Abs(cfg.Dir)
	if err != nil {
		return nil, err
	}
	cfg.Dir = dir
	runs, err := plan(dir, patterns)
	if err != nil || len(runs) == 0 {
		return out, err
	}
	if _, err := exec.LookPath("go"); err != nil {
		out.Skipped = []diag.Skip{{Span: position.Span{File: patternFile(patterns)}, Reason: "Go packages need the go command: " + err.Error()}}
		return out, nil
	}
	for _, r := range runs {
		if err := out.module(ctx, r, cfg); err != nil {
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			name, _ := filepath.Rel(dir, r.dir)
			out.Skipped = append(out.Skipped, diag.Skip{Span: position.Span{File: name}, Reason: "Go packages could not be loaded: " + firstLine(err.Error())})
		}
	}
	slices.SortFunc(out.Findings, func(a, b diag.Finding) int { return a.Compare(&b) })
	out.Findings = slices.CompactFunc(out.Findings, func(a, b diag.Finding) bool { return a.Compare(&b) == 0 })
	slices.SortFunc(out.Skipped, diag.Skip.Compare)
	out.Skipped = slices.CompactFunc(out.Skipped, func(a, b diag.Skip) bool { return a.Compare(b) == 0 })
	slices.Sort(out.Files)
	out.Files = slices.Compact(out.Files)
	return out, nil
}

func patternFile(patterns []string) string {
	if len(patterns) == 0 {
		return "."
	}
	return patterns[0]
}

// moduleRun is one call of the go command: a module and patterns in it.
type moduleRun struct {
	dir      string
	patterns []string
}

// plan distributes the patterns over modules. The go command sees one module
// only, the one around its folder; a repository often has its Go code in a
// subfolder, or several modules.
func plan(dir string, patterns []string) ([]moduleRun, error) {
	var runs []moduleRun
	add := func(dir, pattern string) {
		i := slices.IndexFunc(runs, func(r moduleRun) bool { return r.dir == dir })
		if i < 0 {
			runs = append(runs, moduleRun{dir: dir})
			i = len(runs) - 1
		}
		if !slices.Contains(runs[i].patterns, pattern) {
			runs[i].patterns = append(runs[i].patterns, pattern)
		}
	}
	for _, p := range patterns {
		base, recursive := strings.CutSuffix(filepath.ToSlash(p), "...")
		local := p == "." || p == ".." || strings.HasPrefix(p, "./") || strings.HasPrefix(p, "../") || filepath.IsAbs(p) || base == "" ||
			isDir(filepath.Join(dir, filepath.FromSlash(base)))
		if !local {
			if InModule(dir) {
				add(dir, p) // an import path
			}
			continue
		}
		root := filepath.FromSlash(strings.TrimSuffix(base, "/"))
		if !filepath.IsAbs(root) {
			root = filepath.Join(dir, root)
		}
		if !isDir(root) {
			continue // the caller names what is not there
		}
		if InModule(root) {
			if recursive {
				add(root, "./...")
			} else {
				add(root, ".")
			}
		}
		if recursive {
			nested, err := nestedModules(root)
			if err != nil {
				return nil, err
			}
			for _, m := range nested {
				add(m, "./...")
			}
		}
	}
	return runs, nil
}

func isDir(path string) bool {
	st, err := os.Stat(path)
	return err == nil && st.IsDir()
}

// InModule reports whether a folder is in a module or workspace: the go command
// loads no other code.
func InModule(dir string) bool {
	for {
		if existing(filepath.Join(dir, "go.mod")) != "" || existing(filepath.Join(dir, "go.work")) != "" {
			return true
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return false
		}
		dir = parent
	}
}

// nestedModules finds the modules below a folder, leaving out what the go
// command leaves out of "./..." (testdata, vendor, names with . or _ first).
func nestedModules(root string) ([]string, error) {
	var out []string
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			if errors.Is(err, fs.ErrPermission) || errors.Is(err, fs.ErrNotExist) {
				return nil
			}
			return err
		}
		if !d.IsDir() || path == root {
			return nil
		}
		name := d.Name()
		if name == "testdata" || name == "vendor" || name == "node_modules" || name[0] == '.' || name[0] == '_' {
			return filepath.SkipDir
		}
		if existing(filepath.Join(path, "go.mod")) != "" {
			out = append(out, path)
		}
		return nil
	})
	return out, err
}

// checkModule analyses the packages of one module that can touch maps.
func (out *Checked) module(ctx context.Context, r moduleRun, cfg Config) error {
	load := packages.Config{
		Context:    ctx,
		Dir:        r.dir,
		Env:        cgoEnabled(cfg.Env),
		BuildFlags: cfg.BuildFlags,
		Tests:      !cfg.NoTests,
		Overlay:    cfg.Overlay,
		Mode:       listMode,
	}
	roots, err := packages.Load(&load, r.patterns...)
	if err != nil {
		return err
	}
	overlay := cfg.Overlay
	if extra := synthesize(ctx, ownPackages(roots)); len(extra) > 0 {
		maps.Copy(extra, cfg.Overlay)
		overlay, load.Overlay = extra, extra
		if roots, err = packages.Load(&load, r.patterns...); err != nil {
			return err
		}
	}
	named := make(map[string]bool) // by import path
	for _, p := range roots {
		named[p.PkgPath] = true
	}
	paths, skipped := relevant(roots, cfg.Dir)
	out.Skipped = append(out.Skipped, skipped...)
	if len(paths) == 0 {
		return nil
	}
	// Most packages have nothing to do with maps. Of the few that have, the
	// functions are wanted.
	pkgs := wanted(roots, paths)
	tc := typeChecker{fset: token.NewFileSet(), overlay: overlay, sizes: sizesIn(load.Env), full: make(map[string]bool), cache: cfg.Cache}
	if cfg.Cache != nil {
		tc.fset = cfg.Cache.fset
	}
	for _, p := range pkgs {
		tc.full[p.ID] = true
	}
	tc.processed = processCgo(load, pkgs)
	packages.Visit(pkgs, nil, func(p *packages.Package) {
		if tc.processed[p.ID] != nil {
			importAsCgo(p, roots)
		}
	})
	tc.check(ctx, pkgs)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	good, bad := usable(pkgs, cfg.Dir, named, tc.partial)
	out.Skipped = append(out.Skipped, bad...)
	an := newAnalyzer(&config{objects: cfg.Objects, dir: cfg.Dir})
	graph, err := checker.Analyze([]*analysis.Analyzer{an}, good, nil)
	if err != nil {
		return err
	}
	for _, act := range graph.Roots {
		if !named[act.Package.PkgPath] && !named[strings.TrimSuffix(act.Package.PkgPath, "_test")] {
			continue // only its facts were wanted
		}
		if act.Err != nil {
			out.Skipped = append(out.Skipped, diag.Skip{
				Span:   position.Span{File: packageDir(act.Package, cfg.Dir)},
				Reason: fmt.Sprintf("package %s: %s", act.Package.PkgPath, firstLine(act.Err.Error())),
			})
			continue
		}
		res := act.Result.(*Result)
		out.Findings = append(out.Findings, res.Findings...)
		out.Skipped = append(out.Skipped, res.Skipped...)
		for _, f := range act.Package.GoFiles {
			// A test's main package is made in the build cache, and what bpf2go
			// would generate is nowhere.
			if _, err := os.Stat(f); err != nil || filepath.Dir(f) != act.Package.Dir {
				continue
			}
			if rel, err := filepath.Rel(cfg.Dir, f); err == nil && filepath.IsLocal(rel) {
				f = rel
			}
			out.Files = append(out.Files, f)
		}
	}
	return nil
}

// ownPackages lists the packages of the module at hand.
func ownPackages(roots []*packages.Package) []*packages.Package {
	var own []*packages.Package
	packages.Visit(roots, nil, func(p *packages.Package) {
		if p.Module != nil && p.Module.Main {
			own = append(own, p)
		}
	})
	return own
}

// relevant lists the packages that can lead to a map: those that import a map
// library, directly or not, and those that embed an object. Packages of the
// libraries themselves and of the standard library are left out unless named.
func relevant(roots []*packages.Package, dir string) (paths []string, skipped []diag.Skip) {
	isRoot := make(map[string]bool)
	for _, p := range roots {
		isRoot[p.ID] = true
	}
	memo := make(map[string]bool)
	var reaches func(p *packages.Package) bool
	reaches = func(p *packages.Package) bool {
		if r, ok := memo[p.ID]; ok {
			return r
		}
		memo[p.ID] = false
		r := isMapLibrary(p.PkgPath) || slices.ContainsFunc(p.EmbedPatterns, func(s string) bool { return strings.HasSuffix(s, ".o") })
		for _, imp := range p.Imports {
			r = reaches(imp) || r
		}
		if !r && isRoot[p.ID] && embedsTree(p) {
			r = true
		}
		memo[p.ID] = r
		return r
	}
	seen := make(map[string]bool)
	packages.Visit(roots, nil, func(p *packages.Package) {
		if !reaches(p) || strings.HasSuffix(p.PkgPath, ".test") {
			return
		}
		path := p.PkgPath
		if base, ok := strings.CutSuffix(path, "_test"); ok && strings.Contains(p.ID, " [") {
			path = base
		}
		if insideMapLibrary(path) && !isRoot[p.ID] || seen[path] {
			return
		}
		seen[path] = true
		paths = append(paths, path)
	})
	slices.Sort(paths)
	for _, p := range roots {
		// A pattern that matched nothing is a package of errors only.
		if len(p.GoFiles)+len(p.OtherFiles)+len(p.IgnoredFiles) == 0 && len(p.Errors) > 0 && !strings.Contains(p.Errors[0].Msg, "matched no packages") {
			skipped = append(skipped, diag.Skip{
				Span:   errorSpan(p.Errors[0], packageDir(p, dir), dir),
				Reason: firstLine(p.Errors[0].Msg),
			})
		}
	}
	return paths, skipped
}

// embedsTree reports whether a package embeds a folder that holds an object.
func embedsTree(p *packages.Package) bool {
	if len(p.GoFiles) == 0 {
		return false
	}
	for _, pattern := range p.EmbedPatterns {
		if len(expandEmbed(filepath.Dir(p.GoFiles[0]), strings.TrimPrefix(pattern, "all:"))) > 0 {
			return true
		}
	}
	return false
}

// usable keeps the packages that can be analysed and cuts the imports of
// others, for which there is no syntax and so no facts. A package that does not
// compile is named, once, with those of its functions that are left out; it is
// kept when the rest is sound. That an embedded file is missing stops the
// compiler, but not this analysis.
func usable(pkgs []*packages.Package, dir string, named map[string]bool, partial map[string][]string) (good []*packages.Package, skipped []diag.Skip) {
	sound := make(map[*packages.Package]bool)
	type failure struct {
		span    position.Span
		why     string
		dropped []string // functions, those of the package's tests among them
		whole   bool     // nothing of the package itself can be analysed
	}
	failures := make(map[string]*failure)
	for _, p := range pkgs {
		sound[p] = p.Types != nil && p.TypesInfo != nil && len(p.Syntax) > 0 && !strings.HasSuffix(p.PkgPath, ".test")
		first := firstError(p.Errors)
		if first == nil {
			continue
		}
		dropped, ok := partial[p.ID]
		sound[p] = sound[p] && ok
		key := strings.TrimSuffix(p.PkgPath, "_test")
		if !named[p.PkgPath] && !named[key] || strings.HasSuffix(p.PkgPath, ".test") {
			continue // the go command makes the last of packages that are reported themselves
		}
		f := failures[key]
		if f == nil {
			f = &failure{
				span: errorSpan(*first, packageDir(p, dir), dir),
				why:  fmt.Sprintf("package %s does not compile: %s", p.PkgPath, whyNotImported(p, firstLine(first.Msg))),
			}
			failures[key] = f
		}
		f.dropped = append(f.dropped, dropped...)
		f.whole = f.whole || !sound[p] && p.PkgPath == key && !strings.Contains(p.ID, " [")
	}
	for _, key := range sortedKeys(failures) {
		f := failures[key]
		switch {
		case f.whole:
			f.why += "; nothing of it is analysed"
		case len(f.dropped) > 0:
			f.why += "; not analysed: " + namesOf(f.dropped)
		}
		skipped = append(skipped, diag.Skip{Span: f.span, Reason: f.why})
	}
	for _, p := range pkgs {
		if sound[p] {
			p.IllTyped = false
			good = append(good, p)
		}
	}
	for _, p := range good {
		for path, imp := range p.Imports {
			if !sound[imp] {
				delete(p.Imports, path)
			}
		}
	}
	return good, skipped
}

// whyNotImported adds to the type checker's words on an import that is not there
// the reason, which only the go command knows: a module that is not required, or
// could not be had.
func whyNotImported(p *packages.Package, msg string) string {
	rest, ok := strings.CutPrefix(msg, "could not import ")
	path, _, found := strings.Cut(rest, " ("+noPackage)
	if !ok || !found {
		return msg
	}
	if p.Imports[path] == nil {
		return "could not import " + path
	}
	err := firstError(p.Imports[path].Errors)
	if err == nil {
		return "could not import " + path
	}
	return "could not import " + path + ": " + firstLine(err.Msg)
}

// firstError picks the error that says most: the first of the parser or type
// checker, else the first of the go command. It is nil when all are harmless.
func firstError(errs []packages.Error) *packages.Error {
	var first *packages.Error
	for i := range errs {
		e := &errs[i]
		switch {
		case isHarmless(e.Msg):
		case e.Kind == packages.ParseError || e.Kind == packages.TypeError:
			return e
		case first == nil:
			first = e
		}
	}
	return first
}

// isHarmless reports whether an error stops the go command but says nothing
// against the Go code: an embedded file is missing, or a BPF source beside the
// code lacks its build constraint.
func isHarmless(msg string) bool {
	return strings.Contains(msg, "no matching files found") && strings.Contains(msg, "pattern ") ||
		strings.Contains(msg, "C source files not allowed when not using cgo")
}

// errorSpan is where a loader's error is, or else the package's folder.
func errorSpan(e packages.Error, pkgDir, dir string) position.Span {
	if s, _, ok := position.Cut(e.Pos + ": x"); ok && s.File != "" && s.File != "-" {
		if filepath.IsAbs(s.File) {
			if r, err := filepath.Rel(dir, s.File); err == nil && !strings.HasPrefix(r, "..") {
				s.File = r
			}
		}
		return s
	}
	return position.Span{File: pkgDir}
}

// packageDir is a package's folder relative to dir, or its import path.
func packageDir(p *packages.Package, dir string) string {
	for _, files := range [][]string{p.GoFiles, p.OtherFiles, p.IgnoredFiles} {
		if len(files) > 0 {
			d := filepath.Dir(files[0])
			if r, err := filepath.Rel(dir, d); err == nil && !strings.HasPrefix(r, "..") {
				return r
			}
			return d
		}
	}
	return p.PkgPath
}

func firstLine(s string) string {
	s, _, _ = strings.Cut(strings.TrimSpace(s), "\n")
	return s
}
