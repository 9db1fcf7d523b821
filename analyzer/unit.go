package analyzer

import (
	"bytes"
	"context"
	"errors"
	"slices"

	"github.com/bpflockcheck/bpflockcheck/analyzer/csource/unit"
	"github.com/bpflockcheck/bpflockcheck/analyzer/gomap"
	"github.com/bpflockcheck/bpflockcheck/analyzer/model"
)

// UnitResult is what an editor wants to know of one file.
type UnitResult struct {
	*Result
	// Model is what the findings were made from; nil when nothing of the file
	// could be analysed. File names in it are relative to Options.Dir when they
	// lie within, else absolute.
	Model *model.Model
}

// Unit analyses one BPF C file or object and keeps its model. Unlike Check it
// never looks for further inputs, so that what is reported is about this file
// and the headers it includes alone.
func Unit(ctx context.Context, path string, opts Options) (*UnitResult, error) {
	o, err := opts.normal()
	if err != nil {
		return nil, err
	}
	pol, err := newPolicies(&o)
	if err != nil {
		return nil, err
	}
	in := input{path: path, abs: o.abs(path), kind: kindC, named: true, keepModel: true}
	if _, open := o.Overlay[in.abs]; !open {
		d := &discoverer{o: &o, seen: map[string]int{}}
		d.named(path, in.abs)
		if len(d.out.failed) > 0 {
			return &UnitResult{Result: &Result{Failed: d.out.failed}}, nil
		}
		in.kind = d.out.files[0].kind
	}
	u := analyseOne(ctx, &o, in)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if errors.Is(u.err, context.Canceled) {
		return nil, u.err
	}
	c := &collector{o: &o, loc: newLocator(&o, []input{in}), res: &Result{}, pol: pol}
	return &UnitResult{Result: c.collect([]*unitResult{u}), Model: u.model}, nil
}

// HeaderCache keeps headers, cut up or indexed, from one call to the next, and
// is what makes the second call for a file that includes vmlinux.h fast. A
// header that changed on disk is read again.
type HeaderCache = unit.Cache

// NewHeaderCache makes an empty cache, for Options.Headers.
func NewHeaderCache() *HeaderCache { return unit.NewCache() }

// GoCache keeps the types of imported Go packages from one call to the next; the
// second call for a package is several times faster with it. A package that changed
// on disk is read again.
type GoCache = gomap.Cache

// NewGoCache makes an empty cache, for Options.GoTypes.
func NewGoCache() *GoCache { return gomap.NewCache() }

// IsSource reports whether the text of a .c file is BPF C: whether it uses
// SEC(...).
func IsSource(text []byte) bool { return usesSEC(text) }

// UsesMaps reports whether the text of a Go file mentions one of the libraries
// whose map calls are judged.
func UsesMaps(text []byte) bool {
	return slices.ContainsFunc(mapLibraries, func(lib []byte) bool { return bytes.Contains(text, lib) })
}
