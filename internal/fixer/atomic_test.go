package fixer_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/bpflockcheck/bpflockcheck/analyzer/diag"
	"github.com/bpflockcheck/bpflockcheck/rules/kernel"
)

// form is one way to write a change of a shared value.
type form struct {
	name  string
	decls string   // before the program
	body  string   // of the program; v points to the shared value
	want  []string // what the fixed file must hold
	why   string   // what the help says when there is no fix
	help  string   // what it starts with, if that matters
	flags []string
	since string // the --kernel
	lines string // "\r\n" for the line ends, "" for "\n"
}

const formHead = `#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

struct value {
	__u64 n;
	__s64 s;
	__u32 w;
	int i;
	__u16 h;
	__u8 b;
	unsigned int five : 5, six : 6;
	bool flag;
	char *p;
	__u64 arr[4];
	enum bpf_map_type e;
};
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct value);
} vals SEC(".maps");
__u64 total;
const volatile __u32 size = 20;
`

const formProgram = `
SEC("xdp")
int count(struct xdp_md *ctx)
{
	__u32 zero = 0, len = size;
	__u64 y = 0, more = len;
	struct value *v = bpf_map_lookup_elem(&vals, &zero);
	if (!v)
		return XDP_PASS;
BODY
	return (__u32)y;
}
char _license[] SEC("license") = "GPL";
`

const (
	no4   = "on 4 bytes, clang has this atomic with -mcpu=v3 only"
	noOld = "before Linux 5.12 the only atomic is an addition that gives no result"
)

