package lsp

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"

	"go.lsp.dev/protocol"

	"github.com/bpflockcheck/bpflockcheck/analyzer"
	"github.com/bpflockcheck/bpflockcheck/analyzer/diag"
	"github.com/bpflockcheck/bpflockcheck/analyzer/model"
	"github.com/bpflockcheck/bpflockcheck/analyzer/position"
	"github.com/bpflockcheck/bpflockcheck/internal/baseline"
	"github.com/bpflockcheck/bpflockcheck/internal/config"
	"github.com/bpflockcheck/bpflockcheck/internal/source"
)

// result is what one run of a job found. It is not changed afterwards.
type result struct {
	findings []diag.Finding
	skipped  []diag.Skip
	model    *model.Model
	options  Options
	// files are the texts that it was found in, and versions those of the
	// buffers among them.
	files    *source.Files
	versions map[string]int32
	// flaw is what is wrong with the config file.
	flaw *config.Error
	// cut: syntax errors may have hidden functions from this run.
	cut bool
}

// analyse runs a job; nil when ctx ended.
func (s *server) analyse(ctx context.Context, j *job) *result {
	s.mu.Lock()
	overlay, versions := s.overlay()
	s.mu.Unlock()
	var (
		res *result
		err error
	)
	switch j.kind {
	case langC:
		if !isBPF(overlay[j.key]) {
			return &result{versions: versions, files: &source.Files{Overlay: overlay}}
		}
		res, err = s.analyseC(ctx, j.key, overlay)
	case langGo:
		res, err = s.analyseGo(ctx, j.key, overlay)
	}
	if ctx.Err() != nil {
		return nil
	}
	if res == nil {
		res = &result{files: &source.Files{Overlay: overlay}}
	}
	if err != nil {
		s.tell(protocol.MessageTypeError, err.Error())
	}
	res.versions = versions
	return res
}

func (s *server) analyseC(ctx context.Context, path string, overlay map[string][]byte) (*result, error) {
	o, flaw := s.options(path)
	o.Overlay, o.Headers, o.GoTypes = overlay, s.headers, s.goTypes
	u, err := analyzer.Unit(ctx, path, o.Options)
	if err != nil {
		return nil, err
	}
	res := &result{model: u.Model, options: o, flaw: flaw}
	err = res.fill(u.Result, overlay)
	res.cut = u.Model == nil || slices.ContainsFunc(res.skipped, func(sk diag.Skip) bool { return sk.Span.File == path })
	return res, err
}

// analyseGo checks the package in a folder as far as it is open.
func (s *server) analyseGo(ctx context.Context, dir string, overlay map[string][]byte) (*result, error) {
	var open []string
	for path := range overlay {
		if filepath.Ext(path) == ".go" && filepath.Dir(path)+string(filepath.Separator) == dir {
			open = append(open, path)
		}
	}
	slices.Sort(open)
	if len(open) == 0 || !packageUsesMaps(dir, overlay) {
		return nil, nil
	}
	o, flaw := s.options(open[0])
	o.Overlay = map[string][]byte{}
	for path, text := range overlay {
		if filepath.Ext(path) == ".go" {
			o.Overlay[path] = text
		}
	}
	r, err := analyzer.Check(ctx, open, o.Options)
	if err != nil && !errors.Is(err, analyzer.ErrNoInput) {
		return nil, err
	}
	res := &result{options: o, flaw: flaw}
	if r == nil {
		r = &analyzer.Result{}
	}
	return res, res.fill(r, overlay)
}

// packageUsesMaps reports whether a Go file of the folder mentions a library
// whose calls are judged: without one there is no need to load the package,
// which takes the go command seconds.
func packageUsesMaps(dir string, overlay map[string][]byte) bool {
	for path, text := range overlay {
		if filepath.Dir(path)+string(filepath.Separator) == dir && filepath.Ext(path) == ".go" && analyzer.UsesMaps(text) {
			return true
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return false
	}
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		if _, open := overlay[path]; open || filepath.Ext(path) != ".go" || !e.Type().IsRegular() {
			continue
		}
		if text, err := os.ReadFile(path); err == nil && analyzer.UsesMaps(text) {
			return true
		}
	}
	return false
}

// fill takes over what an analysis found, with absolute paths.
func (r *result) fill(from *analyzer.Result, overlay map[string][]byte) error {
	r.files = &source.Files{Dir: r.options.Dir, Overlay: overlay, Recorded: from.Recorded}
	findings := from.Findings
	var err error
	if r.options.Baseline != "" {
		var known *baseline.Baseline
		if known, err = baseline.Load(r.options.Baseline); err == nil {
			findings, _ = known.New(findings, r.files, func(string) bool { return false })
		}
	}
	abs := func(s *position.Span) {
		if s.File != "" {
			s.File = r.files.Abs(s.File)
		}
	}
	for _, f := range findings {
		f.ChangeSpans(abs)
		r.findings = append(r.findings, f)
	}
	for _, sk := range slices.Concat(from.Failed, from.Skipped) {
		abs(&sk.Span)
		r.skipped = append(r.skipped, sk)
	}
	return err
}
