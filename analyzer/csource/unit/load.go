package unit

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"modernc.org/cc/v4"

	"github.com/bpflockcheck/bpflockcheck/analyzer/csource/cpp"
	"github.com/bpflockcheck/bpflockcheck/analyzer/csource/hdrindex"
	"github.com/bpflockcheck/bpflockcheck/analyzer/csource/headers"
	"github.com/bpflockcheck/bpflockcheck/analyzer/csource/reduce"
	"github.com/bpflockcheck/bpflockcheck/analyzer/csource/repair"
	"github.com/bpflockcheck/bpflockcheck/analyzer/diag"
	"github.com/bpflockcheck/bpflockcheck/analyzer/position"
)

const defaultMaxFileSize = 16 << 20

// Load reads, preprocesses and type-checks the file at path. An error means
// that nothing of it can be analysed; it then starts with a position.
func Load(ctx context.Context, path string, cfg Config) (*Unit, error) {
	if cfg.Cache == nil {
		cfg.Cache = NewCache()
	}
	if cfg.MaxFileSize == 0 {
		cfg.MaxFileSize = defaultMaxFileSize
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	main, err := openMain(&cfg, abs, path)
	if err != nil {
		return nil, err
	}
	pp, err := preprocess(ctx, &cfg, main, abs, path)
	if err != nil {
		return nil, err
	}
	if asksForMachine(pp.out.Problems) {
		cfg.machine = true
		again, err := preprocess(ctx, &cfg, main, abs, path)
		if err == nil && len(again.out.Problems) < len(pp.out.Problems) {
			pp = again
		}
	}
	res, out := pp.res, pp.out
	u := &Unit{Path: path, MCPU: res.mcpu, extents: map[cc.Node]extent{}, posCache: map[uint64]*position.Pos{}}
	runs := make([]reduce.Run, len(out.Refs))
	for i, ref := range out.Refs {
		runs[i] = reduce.Run{
			Source: ref.Index.(reduce.Source),
			From:   ref.From,
			To:     ref.To,
			Expand: func(toks []cpp.Token) []cpp.Token {
				for i := range toks {
					if toks[i].Kind == cpp.Ident && ref.Macros[toks[i].Text] != nil {
						if x, err := pp.Expand(toks, ref.Macros, nil); err == nil {
							return x
						}
						break
					}
				}
				return toks
			},
		}
	}
	runs = append(runs, fallbackRun(kernelFallback()), fallbackRun(libbpfFallback()))
	slots := reduce.Split(repair.Attributes(out.Tokens), main)
	decls, soft := reduce.Reach(slots, runs)
	items := prepare(decls, slots)
	u.AST, u.text, err = translate(ctx, items, soft)
	u.expansions = out.Expansions
	for _, f := range out.Files {
		if !f.Builtin {
			u.Files = append(u.Files, f)
		}
	}
	if err != nil {
		if ctx.Err() != nil {
			return nil, fmt.Errorf("%s: %w", path, ctx.Err())
		}
		return nil, fmt.Errorf("%s:1:1: %w", path, err)
	}
	u.report(out.Problems, items)
	u.Notes = res.finalNotes()
	if err := u.nothingLeft(main, items); err != nil {
		return nil, err
	}
	return u, nil
}

// preprocessed is a unit after its directives and macros are done.
type preprocessed struct {
	*cpp.Preprocessor
	res *resolver
	out *cpp.Result
}

func preprocess(ctx context.Context, cfg *Config, main *cpp.File, abs, path string) (*preprocessed, error) {
	res, pre, cmd := newResolver(cfg, abs)
	pp := cpp.New(ctx, res, cpp.Limits{})
	files := []*cpp.File{pre, cmd}
	for _, name := range res.forced {
		f, err := res.Resolve(name, true, false, main)
		if f == nil {
			if err == nil {
				err = errors.New("not found")
			}
			return nil, fmt.Errorf("%s:1:1: -include %s: %w", path, name, err)
		}
		files = append(files, f)
	}
	out, err := pp.Run(append(files, main)...)
	if err != nil {
		var le *cpp.LimitError
		if errors.As(err, &le) {
			return nil, le
		}
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return &preprocessed{pp, res, out}, nil
}

// openMain reads the file itself and refuses what is no C.
func openMain(cfg *Config, abs, path string) (*cpp.File, error) {
	data, ok := cfg.Overlay[abs]
	var f *cpp.File
	if ok {
		if int64(len(data)) > cfg.MaxFileSize {
			return nil, fmt.Errorf("%s:1:1: file too large: %d MB, the limit is %d MB", path, len(data)>>20, cfg.MaxFileSize>>20)
		}
		f = cpp.NewFile(path, string(data))
		f.Key = abs
	} else {
		var err error
		f, err = cfg.Cache.open(abs, path, cfg.MaxFileSize)
		if err != nil {
			var pe *os.PathError
			if errors.As(err, &pe) {
				return nil, fmt.Errorf("%s: %w", path, pe.Err)
			}
			if strings.HasPrefix(err.Error(), path+":") {
				return nil, err
			}
			return nil, fmt.Errorf("%s:1:1: %w", path, err)
		}
	}
	if i := strings.IndexByte(f.Src, 0); i >= 0 {
		line, col := f.Position(uint32(i))
		return nil, fmt.Errorf("%s:%d:%d: not a C source file: it holds a NUL byte", path, line, col)
	}
	if strings.TrimSpace(f.Src) == "" {
		return nil, fmt.Errorf("%s:1:1: the file is empty", path)
	}
	return f, nil
}

// report turns what went wrong into skips.
func (u *Unit) report(problems []cpp.Problem, items []*item) {
	for _, p := range problems {
		u.Skipped = append(u.Skipped, diag.Skip{Span: span(p.File, p.Off, 0), Reason: p.Msg})
	}
	for _, it := range items {
		if it.why == "" || it.decl.Fallback {
			continue // what a fallback cannot give was not asked for by name
		}
		at := it.at
		if at.File == nil || at.File.Builtin {
			at = it.decl.Toks[0]
		}
		pl := u.spelled(&at)
		s := diag.Skip{Span: span(pl.file, pl.off, 0), Reason: it.why}
		if it.decl.Kind == reduce.Func {
			s.Function = it.decl.Name()
		} else if n := it.decl.Name(); n != "" {
			s.Reason = fmt.Sprintf("declaration of %s: %s", n, it.why)
		}
		u.Skipped = append(u.Skipped, s)
	}
	slices.SortFunc(u.Skipped, diag.Skip.Compare)
	u.Skipped = slices.Compact(u.Skipped)
}

// nothingLeft gives an error when no declaration of the file itself survived.
func (u *Unit) nothingLeft(main *cpp.File, items []*item) error {
	var first *item
	for _, it := range items {
		if it.form == whole || it.decl.Kind == reduce.Func && it.form == prototype {
			if it.decl.Main || it.decl.Kind == reduce.Func {
				return nil
			}
			continue
		}
		if !it.decl.Main {
			continue
		}
		if first == nil {
			first = it
		}
	}
	if first != nil {
		pl := u.spelled(&first.at)
		return fmt.Errorf("%s: not C: %s", span(pl.file, pl.off, 0), first.why)
	}
	if len(items) > 0 {
		return nil
	}
	for _, s := range u.Skipped {
		return fmt.Errorf("%s: %s", s.Span, s.Reason)
	}
	return nil
}

// fallbackRun gives names that no header gives, from a file of the tool's own.
func fallbackRun(f *cpp.File) reduce.Run {
	x := f.Index(func() any { return hdrindex.New(f.Src) }).(*hdrindex.Index)
	src := &indexSource{x, f}
	return reduce.Run{Source: src, To: src.Len(), Fallback: true, Expand: func(t []cpp.Token) []cpp.Token { return t }}
}

// kernelFallback has the types that every kernel has: the embedded stand-in for vmlinux.h.
var kernelFallback = sync.OnceValue(func() *cpp.File {
	f := cpp.NewFile(embeddedPrefix+"vmlinux.h", headers.Vmlinux())
	f.System = true
	return f
})

// libbpfFallback has what older versions of libbpf's bpf_helpers.h declare.
var libbpfFallback = sync.OnceValue(func() *cpp.File {
	f := cpp.NewFile(embeddedPrefix+"libbpf-0.h", `struct bpf_map_def {
	unsigned int type;
	unsigned int key_size;
	unsigned int value_size;
	unsigned int max_entries;
	unsigned int map_flags;
};
`)
	f.System = true
	return f
})

// indexSource makes an indexed header a source of declarations.
type indexSource struct {
	*hdrindex.Index
	file *cpp.File
}

func (s *indexSource) Tokens(i int) []cpp.Token {
	sp := s.Decl(i)
	return cpp.Lex(s.file, sp.Off, sp.End, make([]cpp.Token, 0, (sp.End-sp.Off)/5+4))
}

func (s *indexSource) Ordered() bool { return true }

// Indexed implements cpp.Resolver.
func (r *resolver) Indexed(f *cpp.File) cpp.Indexed {
	if f.Key == btfKey {
		return r.btf
	}
	if x := indexed(f); x != nil {
		return &indexSource{x, f}
	}
	return nil
}
