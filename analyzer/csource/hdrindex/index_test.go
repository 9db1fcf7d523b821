package hdrindex

import (
	"os"
	"testing"
)

func BenchmarkNew(b *testing.B) {
	data, err := os.ReadFile(os.Getenv("VMLINUX_H"))
	if err != nil {
		b.Skip("VMLINUX_H names no header")
	}
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		New(string(data))
	}
}

func collect(lookup func(string, func(int)), name string) (found []int) {
	lookup(name, func(i int) { found = append(found, i) })
	return found
}

func TestIndex(t *testing.T) {
	src := `#ifndef H
#define H
/* a comment; with { braces */
typedef unsigned int u32;
typedef int (*callback_t)(void *ctx, struct inner *arg, u32 flags);
typedef struct { int counter; } atomic_t, other_t;
struct outer {
	struct inner { int x; } in;
	enum { FIRST, SECOND = 1 << 1 } kind;
	union { int a; char b[4]; };
};
enum named { ONE = 1, /* TWO = 2, */ THREE = (1 + 2), };
#pragma clang attribute push
enum { ANON = ')', LAST };
struct __attribute__((packed)) tight { char c; } __attribute__((aligned(1)));
struct forward;
extern int bpf_kfunc(struct outer *o) __attribute__((section(".ksyms"), weak));
static inline int helper(int v) { return v; }
static void *(*lookup)(void *map, const void *key) = (void *)1;
char text[] = "};";
int after;
#endif
`
	x := New(src)
	text := func(i int) string { d := x.Decl(i); return src[d.Off:d.End] }
	if n := len(x.Directives()); n != 4 {
		t.Errorf("%d directives", n)
	}
	for _, tag := range []string{"outer", "inner", "named", "tight"} {
		if f := collect(x.Tag, tag); len(f) != 1 {
			t.Errorf("tag %s: %v", tag, f)
		}
	}
	for name, start := range map[string]string{
		"u32": "typedef", "callback_t": "typedef int", "atomic_t": "typedef struct", "other_t": "typedef struct", "FIRST": "struct outer", "SECOND": "struct outer",
		"ONE": "enum named", "THREE": "enum named", "ANON": "enum {", "LAST": "enum {", "bpf_kfunc": "extern", "helper": "static inline", "lookup": "static void", "text": "char", "after": "int after;",
	} {
		f := collect(x.Name, name)
		if len(f) != 1 || len(text(f[0])) < len(start) || text(f[0])[:len(start)] != start {
			t.Errorf("name %s: %v", name, f)
		}
	}
	for _, name := range []string{"TWO", "arg", "flags", "ctx", "x", "v", "a", "H", "forward", "map"} {
		if f := collect(x.Name, name); len(f) != 0 {
			t.Errorf("name %s: %q", name, text(f[0]))
		}
	}
	if f := collect(x.Tag, "forward"); len(f) != 0 {
		t.Errorf("a declared tag is not a defined one: %q", text(f[0]))
	}
}

func FuzzNew(f *testing.F) {
	f.Add("typedef struct a { enum { B = '}' } c; } d, *e;\n#define X \\\n\nint (*f)(int g) = { 1 };")
	f.Add("struct __attribute__((x)) { } ; enum : int { /* \" */ A }; /*")
	f.Fuzz(func(t *testing.T, src string) {
		x := New(src)
		end := uint32(0)
		for i := range x.Len() {
			d := x.Decl(i)
			if d.Off < end || d.End <= d.Off || int(d.End) > len(src) {
				t.Fatalf("declaration %d is %v after %d of %d", i, d, end, len(src))
			}
			end = d.End
		}
		for _, d := range x.Directives() {
			if d.End <= d.Off || int(d.End) > len(src) || d.Before > x.Len() {
				t.Fatalf("%+v", d)
			}
		}
	})
}
