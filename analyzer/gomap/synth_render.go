//go:build !windows

package gomap

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/btf"
	"github.com/cilium/ebpf/cmd/bpf2go/gen"

	"github.com/bpflockcheck/bpflockcheck/analyzer/ir"
)

// render makes the Go file that bpf2go would make, without the object.
func (g *generate) render(ctx context.Context, pkgName string) ([]byte, error) {
	c, err := loadSource(ctx, *g)
	if err != nil {
		return nil, err
	}
	conv := &btfTypes{have: make(map[*ir.Type]btf.Type)}
	spec := &ebpf.CollectionSpec{Maps: make(map[string]*ebpf.MapSpec), Variables: make(map[string]*ebpf.VariableSpec)}
	args := gen.GenerateArgs{Package: pkgName, Stem: g.ident, ObjectFile: g.stem + "_bpfel.o"}
	for _, m := range c.unit.Maps {
		if strings.HasPrefix(m.Name, ".") {
			continue
		}
		args.Maps = append(args.Maps, m.Name)
		ms := &ebpf.MapSpec{Name: m.Name}
		if m.Key != nil {
			ms.Key = conv.of(m.Key, 0)
		}
		if m.Value != nil {
			ms.Value = conv.of(m.Value, 0)
		}
		spec.Maps[m.Name] = ms
	}
	for _, v := range c.unit.Globals {
		if v.Static || v.Ksym || v.Arena || v.Type == nil || !isDataSection(v.Section) {
			continue
		}
		args.Variables = append(args.Variables, v.Name)
		spec.Variables[v.Name] = &ebpf.VariableSpec{Name: v.Name, Type: &btf.Var{Name: v.Name, Type: conv.of(v.Type, 0)}}
	}
	for _, p := range c.unit.Programs {
		args.Programs = append(args.Programs, p.Name)
	}
	if !g.noTypes {
		args.Types = gen.CollectGlobalTypes(spec)
	}
	for _, name := range g.types {
		if slices.ContainsFunc(args.Types, func(t btf.Type) bool { return t.TypeName() == name }) {
			continue
		}
		if t := namedType(c.unit, name); t != nil {
			args.Types = append(args.Types, conv.of(t, 0))
		}
	}
	var out bytes.Buffer
	args.Output = &out
	if err := gen.Generate(args); err != nil {
		return nil, fmt.Errorf("%s: %w", g.source, err)
	}
	// There is no object to embed.
	text := out.Bytes()
	if i := bytes.Index(text, []byte("//go:embed ")); i >= 0 {
		text = slices.Concat(text[:i], []byte("// "), text[i+2:])
	}
	return text, nil
}
