package gomap

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/bpflockcheck/bpflockcheck/analyzer/diag"
	"github.com/bpflockcheck/bpflockcheck/internal/suppress"
)

// suppressed reports whether a comment in the finding's file silences it. The
// command line judges comments itself; this is for the drivers of go/analysis.
func (pk *pkg) suppressed(f diag.Finding) bool {
	name := f.Span.File
	if name == "" || f.Span.Line == 0 {
		return false
	}
	if pk.directives == nil {
		pk.directives = make(map[string][]*suppress.Directive)
	}
	ds, ok := pk.directives[name]
	if !ok {
		path := name
		if !filepath.IsAbs(path) {
			path = filepath.Join(pk.cfg.dir, path)
		}
		if text, err := os.ReadFile(path); err == nil {
			ds = suppress.Scan(name, text)
		}
		pk.directives[name] = ds
	}
	for _, d := range ds {
		if d.Malformed != "" || !d.Covers(f.Span) {
			continue
		}
		if d.Nolint {
			return true
		}
		for _, sel := range d.Selectors {
			if strings.EqualFold(sel, "all") || strings.EqualFold(sel, f.Name) ||
				strings.HasPrefix(f.Rule, strings.ToUpper(sel)) {
				return true
			}
		}
	}
	return false
}
