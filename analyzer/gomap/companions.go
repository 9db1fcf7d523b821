package gomap

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/tools/go/ssa"

	"github.com/bpflockcheck/bpflockcheck/analyzer/diag"
	"github.com/bpflockcheck/bpflockcheck/analyzer/position"
)

// companions reads the BPF side of the package: the objects that it embeds, the
// sources of its go:generate lines whose object is not there, the objects of the
// settings, and those that it loads by a constant name.
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
	r := companionReader{pk: pk, ctx: ctx, have: make(map[string]bool), seen: make(map[string]bool)}
	for _, e := range found {
		r.embedded(e, gens)
	}
	for _, g := range gens {
		r.generated(g)
	}
	for _, e := range missing {
		if !coveredBySource(r.have, fileStem(e.path)) {
			pk.unreadable(e.pos, e.end, e.path, fs.ErrNotExist)
		}
	}
	r.configured()
	for _, l := range pk.loaded() {
		r.loaded(l)
	}
	for _, b := range pk.bpf {
		pk.incomplete(b)
	}
	slices.SortStableFunc(pk.maps, func(a, b MapInfo) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.File, b.File))
	})
}

// companionReader reads each file of a package's BPF side once.
type companionReader struct {
	pk  *pkg
	ctx context.Context
	// have holds the stems whose object was read, and with "_" behind them those
	// whose source was.
	have map[string]bool
	// seen holds paths, of sources with their stem.
	seen map[string]bool
}

// first tells whether key is asked for for the first time.
func (r *companionReader) first(key string) bool {
	was := r.seen[key]
	r.seen[key] = true
	return !was
}

// embedded reads an object that a go:embed line names.
func (r *companionReader) embedded(e embed, gens []generate) {
	if !r.first(e.path) {
		return
	}
	stem := fileStem(e.path)
	c, err := r.pk.readObject(r.ctx, e.path, stem)
	if err != nil {
		r.pk.unreadable(e.pos, e.end, e.path, err)
		return
	}
	r.have[stem] = true
	pos, end := e.pos, e.end
	for _, g := range gens {
		// The line that people write, not the generated one.
		if g.pos.IsValid() && strings.HasPrefix(stem, g.stem+"_") {
			pos, end = g.pos, g.end
		}
	}
	r.pk.bpf = append(r.pk.bpf, bpfUnit{c, pos, end})
}

// generated reads the source of a bpf2go line of which no object was read.
func (r *companionReader) generated(g generate) {
	if covers(r.have, g.stem) || !r.first(g.source+" "+g.stem) {
		return
	}
	c, err := r.pk.readSource(r.ctx, g)
	if err != nil {
		r.pk.unreadable(g.pos, g.end, g.source, err)
		return
	}
	r.pk.bpf = append(r.pk.bpf, bpfUnit{c, g.pos, g.end})
	r.have[g.stem+"_"] = true
}

// configured reads the objects that the settings name.
func (r *companionReader) configured() {
	for _, pattern := range r.pk.cfg.objects {
		paths, err := filepath.Glob(pattern)
		if err != nil {
			continue
		}
		for _, p := range paths {
			if !r.first(p) {
				continue
			}
			if _, err := r.pk.readObject(r.ctx, p, fileStem(p)); err != nil {
				r.pk.unreadable(token.NoPos, token.NoPos, p, err)
			}
		}
	}
}

// loaded reads an object that a loader's argument names, or its source.
func (r *companionReader) loaded(l embed) {
	if !r.first(l.path) {
		return
	}
	read := r.pk.readObject
	if filepath.Ext(l.path) == ".c" {
		read = func(ctx context.Context, path, stem string) (*companion, error) {
			return r.pk.readSource(ctx, generate{source: path, stem: stem})
		}
	}
	c, err := read(r.ctx, l.path, fileStem(l.path))
	if err != nil {
		r.pk.unreadable(l.pos, l.end, l.path, err)
		return
	}
	r.pk.bpf = append(r.pk.bpf, bpfUnit{c, l.pos, l.end})
}

// fileStem is a file's name without folder and ending.
func fileStem(path string) string { return strings.TrimSuffix(filepath.Base(path), filepath.Ext(path)) }

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
