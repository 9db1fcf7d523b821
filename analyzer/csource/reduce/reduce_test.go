package reduce

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/bpflockcheck/bpflockcheck/analyzer/csource/cpp"
)

type noHeaders struct{}

func (noHeaders) Resolve(string, bool, bool, *cpp.File) (*cpp.File, error) { return nil, nil }
func (noHeaders) Indexed(*cpp.File) cpp.Indexed                            { return nil }

// split cuts a file into declarations.
func split(t testing.TB, text string) []*Decl {
	t.Helper()
	f := cpp.NewFile("a.c", text)
	res, err := cpp.New(context.Background(), noHeaders{}, cpp.Limits{Tokens: 100_000, Steps: 500_000}).Run(f)
	if err != nil {
		t.Skip(err)
	}
	var decls []*Decl
	for _, s := range Split(res.Tokens, f) {
		decls = append(decls, s.Decl)
	}
	return decls
}

func TestSplit(t *testing.T) {
	kinds := map[Kind]string{Other: "other", Func: "func", Proto: "proto", Var: "var", Typedef: "typedef", TagDecl: "tag"}
	for _, tt := range []struct{ text, want string }{
		{"int a;", "var[a]"},
		{"int a, *b = &a, c[2], (*d)(int), e(int);", "proto[a b c d e]"},
		{"static inline int f(struct s *p) { if (p) { return 1; } return 0; } int g;", "func[f] var[g]"},
		{"struct s { int a; union { int b; } u; }; enum e { A, B = f(1, 2), C };", "tag[] s tag[] e A B C"},
		{"struct { int a; } v = { 1 }, w[] = { { 2 } };", "var[v w]"},
		{"typedef struct s { int a; } t, *pt; typedef int (*fn)(int x, t y);", "typedef[t pt] s typedef[fn]"},
		{"struct s *f(void); struct s f(void) { struct s x = {}; return x; }", "proto[f] func[f]"},
		{"struct __attribute__((packed)) s { int a; } __attribute__((aligned(8))) v;", "var[v] s"},
		{"__attribute__((section(\"x\"), used)) int f(void *ctx) { return 0; }", "func[f]"},
		{"int f(void) __attribute__((noinline)) { return 0; } int g;", "func[f] var[g]"},
		{"typeof(f(0)) f(unsigned long *ctx) { return 0; }", "func[f]"},
		{"static void *(*helper)(void *map, const void *key) = (void *)1;", "var[helper]"},
		{"int (*f(int x))(void) { return 0; }", "func[f]"},
		{"extern int a __attribute__((section(\".kconfig\"), weak));", "var[a]"},
		{"_Static_assert(1, \"\"); asm(\"x\"); ; int a;", "other[] other[] var[a]"},
		{"enum e : unsigned char { A } v; enum e f(void) { return A; }", "var[v] e A func[f]"},
		{"u32 a; const u32 b = 1; unsigned c; long unsigned int d;", "var[a] var[b] var[c] var[d]"},
		{"int a = ({ int b = 1; b; }); int c;", "var[a] var[c]"},
		{"char s[] = \"};\"; char c = '{'; int a;", "var[s] var[c] var[a]"},
	} {
		var got []string
		for _, d := range split(t, tt.text) {
			s := fmt.Sprintf("%s%v", kinds[d.Kind], d.Names)
			s = strings.Join(append(append([]string{s}, d.Tags...), d.Enumerators...), " ")
			got = append(got, s)
		}
		if s := strings.Join(got, " "); s != tt.want {
			t.Errorf("%s\ngot  %s\nwant %s", tt.text, s, tt.want)
		}
	}
}

// A declaration whose brackets do not match ends where the layout says.
func TestSplitUnbalanced(t *testing.T) {
	for _, text := range []string{
		"int a;\nstatic int bad(void)\n{\n\tif (x) {\n}\nstatic int g(void)\n{\n\treturn 0;\n}\nint z;\n",
		"int a;\nstatic int bad(void)\n{\n\tf(1;\n}\nstatic int g(void)\n{\n\treturn 0;\n}\nint z;\n",
		"int a;\nstatic int bad(void\n{\n\treturn 1;\n}\nstatic int g(void)\n{\n\treturn 0;\n}\nint z;\n",
		"int a;\nstruct bad {\n\tint x;\nstatic int g(void)\n{\n\treturn 0;\n}\nint z;\n",
	} {
		var names []string
		for _, d := range split(t, text) {
			if !d.Unbalanced {
				names = append(names, d.Names...)
			}
		}
		for _, n := range []string{"a", "g", "z"} {
			if !slices.Contains(names, n) {
				t.Errorf("%s is lost: %v in\n%s", n, names, text)
			}
		}
	}
}

func FuzzSplit(f *testing.F) {
	f.Add("struct s { int a; } __attribute__((x)) v = { 1 }, *w; int f(int a) { return ({ a; }); }")
	f.Add("typedef int (*f)(enum e : int { A } b);;} ( [ static\nint x = { {\nstruct y {\n}")
	f.Fuzz(func(t *testing.T, text string) {
		decls := split(t, text)
		for _, d := range decls {
			if len(d.Toks) == 0 {
				t.Fatal("an empty declaration")
			}
			if d.Body >= len(d.Toks) {
				t.Fatalf("body at %d of %d", d.Body, len(d.Toks))
			}
		}
		var slots []Slot
		for _, d := range decls {
			slots = append(slots, Slot{Decl: d})
		}
		kept, _ := Reach(slots, nil)
		if len(kept) != len(decls) { // all are the file's own
			t.Fatalf("%d of %d declarations kept", len(kept), len(decls))
		}
	})
}