var forms = []form{
	{name: "post-increment", body: "v->n++;", want: []string{"\t__sync_fetch_and_add(&v->n, 1);"}},
	{name: "pre-increment", body: "++v->n;", want: []string{"\t__sync_fetch_and_add(&v->n, 1);"}},
	{name: "post-decrement", body: "v->n--;", want: []string{"__sync_fetch_and_add(&v->n, -1);"}},
	{name: "pre-decrement", body: "--v->n;", want: []string{"__sync_fetch_and_add(&v->n, -1);"}},
	{name: "add", body: "v->n += len;", want: []string{"__sync_fetch_and_add(&v->n, len);"}},
	{name: "add a choice", body: "v->n += len > 3 ? 1 : 2;", want: []string{"__sync_fetch_and_add(&v->n, len > 3 ? 1 : 2);"}},
	{name: "subtract a narrow unsigned value", body: "v->n -= len;", want: []string{"__sync_fetch_and_sub(&v->n, len);"}},
	{name: "subtract on 4 bytes", body: "v->w -= len;", want: []string{"__sync_fetch_and_add(&v->w, -len);"}},
	{name: "subtract a sum on 4 bytes", body: "v->w -= len + 1;", want: []string{"__sync_fetch_and_add(&v->w, -(len + 1));"}},
	{name: "or", body: "v->n |= 4;", want: []string{"__sync_fetch_and_or(&v->n, 4);"}},
	{name: "and not", body: "v->n &= ~4ULL;", want: []string{"__sync_fetch_and_and(&v->n, ~4ULL);"}},
	{name: "xor", body: "v->n ^= len;", want: []string{"__sync_fetch_and_xor(&v->n, len);"}},
	{name: "spelled out", body: "v->n = v->n + len;", want: []string{"__sync_fetch_and_add(&v->n, len);"}},
	{name: "spelled out the other way", body: "v->n = len + v->n;", want: []string{"__sync_fetch_and_add(&v->n, len);"}},
	{name: "spelled out in parentheses", body: "v->n = (len * 2 + (v->n));", want: []string{"__sync_fetch_and_add(&v->n, len * 2);"}},
	{name: "spelled out subtraction", body: "v->n = v->n - more;", want: []string{"__sync_fetch_and_sub(&v->n, more);"}},
	{name: "subtracted from", body: "v->n = more - v->n;", why: "the change is not one expression like x++"},
	{name: "spelled out or", body: "v->n = 8 | v->n;", want: []string{"__sync_fetch_and_or(&v->n, 8);"}},
	{name: "spelled out with more", body: "v->n = v->n + len + 1;", why: "the change is not one expression like x++"},
	{name: "global", body: "total++;", want: []string{"__sync_fetch_and_add(&total, 1);"}},
	{name: "array element", body: "v->arr[len & 3]++;", want: []string{"__sync_fetch_and_add(&v->arr[len & 3], 1);"}},
	{name: "index with an effect", body: "len &= 1; v->arr[len++] += 2; y = len;", want: []string{"__sync_fetch_and_add(&v->arr[len++], 2);"}},
	{name: "through a pointer", body: "__u64 *q = &v->n; (*q)++;", want: []string{"__sync_fetch_and_add(q, 1);"}},
	{name: "through a pointer that moves", body: "__u64 *q = v->arr; *q++ += 3; *q += 1;", want: []string{"__sync_fetch_and_add(q++, 3);", "__sync_fetch_and_add(q, 1);"}},
	{name: "through a cast", body: "*(volatile __u64 *)&v->n += 2;", want: []string{"__sync_fetch_and_add((volatile __u64 *)&v->n, 2);"}},
	{name: "a half through a cast", body: "*(__u32 *)&v->n += 2;", want: []string{"__sync_fetch_and_add((__u32 *)&v->n, 2);"}},
	{name: "signed", body: "v->s -= (int)len;", want: []string{"__sync_fetch_and_sub(&v->s, (int)len);"}},

	// The value is used.
	{name: "old value", body: "y = v->n++;", want: []string{"y = __sync_fetch_and_add(&v->n, 1);"}},
	{name: "new value", body: "y = ++v->n;", want: []string{"y = __sync_add_and_fetch(&v->n, 1);"}},
	{name: "old value of a decrement", body: "y = v->n--;", want: []string{"y = __sync_fetch_and_add(&v->n, -1);"}},
	{name: "new value of a sum", body: "y = v->n += len;", want: []string{"y = __sync_add_and_fetch(&v->n, len);"}},
	{name: "new value of a difference", body: "y = (v->n -= len);", want: []string{"y = (__sync_sub_and_fetch(&v->n, len));"}},
	{name: "new value of an or", body: "y = v->n |= 2;", want: []string{"y = __sync_or_and_fetch(&v->n, 2);"}},
	{name: "new value of an and", body: "y = v->n &= more;", want: []string{"y = __sync_and_and_fetch(&v->n, more);"}},
	{name: "new value of a spelled out sum", body: "y = v->n = v->n + 1;", want: []string{"y = __sync_add_and_fetch(&v->n, 1);"}},
	{name: "returned", body: "if (len > 9)\n\t\treturn ++v->n;", want: []string{"return __sync_add_and_fetch(&v->n, 1);"}},
	{name: "returned without a space", body: "if (len > 9)\n\t\treturn++v->n;", want: []string{"return __sync_add_and_fetch(&v->n, 1);"}},
	{name: "as an index", body: "y = v->arr[v->n++ & 3];", want: []string{"v->arr[__sync_fetch_and_add(&v->n, 1) & 3];"}},
	{name: "as an argument", body: `bpf_printk("%d", v->n++);`, want: []string{`bpf_printk("%d", __sync_fetch_and_add(&v->n, 1));`}},
	{name: "in a condition", body: "if (v->n++ > 100)\n\t\ty = 1;", want: []string{"if (__sync_fetch_and_add(&v->n, 1) > 100)"}},
	{name: "in a negated condition", body: "if (!--v->n)\n\t\ty = 1;", want: []string{"if (!__sync_add_and_fetch(&v->n, -1))"}},
	{name: "in a loop's head", body: "for (int i = 0; i < 3; i++, v->n++)\n\t\ty += i;", want: []string{"i++, __sync_fetch_and_add(&v->n, 1))"}},
	{name: "behind a comma", body: "y = 2, v->n++;", want: []string{"y = 2, __sync_fetch_and_add(&v->n, 1);"}},
	{name: "a comma's value", body: "y = (len++, v->n++);", want: []string{"y = (len++, __sync_fetch_and_add(&v->n, 1));"}},
	{name: "one arm of a choice", body: "len > 4 ? v->n++ : v->arr[0]++;", want: []string{"len > 4 ? __sync_fetch_and_add(&v->n, 1) : __sync_fetch_and_add(&v->arr[0], 1);"}},
	{name: "behind a conjunction", body: "if (len > 4 && v->n++ > 3)\n\t\ty = 3;", want: []string{"if (len > 4 && __sync_fetch_and_add(&v->n, 1) > 3)"}},
	{name: "cast to void", body: "(void)v->w++;", want: []string{"(void)__sync_fetch_and_add(&v->w, 1);"}},
	{name: "value of 4 bytes", body: "y = v->w++;", why: no4},
	{name: "value of 4 bytes with v3", body: "y = v->w++;", flags: []string{"-mcpu=v3"}, want: []string{"y = __sync_fetch_and_add(&v->w, 1);"}},
	{name: "difference of 4 bytes with v3", body: "y = --v->w;", flags: []string{"-mcpu=v3"}, want: []string{"y = __sync_add_and_fetch(&v->w, -1);"}},
	{name: "or on 4 bytes", body: "v->w |= 2;", why: no4},
	{name: "or on 4 bytes with v3", body: "v->w |= 2;", flags: []string{"-mcpu=v3"}, want: []string{"__sync_fetch_and_or(&v->w, 2);"}},
	{name: "wide mask with v3", body: "v->w &= ~(1UL << 3);", flags: []string{"-mcpu=v3"}, want: []string{"__sync_fetch_and_and(&v->w, (unsigned int)(~(1UL << 3)));"}},
	{name: "wide mask that fits with v3", body: "v->w |= 1UL << 31;", flags: []string{"-mcpu=v3"}, want: []string{"__sync_fetch_and_or(&v->w, 1UL << 31);"}},
	{name: "wide mask of a signed value with v3", body: "v->i |= 1UL << 31;", flags: []string{"-mcpu=v3"}, want: []string{"__sync_fetch_and_or(&v->i, (int)(1UL << 31));"}},
	{name: "subtract a size on 4 bytes", body: "v->w -= sizeof(*v);", want: []string{"__sync_fetch_and_add(&v->w, -(unsigned int)(sizeof(*v)));"}},
	{name: "subtract a wide number on 4 bytes", body: "v->w -= 1ULL; v->i -= 2L; v->w -= 4294967295;", want: []string{"&v->w, -(unsigned int)1ULL);", "&v->i, -2L);", "&v->w, -(unsigned int)4294967295);"}},
	{name: "add a wide number on 4 bytes", body: "v->w += 0x100000001ULL; v->i += 3000000000; v->w += -1L;", want: []string{"&v->w, (unsigned int)0x100000001ULL);", "&v->i, (int)3000000000);", "&v->w, -1L);"}},
	{name: "add a wide macro on 4 bytes", decls: "#define WIDE 1L + 3000000000L\n", body: "v->i -= WIDE;", want: []string{"&v->i, -(int)(WIDE));"}},
	{name: "enumeration", body: "v->e += 1;", want: []string{"__sync_fetch_and_add(&v->e, 1);"}},

	// Old kernels.
	{name: "5.11: add", body: "v->n += 2;", since: "5.11", want: []string{"__sync_fetch_and_add(&v->n, 2);"}},
	{name: "5.11: value", body: "y = v->n++;", since: "5.11", why: noOld},
	{name: "5.11: or", body: "v->n |= 2;", since: "5.11", why: noOld},
	{name: "5.11: and", body: "v->n &= 2;", since: "5.11", why: noOld},
	{name: "5.11: subtract", body: "v->n -= len;", since: "5.11", want: []string{"__sync_fetch_and_sub(&v->n, len);"}},
	{name: "5.12: value", body: "y = v->n++;", since: "5.12", want: []string{"y = __sync_fetch_and_add(&v->n, 1);"}},
	{name: "5.12: xor", body: "v->n ^= 2;", since: "5.12", want: []string{"__sync_fetch_and_xor(&v->n, 2);"}},

	// No atomic.
	{name: "multiply", body: "v->n *= 2;", why: "BPF has no atomic that does *="},
	{name: "divide", body: "v->n /= 2;", why: "BPF has no atomic that does /="},
	{name: "remainder", body: "v->n %= 3;", why: "BPF has no atomic that does %="},
	{name: "shift left", body: "v->n <<= 1;", why: "BPF has no atomic that does <<="},
	{name: "shift right", body: "v->s >>= 1;", why: "BPF has no atomic that does >>="},
	{name: "two bytes", body: "v->h++;", why: "BPF has no atomics on 2 byte(s)"},
	{name: "one byte", body: "v->b |= 1;", why: "BPF has no atomics on 1 byte(s)"},
	{name: "bit-field", body: "v->five++;", why: "atomics do not work on bit-fields"},
	{name: "boolean", body: "v->flag ^= 1;", why: "atomics do not work on _Bool"},
	{name: "pointer", body: "v->p += 4;", why: "atomics do not scale what is added to a pointer"},
	{name: "maximum", body: "if (len > v->n)\n\t\tv->n = len;", why: "what to do when another CPU was first is not in the code"},
	{name: "packed", decls: "struct odd { __u8 a; __u64 n; } __attribute__((packed));\nstruct odd odd;\n", body: "odd.n++;",
		why: "the address of a member of a packed struct"},
	{name: "packed but aligned", decls: "struct even { __u64 n; __u8 a; } __attribute__((packed, aligned(8)));\nstruct even even;\n", body: "even.n++;",
		want: []string{"__sync_fetch_and_add(&even.n, 1);"}},
	{name: "also stored to", body: "v->n++;\n\tif (len == 7)\n\t\tv->n = 0;", why: "the plain store in line"},

	// Macros.
	{name: "macro of the whole", decls: "#define BUMP(x) ((x)++)\n", body: "BUMP(v->n);", why: "macro BUMP writes a part of it"},
	{name: "macro of the operation", decls: "#define SET(f, x) do { (x) |= (f); } while (0)\n", body: "SET(1, v->n);", why: "macro SET writes a part of it", help: "use __sync_fetch_and_or(&v->n, 1), or "},
	{name: "macro of the operator", decls: "#define PLUSPLUS ++\n", body: "v->n PLUSPLUS;", want: []string{"\t__sync_fetch_and_add(&v->n, 1);"}},
	{name: "macro of the statement", decls: "#define COUNT() do { v->n++; } while (0)\n", body: "COUNT();", why: "macro COUNT writes a part of it"},
	{name: "macro operand", decls: "#define STEP (1 + 2)\n", body: "v->n += STEP;", want: []string{"__sync_fetch_and_add(&v->n, STEP);"}},
	{name: "macro call operand", decls: "#define TIMES(x, n) ((x) * (n))\n", body: "v->n += TIMES(len, 3) + 1;", want: []string{"__sync_fetch_and_add(&v->n, TIMES(len, 3) + 1);"}},
	{name: "macro operand without parentheses", decls: "#define STEP 1 + 2\n", body: "v->w -= STEP;", want: []string{"__sync_fetch_and_add(&v->w, -(STEP));"}},
	{name: "macro operand of two expressions", decls: "#define STEP 1, 2\n", body: "v->n += STEP;", flags: []string{"-Wno-unused"}, why: "macro STEP writes a part of it"},
	{name: "macro target without parentheses", decls: "#define FIRST *q\n", body: "__u64 *q = v->arr;\n\tFIRST += 2;", want: []string{"__sync_fetch_and_add(&FIRST, 2);"}},
	{name: "doubled", body: "v->n += v->n;", why: "what it adds is computed from the place itself"},
	{name: "moving average", body: "v->s += ((int)len - v->s) >> 3;", why: "what it adds is computed from the place itself"},
	{name: "another element of the array", body: "v->arr[0] += v->arr[1];", want: []string{"__sync_fetch_and_add(&v->arr[0], v->arr[1]);"}},
	{name: "macro target", decls: "#define FIELD v->n\n", body: "FIELD++;", want: []string{"__sync_fetch_and_add(&FIELD, 1);"}},
	{name: "macro argument", decls: "#define TWICE(s) do { s; s; } while (0)\n", body: "TWICE(v->n += 2);", want: []string{"TWICE(__sync_fetch_and_add(&v->n, 2));"}},
	{name: "macro argument in parts", decls: "#define ADD(x, n) x += n\n", body: "ADD(v->n, 2);", why: "macro ADD writes a part of it"},
	{name: "macro with swapped arguments", decls: "#define PUT(a, b) b a\n", body: "PUT(+= 1, v->n);", why: "a macro writes a part of it"},
	{name: "macro of nothing", decls: "#define __nothing\n", body: "v->n __nothing += 2;", why: "macros, directives or code that is compiled out stand in its midst"},
	{name: "unlikely", decls: "#define unlikely(x) __builtin_expect(!!(x), 0)\n", body: "if (unlikely(v->n++ > 5))\n\t\ty = 1;",
		want: []string{"if (unlikely(__sync_fetch_and_add(&v->n, 1) > 5))"}},
	{name: "conditional code", body: "v->n +=\n#ifdef BIG\n\t\t100\n#else\n\t\t1\n#endif\n\t\t;", why: "macros, directives or code that is compiled out"},
	{name: "defined on the command line", body: "#ifdef BIG\n\tv->n += 100;\n#else\n\tv->n |= 1;\n#endif", flags: []string{"-DBIG"},
		want: []string{"__sync_fetch_and_add(&v->n, 100);", "v->n |= 1;"}},

	// Text.
	{name: "over several lines", body: "v->n +=\n\t\tlen\n\t\t+ 1;", want: []string{"__sync_fetch_and_add(&v->n, len\n\t\t+ 1);"}},
	{name: "comment beside", body: "v->n++; /* hits */ // more", want: []string{"__sync_fetch_and_add(&v->n, 1); /* hits */ // more"}},
	{name: "comment within", body: "v->n /* hits */ += len;", why: "a comment in it would be lost"},
	{name: "comment in the operand", body: "v->n += len + /* one */ 1;", want: []string{"__sync_fetch_and_add(&v->n, len + /* one */ 1);"}},
	{name: "line comment in the operand", body: "v->n += len + // one\n\t\t1;", want: []string{"__sync_fetch_and_add(&v->n, len + // one\n\t\t1);"}},
	{name: "comments in both places", body: "v->n /* a */ += len + /* b */ 1;", why: "a comment in it would be lost"},
	{name: "two on a line", body: "v->n++; v->arr[0]++;", want: []string{"__sync_fetch_and_add(&v->n, 1); __sync_fetch_and_add(&v->arr[0], 1);"}},
	{name: "one in another", body: "v->arr[v->n++ & 3] += 2;", want: []string{"__sync_fetch_and_add(&v->arr[__sync_fetch_and_add(&v->n, 1) & 3], 2);"}},
	{name: "UTF-8 before it", body: "/* größer – 😀 */ v->n++; /* ä */ v->arr[1]++;", want: []string{"/* größer – 😀 */ __sync_fetch_and_add(&v->n, 1); /* ä */ __sync_fetch_and_add(&v->arr[1], 1);"}},
	{name: "CRLF", body: "v->n++;\n\tv->n +=\n\t\tlen;", lines: "\r\n", want: []string{"\t__sync_fetch_and_add(&v->n, 1);\r\n", "__sync_fetch_and_add(&v->n, len);\r\n"}},
	{name: "line splice", body: "v->n += \\\n\t\tlen;", want: []string{"__sync_fetch_and_add(&v->n, len);"}},
	{name: "no braces", body: "if (len)\n\t\tv->n++;\n\telse\n\t\tv->arr[0]--;", want: []string{"__sync_fetch_and_add(&v->n, 1);", "__sync_fetch_and_add(&v->arr[0], -1);"}},
	{name: "label", body: "if (len)\n\t\tgoto out;\n\ty = 1;\nout:	v->n++;", want: []string{"out:	__sync_fetch_and_add(&v->n, 1);"}},
	{name: "twice with effects", decls: "static __always_inline int next(void) { return 1; }\n", body: "v->arr[next()] = v->arr[next()] + 1;",
		why: "the change is not one expression like x++"},
	{name: "statement expression", body: "y = ({ v->n++; 3; });", want: []string{"({ __sync_fetch_and_add(&v->n, 1); 3; })"}},
	{name: "in a typeof-less initialiser", body: "__u64 was = v->n++; y = was;", want: []string{"__u64 was = __sync_fetch_and_add(&v->n, 1);"}},
	{name: "in a switch", body: "switch (v->n++ & 1) {\n\tcase 1:\n\t\ty = 2;\n\t}", want: []string{"switch (__sync_fetch_and_add(&v->n, 1) & 1) {"}},
	{name: "do while", body: "int k = 0;\n\tdo\n\t\tv->n++;\n\twhile (++k < 3);", want: []string{"do\n\t\t__sync_fetch_and_add(&v->n, 1);\n\twhile"}},
}

