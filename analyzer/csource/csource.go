// Package csource is the C front end: it loads a BPF C file (package unit) and
// lowers it to the intermediate representation (package lower).
package csource

import (
	"context"
	"path/filepath"
	"slices"
	"strings"

	"github.com/bpflockcheck/bpflockcheck/analyzer/csource/lower"
	"github.com/bpflockcheck/bpflockcheck/analyzer/csource/rewrite"
	"github.com/bpflockcheck/bpflockcheck/analyzer/csource/unit"
	"github.com/bpflockcheck/bpflockcheck/analyzer/diag"
	"github.com/bpflockcheck/bpflockcheck/analyzer/ir"
)

// Load reads the C file at path. An error means that nothing of it can be
// analysed; a part that cannot be is under Skipped of the result.
func Load(ctx context.Context, path string, cfg unit.Config) (*ir.Unit, error) {
	u, err := unit.Load(ctx, path, cfg)
	if err != nil {
		return nil, err
	}
	out := lower.Unit(lower.Source{Path: path, AST: u.AST, Pos: u.Pos, Text: u.Text, Exact: u.Exact})
	out.MCPU = u.MCPU
	out.Rewrite = rewrite.New(u)
	out.Skipped = append(out.Skipped, u.Skipped...)
	slices.SortFunc(out.Skipped, diag.Skip.Compare)
	out.Skipped = slices.CompactFunc(out.Skipped, func(a, b diag.Skip) bool { return a.Compare(b) == 0 })
	out.Notes = append(out.Notes, u.Notes...)
	for _, f := range u.Files {
		if f.Path != path && strings.HasSuffix(f.Key, ".c") && filepath.IsAbs(f.Key) {
			out.Included = append(out.Included, f.Key)
		}
	}
	return out, ctx.Err()
}
