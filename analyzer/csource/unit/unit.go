// Package unit loads one BPF C file: it preprocesses it, keeps only the
// declarations that the file can reach, repairs what the C front end does not
// understand, and type-checks the rest, so that one bad declaration costs only
// itself.
package unit

import (
	"modernc.org/cc/v4"

	"github.com/bpflockcheck/bpflockcheck/analyzer/csource/cpp"
	"github.com/bpflockcheck/bpflockcheck/analyzer/diag"
	"github.com/bpflockcheck/bpflockcheck/analyzer/position"
)

// Config says where headers are found and what is predefined. The zero value
// works: everything is then discovered from the file's place.
type Config struct {
	// Dir is the working folder: relative paths in flags are relative to it, and
	// positions name files below it relative to it. Empty: the process's.
	Dir string
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
	// Cache is shared by the units of one run; nil means none.
	Cache *Cache
	// MaxFileSize bounds the file itself, in bytes; 0 means 16 MB.
	MaxFileSize int64

	// machine defines the compiler's macro of the target architecture.
	machine bool
}

// Unit is one loaded translation unit. Its methods may not be called at the same time.
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
	// MCPU is the -mcpu flag's argument, "" without one.
	MCPU string
	// Files are the source files that were read, in order of first use.
	Files []*cpp.File

	text       *ccText
	expansions []cpp.Expansion
	extents    map[cc.Node]extent
	posCache   map[uint64]*position.Pos
}
