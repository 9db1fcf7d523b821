package unit

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"modernc.org/cc/v4"
)

// files are written below a new folder, whose path is returned.
func files(t testing.TB, m map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range m {
		p := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// loadText loads one file whose text is given.
func loadText(t testing.TB, text string) (*Unit, error) {
	t.Helper()
	root := files(t, map[string]string{"a.bpf.c": text})
	return Load(context.Background(), filepath.Join(root, "a.bpf.c"), Config{Root: root})
}

func mustLoad(t testing.TB, text string) *Unit {
	t.Helper()
	u, err := loadText(t, text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// functions lists the functions with a body, by name.
func functions(u *Unit) map[string]*cc.FunctionDefinition {
	m := map[string]*cc.FunctionDefinition{}
	for tu := u.AST.TranslationUnit; tu != nil; tu = tu.TranslationUnit {
		if ed := tu.ExternalDeclaration; ed.Case == cc.ExternalDeclarationFuncDef {
			m[ed.FunctionDefinition.Declarator.Name()] = ed.FunctionDefinition
		}
	}
	return m
}

// typeOf gives the type of the file-scope declarator name.
func typeOf(t testing.TB, u *Unit, name string) string {
	t.Helper()
	for _, n := range u.AST.Scope.Nodes[name] {
		if d, ok := n.(*cc.Declarator); ok {
			return d.Type().String()
		}
	}
	t.Fatalf("%s is not declared", name)
	return ""
}

// paramTypes lists the types of a function's parameters.
func paramTypes(t testing.TB, u *Unit, name string) (types []string) {
	t.Helper()
	f := functions(u)[name]
	if f == nil {
		t.Fatalf("no function %s; skipped: %v", name, u.Skipped)
	}
	for _, p := range f.Declarator.Type().(*cc.FunctionType).Parameters() {
		types = append(types, p.Type().String())
	}
	return types
}

func TestTypesThroughMacros(t *testing.T) {
	u := mustLoad(t, `
#define SEC(n) __attribute__((section(n), used))
#define CAT(a, b) a ## b
#define PROG(name, args...) int name(unsigned long *ctx); \
static inline int CAT(____, name)(unsigned long *ctx, ##args); \
int name(unsigned long *ctx) { return CAT(____, name)(ctx, (void *)ctx[0], ctx[1]); } \
static inline int CAT(____, name)(unsigned long *ctx, ##args)
#define VAR(name, ...) int name(int first, ##__VA_ARGS__)
#define OPT(name, ...) int name(int first __VA_OPT__(,) __VA_ARGS__)
#define __typed(x) __typeof__(x)

struct task { int pid; };
SEC("fentry/x") PROG(on_x, struct task *t, unsigned int n) { return t->pid + n; }
VAR(none) { return first; }
VAR(some, char *p, long q) { return first; }
OPT(optional) { return first; }
OPT(given, short s) { return first; }
const int limit = 5;
__typeof_unqual__(limit) copy;
typeof(&limit) where;
`)
	if len(u.Skipped) > 0 {
		t.Fatal(u.Skipped)
	}
	for name, want := range map[string]string{
		"____on_x": "[pointer to unsigned long pointer to struct task unsigned]",
		"on_x":     "[pointer to unsigned long]",
		"none":     "[int]",
		"some":     "[int pointer to char long]",
		"optional": "[int]",
		"given":    "[int short]",
	} {
		got := fmt.Sprint(paramTypes(t, u, name))
		got = strings.ReplaceAll(got, "struct task {pid int}", "struct task")
		if got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	if got := typeOf(t, u, "where"); got != "pointer to const int" {
		t.Errorf("where: %s", got)
	}
}

// What cc does not parse by itself.
func TestRepairs(t *testing.T) {
	for name, text := range map[string]string{
		"typeof of a function type":  `struct { typeof(void (int)) *values[]; } m; int f(void) { m.values[0](1); return 0; }`,
		"typeof of a qualified type": `struct { typeof(const char *) *a; typeof(const volatile unsigned long) *b; typeof(const struct s { int x; }) *c; typeof(const typeof(int) *) d; } m; int f(void) { return m.a[0][0] + *m.b + m.c->x + *m.d; }`,
		"empty attribute":            `int f(void) __attribute__((, always_inline, , noinline, used, , cold)); int f(void) { return 0; }`,
		"attribute before a body":    `static int f(int x) __attribute__((noinline)) __attribute__((btf_decl_tag("a"))) { return x; }`,
		"local labels": `int f(int x) {
	({ __label__ out; if (x) goto out; x++; out: ; });
	({ __label__ out; if (x) goto out; x--; out: ; });
	{ __label__ out, two; goto two; out: ; two: ; }
	goto out;
out:	return x; }`,
		"statement expression":        `int f(int x) { return ({ int y = x; y + 1; }); }`,
		"auto type":                   `int f(int x) { __auto_type y = x; return y; }`,
		"empty assembly":              `int f(int x) { asm volatile("" ::: "memory"); asm volatile("" : "+r"(x)); if (x) asm volatile("" : : "r"(x)); else x = 1; return x; }`,
		"tied assembly":               `int f(int x) { int y; asm("" : "=r"(y) : "0"(x)); return y; }`,
		"arithmetic assembly":         `int f(int x) { asm volatile("%[x] &= 7" : [x] "+r"(x)); return x; }`,
		"clamping assembly":           `int f(int x) { asm volatile("if %0 <= %[m] goto +1\n%0 = %[m]\n" : "+r"(x) : [m] "i"(5)); return x; }`,
		"comparison in assembly":      `int f(int x) { asm volatile goto("if %[a] s< %[b] goto %l[yes]" :: [a] "r"(x), [b] "i"(5) :: yes); return 0; yes: return 1; }`,
		"may_goto":                    `int f(void) { for (;;) { asm volatile goto("may_goto %l[out]" :::: out); } out: return 0; }`,
		"elvis with a constant":       `int f(int x) { int a[2 ?: 1]; a[0] = x; return 0 ?: a[0]; }`,
		"elvis":                       `int f(int *x) { return x[1] ?: 'c'; }`,
		"static assertion":            `_Static_assert(1); int f(void) { _Static_assert(sizeof(int) == 4, "x"); return 0; } struct s { int a; _Static_assert(1, ""); } v;`,
		"enum with a type":            `enum e : unsigned char { A, B }; int f(enum e x) { return x == B; }`,
		"packed enum":                 `enum __attribute__((__packed__)) e { A, B }; struct s { enum e x; } v; int f(void) { return v.x == B; }`,
		"enum packed behind":          `typedef enum { A, B } __attribute__((packed)) e; enum __attribute__((packed)) g; int f(e x) { return x == B; }`,
		"load in assembly":            `struct c { int a, data; }; int f(struct c *ctx) { void *p; asm volatile("%[p] = *(u32 *)(%[c] + %[o])" : [p] "=r"(p) : [c] "r"(ctx), [o] "i"(__builtin_offsetof(struct c, data)), "m"(*ctx)); return p != 0; }`,
		"offsets in assembly":         `struct c { int a, ip6[4]; }; void g(struct c *ctx, int *res) { asm("%[r0] = *(u32 *)(%[b] + %[o] + 0)\n%[r1] = *(u32 *)(%[b] + %[o] + 4)\n" : [r0] "=r"(res[0]), [r1] "=r"(res[1]) : [b] "r"(ctx), [o] "i"(__builtin_offsetof(struct c, ip6)), "m"(*ctx)); } int f(void) { unsigned long fp; asm volatile("%[fp] = r10" : [fp] "+r"(fp) :); return fp != 0; }`,
		"jumps in assembly":           `int f(unsigned long *ctx, long off) { void *p; int ret; asm volatile("r1 = *(u32 *)(%[ctx] +0)\n\tr2 = *(u32 *)(%[ctx] +4)\n\t%[off] &= 7\n\tr1 += %[off]\n\t%[p] = r1\n\tif r1 > r2 goto +2\n\t%[ret] = 0\n\tgoto +1\n\t%[ret] = %[e]\n\t" : [ret]"=r"(ret), [p]"=r"(p) : [ctx]"r"(ctx), [off]"r"(off), [e]"i"(-22) : "r1", "r2"); return ret; }`,
		"store in assembly":           `int f(int *p) { asm volatile("*(u32 *)(%0 + 4) = %1; lock *(u32 *)(%0 + 0) += %w1" : : "r"(p), "r"(5) : "memory"); return 0; }`,
		"struct bpf_map_def":          `struct bpf_map_def __attribute__((section("maps"), used)) m = { .type = 2, .key_size = 4, .value_size = 8, .max_entries = 1, .map_flags = 0 }; int f(void) { return m.type; }`,
		"attributes of C23":           `[[gnu::noinline]] static int g([[maybe_unused]] int x, int y [[clang::btf_decl_tag("a]]b")]]) { return y; } struct [[gnu::packed]] s { char c; int i; }; int f(int x) { struct s a[1]; switch (x) { case 1: x++; [[fallthrough]]; case 2: return a[0].i; } return g(x, 1); }`,
		"constants of a newer header": `enum { BPF_FIB_LOOKUP_DIRECT = (1U << 0), BPF_FIB_LOOKUP_OUTPUT = (1U << 1) }; enum bpf_map_type { BPF_MAP_TYPE_HASH = 1 }; enum bpf_map_type v; int f(void) { v = BPF_MAP_TYPE_ARENA; return BPF_FIB_LOOKUP_OUTPUT | BPF_FIB_LOOKUP_MARK | BPF_MAP_TYPE_HASH; }`,
		"libbpf's macros of macros": `#include <bpf/bpf_core_read.h>
struct a { struct a *next; int x; }; int foo(void); int f(struct a *p) { ___type(p, next, x) r; r = ___arrow(p, next, x); ___type(r) r2 = r; return r2 + ___concat(fo, o)() + ___narg(1, 2); }`,
		"binary constant":         `int f(void) { return 0b101; }`,
		"case ranges":             `int f(int x) { switch (x) { case 1 ... 5: return 1; case __builtin_bswap16(0x0800): return 2; } return 0; }`,
		"attribute of enumerator": `enum { LINE = 64 }; struct s { int a __attribute__((aligned(LINE))); } __attribute__((aligned(LINE))) v; int f(void) { return v.a; }`,
		"volatile pointer result": `const volatile int *g(void); int f(void) { return *g(); }`,
		"atomics keep the type":   `struct s { int x; } *p; int f(void) { return __sync_val_compare_and_swap(&p, (struct s *)0, p)->x + (int)__atomic_load_n(&p->x, __ATOMIC_RELAXED); }`,
		"offsetof":                `struct s { int a, b; }; int f(int x) { char c[__builtin_offsetof(struct s, b)]; switch (x) { case sizeof(c): return 1; } return 0; }`,
		"choose_expr":             `int f(int x) { return __builtin_choose_expr(__builtin_types_compatible_p(int, __typeof__(x)), 1, 2); }`,
		"nested functions' names": `int f(void) { return __func__[0]; }`,
		"designators":             `struct s { int a; int b[4]; }; struct s v = { .b = { [1 ... 2] = 3 }, .a = 1 }; int f(void) { return v.a; }`,
		"register variable":       `int f(void) { register long r asm("r1") = 1; return r; }`,
		"symbol name":             `extern int g(void) asm("g_1"); int f(void) { return g(); }`,
		"int128":                  `unsigned __int128 f128(unsigned __int128 x) { return x; } int f(void) { return 0; }`,
		"_Pragma": `#define P _Pragma("clang diagnostic push")
P int f(void) { P return 0; }`,
		"line splices": "int f\\\n(voi\\\nd) { return 1 /* a \\\n */; }",
	} {
		t.Run(name, func(t *testing.T) {
			u, err := loadText(t, text)
			if err != nil {
				t.Fatal(err)
			}
			if len(u.Skipped) > 0 || functions(u)["f"] == nil {
				t.Errorf("skipped: %v", u.Skipped)
			}
		})
	}
}

// Headers that cannot do without a machine are read for the target's.
func TestAsksForMachine(t *testing.T) {
	const text = `#if defined(__x86_64__)
#define MACHINE 1
#elif defined(__aarch64__)
#define MACHINE 2
#else
#error "Unsupported architecture"
#endif
int a[MACHINE];
`
	for name, c := range map[string]struct {
		text  string
		want  string
		notes int
	}{
		"none named":  {text, "array of 1 int", 1},
		"arm64":       {"#define __TARGET_ARCH_arm64 1\n" + text, "array of 1 int", 1}, // too late: the command line says it
		"told":        {"#define __aarch64__ 1\n" + text, "array of 2 int", 0},
		"other error": {"#define __aarch64__ 1\n#error no such thing\n" + text, "array of 2 int", 0},
	} {
		t.Run(name, func(t *testing.T) {
			u := mustLoad(t, c.text)
			if got := typeOf(t, u, "a"); got != c.want || len(u.Notes) != c.notes {
				t.Errorf("a is %q, want %q; notes: %q", got, c.want, u.Notes)
			}
		})
	}
	root := files(t, map[string]string{"a.bpf.c": text})
	u, err := Load(context.Background(), filepath.Join(root, "a.bpf.c"), Config{Root: root, Defines: []string{"__TARGET_ARCH_arm64"}})
	if err != nil || typeOf(t, u, "a") != "array of 2 int" {
		t.Errorf("for arm64: %v, %q", err, typeOf(t, u, "a"))
	}
}

// cc reports what it does not expect on the process's standard error.
func TestSilence(t *testing.T) {
	stderr := os.Stderr
	t.Cleanup(func() { os.Stderr = stderr })
	f, err := os.Create(filepath.Join(t.TempDir(), "stderr"))
	if err != nil {
		t.Fatal(err)
	}
	os.Stderr = f
	u := mustLoad(t, `typedef unsigned short u16; typedef u16 __sum16; typedef struct { int c; } T;
struct s { union { struct { int a; }; u16; unsigned; }; int; const long; __sum16 __attribute__((unused)); struct { __sum16; __sum16 mtu; } frag; T; int b; } v;
int f(void) { return v.a + v.b + v.frag.mtu; }`)
	os.Stderr = stderr
	text, err := os.ReadFile(f.Name())
	if err != nil || len(text) > 0 || len(u.Skipped) > 0 {
		t.Errorf("on standard error: %q, %v; skipped: %v", text, err, u.Skipped)
	}
}

func TestOneBadDeclaration(t *testing.T) {
	for _, tt := range []struct {
		name, bad string
		line      int
		function  string
		reason    string
	}{
		{"syntax error in a function", "static int bad(int x)\n{\n\treturn x +;\n}\n", 5, "bad", "unexpected"},
		{"unknown type", "static int bad(nosuch_t x)\n{\n\treturn x;\n}\n", 3, "bad", "unexpected"},
		{"undeclared variable", "static int bad(void)\n{\n\treturn nosuch;\n}\n", 5, "bad", "undefined: nosuch"},
		{"no such member", "static int bad(struct s *p)\n{\n\treturn p->nosuch;\n}\n", 5, "bad", "no member named nosuch"},
		{"half-typed member access", "static int bad(struct s *p)\n{\n\tp->\n}\n", 6, "bad", "unexpected"},
		{"open parenthesis", "static int bad(struct s *p)\n{\n\treturn (p->a;\n}\n", 5, "bad", "'(' is not closed"},
		{"open brace", "static int bad(struct s *p)\n{\n\tif (p->a) {\n\treturn 1;\n}\n", 0, "bad", ""},
		{"open macro call", "#define CALL(x) x\nstatic int bad(struct s *p)\n{\n\treturn CALL(p->a;\n}\n", 6, "bad", "'(' is not closed"},
		{"inline assembly", "static int bad(struct s *p)\n{\n\tasm volatile(\"r0 = *(u64 *)(r1 + 0)\" ::: \"r0\");\n\treturn 0;\n}\n", 5, "bad", "inline assembly"},
		{"naked function", "__attribute__((naked)) int bad(void)\n{\n\tasm volatile(\"exit\");\n}\n", 3, "bad", "naked"},
		{"variable", "int bad = ;\n", 3, "", "unexpected"},
		{"struct", "struct bad { int a int b; };\n", 3, "", "unexpected"},
		{"garbage", "@#$ what is this;\n", 3, "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			u, err := loadText(t, "struct s { int a; };\nint before(struct s *p) { return p->a; }\n"+tt.bad+"int after(struct s *p)\n{\n\treturn p->a + 1;\n}\n")
			if err != nil {
				t.Fatal(err)
			}
			fs := functions(u)
			if fs["before"] == nil || fs["after"] == nil {
				t.Errorf("other functions were lost: %v", u.Skipped)
			}
			if fs["bad"] != nil {
				t.Error("the bad one was not left out")
			}
			if len(u.Skipped) == 0 {
				t.Fatal("nothing is said to be skipped")
			}
			found := false
			for _, s := range u.Skipped {
				if s.Function == tt.function && strings.Contains(s.Reason, tt.reason) && (tt.line == 0 || s.Span.Line == tt.line) {
					found = true
				}
				if strings.Contains(s.Reason, ".go:") {
					t.Errorf("%v", s)
				}
			}
			if !found {
				t.Errorf("%v", u.Skipped)
			}
		})
	}
}

// Callers of a function that cannot be analysed are still analysed.
func TestPrototypeIsKept(t *testing.T) {
	u := mustLoad(t, `
struct s { int a; };
static struct s *find(int k) { asm volatile("r0 = *(u64 *)(r1 + 0)"); return 0; }
int use(int k) { return find(k)->a; }
`)
	if functions(u)["use"] == nil || len(u.Skipped) != 1 {
		t.Error(u.Skipped)
	}
}

// Functions of headers that nobody uses are no part of the unit.
func TestUnusedHeaderFunctions(t *testing.T) {
	root := files(t, map[string]string{
		"a.bpf.c": "#include \"h.h\"\nint f(void) { return used(1); }\n",
		"h.h":     "static inline int used(int x) { return x; }\nstatic inline int unused(int x) { asm volatile(\"exit\"); return nosuch; }\nstatic inline int broken(\n{ } }\n",
	})
	u, err := Load(context.Background(), filepath.Join(root, "a.bpf.c"), Config{})
	if err != nil {
		t.Fatal(err)
	}
	if fs := functions(u); len(u.Skipped) > 0 || fs["used"] == nil || fs["unused"] != nil {
		t.Error(u.Skipped, fs)
	}
}

func TestMissingHeader(t *testing.T) {
	u := mustLoad(t, "#include \"gone.h\"\nint f(void) { return 1; }\n")
	if functions(u)["f"] == nil || len(u.Skipped) != 1 {
		t.Fatal(u.Skipped)
	}
	if s := u.Skipped[0]; s.Span.Line != 1 || s.Span.Col != 10 || s.Reason != "header gone.h not found" {
		t.Errorf("%+v", s)
	}
}

// Kernel code names the headers of the user API by their folder in the kernel's
// tree, which no installed headers have.
func TestUserAPIHeader(t *testing.T) {
	u := mustLoad(t, "#include <uapi/linux/if_ether.h>\nint f(void) { return sizeof(struct ethhdr); }\n")
	if functions(u)["f"] == nil || len(u.Skipped) != 0 {
		t.Error(u.Skipped)
	}
	if want := "header uapi/linux/if_ether.h found as "; !slices.ContainsFunc(u.Notes, func(n string) bool { return strings.HasPrefix(n, want) }) {
		t.Errorf("notes %q have no %q", u.Notes, want)
	}
	own := files(t, map[string]string{
		"a.bpf.c":                  "#include <uapi/linux/own.h>\nint f(void) { return OWN; }\n",
		"include/uapi/linux/own.h": "#define OWN 1\n",
		"tools/linux/own.h":        "#error not this one\n",
	})
	u, err := Load(context.Background(), filepath.Join(own, "a.bpf.c"), Config{})
	if err != nil || len(u.Skipped) != 0 {
		t.Error(err, u)
	}
	u = mustLoad(t, "#include <uapi/linux/gone.h>\nint f(void) { return 1; }\n")
	if len(u.Skipped) != 1 || u.Skipped[0].Reason != "header uapi/linux/gone.h not found" {
		t.Error(u.Skipped)
	}
}

// However many declarations use a type before it is declared, as after a header
// that was not found, each is named and the rest is analysed.
func TestTypeUsedBeforeItsDeclaration(t *testing.T) {
	var b strings.Builder
	b.WriteString("#include \"gone.h\"\n")
	const n = 200
	for i := range n {
		fmt.Fprintf(&b, "static int f%d(char *p, late_t x) { late_t y = x; return p[0] == y; }\n", i)
	}
	b.WriteString("typedef int late_t;\nint good(late_t x) { return x; }\n")
	for i := range n {
		fmt.Fprintf(&b, "int g%d(void) { return f%d(0, 0); }\n", i, i)
	}
	u := mustLoad(t, b.String())
	if functions(u)["good"] == nil {
		t.Error("good is not analysed")
	}
	skipped := map[string]bool{}
	for _, s := range u.Skipped {
		skipped[s.Function] = true
	}
	for i := range n {
		if name := fmt.Sprint("f", i); !skipped[name] {
			t.Errorf("%s is not named", name)
		}
	}
}

// A member may have the name of a type; one that has none but what a macro makes
// an attribute is no member.
func TestMemberNamedAsType(t *testing.T) {
	u := mustLoad(t, `#define __unused __attribute__((unused))
typedef unsigned u32; typedef int s32;
struct s { u32 u32; const s32 s32; unsigned u8; u32 __unused; const u32 __unused; unsigned short __unused; };
int f(struct s *p) { p->u32 = p->s32; return p->u32 + p->u8; }
char size[sizeof(struct s) == 12 ? 1 : -1];
`)
	if functions(u)["f"] == nil || len(u.Skipped) != 0 {
		t.Error(u.Skipped)
	}
}

func TestBadInput(t *testing.T) {
	deep := strings.Repeat("(", 100_000)
	for _, tt := range []struct {
		name, text string
		want       string // in the error; "" when a part is analysed
		skip       string // in a skip's reason
	}{
		{name: "empty", text: "", want: ":1:1: the file is empty"},
		{name: "blank", text: " \n\n", want: ":1:1: the file is empty"},
		{name: "binary", text: "\x7fELF\x02\x01\x01\x00\x00", want: ":1:8: not a C source file"},
		{name: "prose", text: "Dear reader,\n\nthis is not C. It's prose (really).\n", want: ": not C"},
		{name: "only comments", text: "/* nothing */\n", want: ""},
		{name: "unterminated comment", text: "int f(void) { return 0; }\n/* and so on\nint g(void) { return 0; }\n", skip: "unterminated comment"},
		{name: "unterminated macro call", text: "#define M(x) x\nint f(void) { return 0; }\nint g(void) { return M(1; }\n", skip: "unterminated argument list"},
		{name: "unterminated conditional", text: "int f(void) { return 0; }\n#if 0\nint g(void) { return 0; }\n", skip: "unterminated conditional"},
		{name: "unterminated string", text: "int f(void) { return 0; }\nchar *s = \"abc;\n", skip: "declaration of s"},
		{name: "include loop", text: "#include \"a.bpf.c\"\nint f(void) { return 0; }\n", want: "nested too deeply"},
		{name: "macro bomb", text: bomb(), want: "too l"},
		{name: "self-feeding macro", text: "#define A A A A A A A A\n#define B A A A A A A A A\nint f(void) { return 0; }\nint g(void) { B; return 0; }\n", skip: "unexpected"},
		{name: "deep parentheses", text: "int f(void) { return 0; }\nint x = " + deep + "1;\n", skip: "nested deeper"},
		{name: "deep braces", text: "int f(void) { return 0; }\nint g(void) { " + strings.Repeat("{", 100_000) + "\n", skip: "nested deeper"},
		{name: "long unary chain", text: "int f(void) { return 0; }\nint g(int x) { return " + strings.Repeat("- ", 100_000) + "x; }\n", skip: "nested too deeply"},
		{name: "long pointer chain", text: "int f(void) { return 0; }\nint " + strings.Repeat("*", 100_000) + "p;\n", skip: "nested too deeply"},
		{name: "long sum", text: "int f(void) { return 0; }\nint g(int x) { return x" + strings.Repeat("+x", 400_000) + "; }\n", skip: "more than"},
		{name: "deep conditional expression", text: "#if " + deep + "1\n#endif\nint f(void) { return 0; }\n", skip: "nested too deeply"},
		{name: "error directive", text: "#error stop here\nint f(void) { return 0; }\n", skip: "#error stop here"},
		{name: "division by zero in #if", text: "#if 1 / 0\n#endif\nint f(void) { return 0; }\n", skip: "division by zero"},
		{name: "stray endif", text: "#endif\nint f(void) { return 0; }\n", skip: "#endif without #if"},
		{name: "invalid UTF-8", text: "int f(void) { return 0; }\nint \xff\xfe = 1;\n", skip: ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
			defer cancel()
			root := files(t, map[string]string{"a.bpf.c": tt.text})
			path := filepath.Join(root, "a.bpf.c")
			u, err := Load(ctx, path, Config{Root: root})
			if tt.want != "" {
				if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.HasPrefix(err.Error(), path+":") {
					t.Fatalf("error %v, want %q", err, tt.want)
				}
				if strings.Contains(err.Error(), "\n") {
					t.Errorf("more than one line: %v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(tt.text, "int f(void)") && functions(u)["f"] == nil {
				t.Errorf("the good function was lost: %v", u.Skipped)
			}
			found := tt.skip == ""
			for _, s := range u.Skipped {
				found = found || strings.Contains(s.String(), tt.skip)
			}
			if !found {
				t.Errorf("%v does not mention %q", u.Skipped, tt.skip)
			}
		})
	}
}

// bomb is a macro whose expansion doubles with every line.
func bomb() string {
	var b strings.Builder
	b.WriteString("#define M0 x x\n")
	for i := range 60 {
		fmt.Fprintf(&b, "#define M%d M%d M%d\n", i+1, i, i)
	}
	b.WriteString("int f(void) { return 0; }\nint g(void) { M60 }\n")
	return b.String()
}

func TestNoSuchFile(t *testing.T) {
	_, err := Load(context.Background(), filepath.Join(t.TempDir(), "gone.c"), Config{})
	if err == nil || !strings.HasSuffix(err.Error(), "gone.c: no such file or directory") {
		t.Error(err)
	}
	if _, err := Load(context.Background(), t.TempDir(), Config{}); err == nil || !strings.Contains(err.Error(), "is a directory") {
		t.Error(err)
	}
}

func TestTooLarge(t *testing.T) {
	p := filepath.Join(t.TempDir(), "a.c")
	f, err := os.Create(p)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Truncate(50 << 20); err != nil { // sparse
		t.Fatal(err)
	}
	f.Close()
	if _, err := Load(context.Background(), p, Config{}); err == nil || !strings.Contains(err.Error(), "a.c:1:1: file too large: 50 MB, the limit is 16 MB") {
		t.Error(err)
	}
	overlay := map[string][]byte{p: make([]byte, 17<<20)}
	if _, err := Load(context.Background(), p, Config{Overlay: overlay}); err == nil || !strings.Contains(err.Error(), "too large") {
		t.Error(err)
	}
}

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	root := files(t, map[string]string{"a.c": "int f(void) { return 0; }\n"})
	if _, err := Load(ctx, filepath.Join(root, "a.c"), Config{}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// What cc says of the enumerators of one declaration depends on the order of a
// Go map; what is skipped must not.
func TestSkipsAreStable(t *testing.T) {
	const text = `
#define SEC(name) __attribute__((section(name), used))
enum a { A0 = 1, A1, A2, A3, A4, A5, A6, A7 };
enum b { A0 = 9, A1, A2, A3, A4, A5, A6, A7 };
SEC("xdp") int prog(void *ctx) { enum a x = A3; enum b y = A5; return x + y; }
`
	var first string
	for range 20 {
		u := mustLoad(t, text)
		got := strings.ReplaceAll(fmt.Sprint(u.Skipped), filepath.Dir(u.Skipped[0].Span.File), "")
		if first == "" {
			first = got
		}
		if got != first {
			t.Fatalf("once %s, once %s", first, got)
		}
	}
	if !strings.Contains(first, "redeclaration of an enumerator") {
		t.Errorf("skipped: %s", first)
	}
}

// No message holds cc's own words.
func TestReasonsAreOurs(t *testing.T) {
	u := mustLoad(t, `int f(int x) { typeof(nothing) y = x; return y; }
int g(int x) { return x; }`)
	if len(u.Skipped) != 1 {
		t.Fatalf("skipped: %v", u.Skipped)
	}
	if r := u.Skipped[0].Reason; strings.ContainsAny(r, "[]*") || strings.Contains(r, "TODO") {
		t.Errorf("reason: %s", r)
	}
}