// text is the whole file.
func (tt *form) text() string {
	text := formHead + tt.decls + strings.Replace(formProgram, "BODY", "\t"+tt.body, 1)
	if tt.lines != "" {
		text = strings.ReplaceAll(text, "\n", tt.lines)
	}
	return text
}

func TestAtomicForms(t *testing.T) {
	cc := clang(t)
	include := filepath.Join(repository(t), "testdata", "include")
	for _, tt := range forms {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := &project{dir: t.TempDir(), inputs: []string{"a.bpf.c"}}
			p.opts.IncludeDirs = []string{include}
			p.opts.ExtraFlags = tt.flags
			if tt.since != "" {
				var err error
				if p.opts.Kernel, err = kernel.ParseVersion(tt.since); err != nil {
					t.Fatal(err)
				}
			}
			path := filepath.Join(p.dir, "a.bpf.c")
			write(t, path, tt.text())
			flags, ok := strictest(cc, path, append([]string{"-I" + include}, tt.flags...)...)
			if !ok {
				t.Fatalf("the case does not compile: %v", compile(cc, path, append([]string{"-I" + include}, tt.flags...)...))
			}
			lost := 0
			for _, f := range p.check(t) {
				if f.Rule != "BLC101" {
					t.Errorf("unexpected: %s %s", f.Rule, f.Message)
				}
				lost++
				if !strings.HasPrefix(f.Help, tt.help) {
					t.Errorf("help %q, want it to start with %q", f.Help, tt.help)
				}
				if tt.why != "" && f.Fix == nil && strings.Contains(f.Help, "; no automatic fix: "+tt.why) {
					return
				}
				if tt.why != "" {
					t.Errorf("fix %+v, help %q; want none because %q", f.Fix, f.Help, tt.why)
				}
			}
			if lost == 0 {
				t.Fatal("no lost update is found")
			}
			applied := p.fix(t, false)
			got := read(t, path)
			for _, w := range tt.want {
				if !strings.Contains(got, w) {
					t.Errorf("the result lacks %q:\n%s", w, program(got))
				}
			}
			if len(applied) == 0 {
				t.Error("nothing was applied")
			}
			if err := compile(cc, path, flags...); err != nil {
				t.Errorf("%v\n%s", err, program(got))
			}
			if left := p.check(t); len(left) > 0 && tt.why == "" {
				t.Errorf("left: %v", summaries(left))
			}
		})
	}
}

// program cuts what all cases have in common off.
func program(text string) string {
	if i := strings.Index(text, "int count("); i >= 0 {
		return text[i:]
	}
	return text
}

func summaries(fs []diag.Finding) (out []string) {
	for _, f := range fs {
		out = append(out, f.Span.String()+" "+f.Rule+" "+f.Message)
	}
	return out
}
