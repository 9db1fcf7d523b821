package gomap

import (
	"context"
	"fmt"
)

// render: bpf2go's generator is not there on Windows, so a package whose
// generated files are not committed stays without them.
func (g *generate) render(context.Context, string) ([]byte, error) {
	return nil, fmt.Errorf("%s: bpf2go's generator does not run on Windows; commit the generated Go files", g.source)
}
