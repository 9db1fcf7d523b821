package lower

import (
	"strings"
	"testing"

	"modernc.org/cc/v4"

	"github.com/bpflockcheck/bpflockcheck/analyzer/ir"
	"github.com/bpflockcheck/bpflockcheck/analyzer/position"
)

// prelude has what the snippets need: libbpf's conventions in short.
const prelude = `
typedef unsigned char __u8; typedef unsigned short __u16; typedef unsigned int __u32; typedef unsigned long long __u64;
typedef signed char __s8; typedef int __s32; typedef long long __s64; typedef __u32 u32; typedef __u64 u64;
#define SEC(name) __attribute__((section(name), used))
#define __uint(name, val) int (*name)[val]
#define __type(name, val) typeof(val) *name
#define __array(name, val) typeof(val) *name[]
#define __always_inline inline __attribute__((always_inline))
#define __ksym __attribute__((section(".ksyms")))
#define NULL ((void *)0)
static void *(* const bpf_map_lookup_elem)(void *map, const void *key) = (void *) 1;
static long (* const bpf_map_update_elem)(void *map, const void *key, const void *value, __u64 flags) = (void *) 2;
struct bpf_spin_lock { __u32 val; };
static long (* const bpf_spin_lock)(struct bpf_spin_lock *lock) = (void *) 93;
static long (* const bpf_spin_unlock)(struct bpf_spin_lock *lock) = (void *) 94;
static long (* const bpf_loop)(__u32 nr_loops, void *callback_fn, void *callback_ctx, __u64 flags) = (void *) 181;
struct val { struct bpf_spin_lock lock; __u32 count; __u64 bytes; struct { __u16 a, b; } in; __u8 arr[8]; };
struct { __uint(type, 2); __uint(max_entries, 1); __type(key, __u32); __type(value, struct val); } m SEC(".maps");
`

// parse parses a snippet for tests, without the loader.
func parse(t testing.TB, name, src string) Source {
	t.Helper()
	abi, err := cc.NewABI("linux", "amd64")
	if err != nil {
		t.Fatal(err)
	}
	ast, err := cc.Parse(&cc.Config{ABI: abi}, []cc.Source{
		{Name: "<predefined>", Value: "#define __builtin_offsetof(type, member) ((unsigned long)&(((type *)0)->member))\n" +
			"#define __builtin_types_compatible_p(a, b) __ccgo__types_compatible_p((a){}, (b){})\n"},
		{Name: "<builtin>", Value: "int __predefined_declarator;\n"}, {Name: name, Value: src}})
	if err != nil {
		t.Fatal(err)
	}
	return Source{Path: name, AST: ast,
		Pos: func(n cc.Node) *position.Pos {
			p := n.Position()
			return &position.Pos{Span: position.Span{File: p.Filename, Line: p.Line, Col: p.Column}}
		},
		Text: func(n cc.Node) string { return strings.Join(strings.Fields(cc.NodeSource(n)), " ") },
	}
}

// lowerText lowers a snippet after the prelude and checks that the result is
// well formed.
func lowerText(t testing.TB, src string) *ir.Unit {
	t.Helper()
	u := Unit(parse(t, "t.c", prelude+"#line 1\n"+src))
	if err := ir.Validate(u); err != nil {
		t.Error(err)
	}
	return u
}
