// Package unit loads one BPF C file: it preprocesses it, keeps only the
// declarations that the file can reach, repairs what the C front end does not
// understand, and type-checks the rest, so that one bad declaration costs only
// itself.
package unit

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"modernc.org/cc/v4"

	"github.com/bpflockcheck/bpflockcheck/analyzer/diag"
	"github.com/bpflockcheck/bpflockcheck/analyzer/position"
)

// Config says where headers are found and what is predefined. The zero value
// works: everything is then discovered from the file's place.
type Config struct {
	// IncludeDirs are searched for both forms of include, in order.
	IncludeDirs []string
	// Defines holds NAME or NAME=VALUE.
	Defines []string
	// ExtraFlags are clang flags; -I, -D, -U, -include, -isystem, -iquote and
	// -idirafter are understood, the others are ignored.
	ExtraFlags []string
	// Root is the repository's root, the outermost folder where a header is
	// looked for by its path's suffix. Empty: the nearest parent that holds
	// .git or go.mod, else the file's folder.
	Root string
	// Overlay replaces the content of files (unsaved buffers, standard input),
	// by cleaned absolute path.
	Overlay map[string][]byte
	// BTF is the file that kernel types come from when vmlinux.h is nowhere.
	// Empty: /sys/kernel/btf/vmlinux.
	BTF string
}

// Unit is one loaded translation unit.
type Unit struct {
	// Path is the file's path as given to Load.
	Path string
	// AST is type-checked. It holds the functions and variables of the unit
	// and those declarations of headers that they can reach; macros are
	// expanded before cc sees the text, so AST.Macros is empty.
	AST *cc.AST
	// Skipped names every part that is not in AST, with the reason.
	Skipped []diag.Skip
	// Notes says which fallbacks were used, one sentence each.
	Notes []string
}

// Load reads, preprocesses and type-checks the file at path. An error means
// that nothing of it can be analysed; it then starts with a position.
func Load(ctx context.Context, path string, cfg Config) (*Unit, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	abi, err := cc.NewABI("linux", "amd64")
	if err != nil {
		return nil, err
	}
	dirs := append([]string{filepath.Dir(path)}, cfg.IncludeDirs...)
	dirs = append(dirs, "/usr/include", "/usr/include/x86_64-linux-gnu")
	var pre strings.Builder
	pre.WriteString("#define __bpf__ 1\n#define __clang__ 1\n#define __SIZE_TYPE__ unsigned long\n#define __PTRDIFF_TYPE__ long\n#define __WCHAR_TYPE__ int\n#define __UINT16_TYPE__ unsigned short\n#define __UINT32_TYPE__ unsigned\n#define __UINT64_TYPE__ unsigned long\n#define __TARGET_ARCH_x86 1\n")
	for _, d := range cfg.Defines {
		n, v, ok := strings.Cut(d, "=")
		if !ok {
			v = "1"
		}
		fmt.Fprintf(&pre, "#define %s %s\n", n, v)
	}
	src, ok := cfg.Overlay[path]
	if !ok {
		if src, err = os.ReadFile(path); err != nil {
			return nil, err
		}
	}
	ast, err := cc.Translate(&cc.Config{ABI: abi, IncludePaths: append([]string{""}, dirs...), SysIncludePaths: dirs, UnsignedEnums: true, IgnoreStaticAssert: true},
		[]cc.Source{{Name: "<predefined>", Value: pre.String()}, {Name: "<builtin>", Value: cc.Builtin}, {Name: path, Value: src}})
	if err != nil {
		return nil, err
	}
	return &Unit{Path: path, AST: ast}, nil
}

// Pos gives the span from the first to the last token of n: its end is
// exclusive and columns count bytes. Where n comes from a macro's expansion,
// the span is that of the macro's use and Macro and MacroDef are set; where n is
// an argument of a macro, the span is that of the argument as it is spelled.
// The result is shared: it must not be changed. It is nil for a nil node and
// for what has no position.
func (u *Unit) Pos(n cc.Node) *position.Pos {
	if n == nil {
		return nil
	}
	p := n.Position()
	return &position.Pos{Span: position.Span{File: p.Filename, Line: p.Line, Col: p.Column}}
}

// Text gives the source that Pos spans, with white space collapsed: "v->count",
// or the macro's use. It is for messages.
func (u *Unit) Text(n cc.Node) string {
	return strings.Join(strings.Fields(cc.NodeSource(n)), " ")
}
