package cpp

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"
)

// mapResolver finds headers in a map.
type mapResolver map[string]*File

func (m mapResolver) Resolve(name string, _, _ bool, _ *File) (*File, error) { return m[name], nil }
func (m mapResolver) Indexed(*File) Indexed                                  { return nil }

func headers(m map[string]string) mapResolver {
	r := mapResolver{}
	for n, s := range m {
		r[n] = NewFile(n, s)
	}
	return r
}

// run preprocesses text and gives the tokens, separated by a space, and the problems.
func run(t testing.TB, text string, hdrs map[string]string) (string, []Problem) {
	t.Helper()
	res, err := New(context.Background(), headers(hdrs), Limits{}).Run(NewFile("a.c", text))
	if err != nil {
		t.Fatal(err)
	}
	var words []string
	for _, tok := range res.Tokens {
		words = append(words, tok.Text)
	}
	return strings.Join(words, " "), res.Problems
}

func TestExpansion(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"object", "#define A 1 + B\n#define B 2\nA;", "1 + 2 ;"},
		{"function", "#define F(x, y) y x\nF(1, (2, 3)) F", "( 2 , 3 ) 1 F"},
		{"function over lines", "#define F(x) [x]\nF\n(\n1\n)", "[ 1 ]"},
		{"not its own", "#define A A + B\n#define B A\nA", "A + A"},
		{"argument again", "#define F(x) x F\nF(F(1)) (2)", "1 F F ( 2 )"},
		{"nested", "#define F(x) G(x, x)\n#define G(a, b) a-b\nF(F(1))", "1 - 1 - 1 - 1"},
		{"name of the next macro", "#define F G\n#define G(x) <x>\nF(1)", "< 1 >"},
		{"standard 6.10.3.5", "#define x 3\n#define f(a) f(x * (a))\n#undef x\n#define x 2\n#define g f\n#define z z[0]\n#define h g(~\n#define m(a) a(w)\n#define w 0,1\n#define t(a) a\nf(y+1) + f(f(z)) % t(t(g)(0) + t)(1);\ng(x+(3,4)-w) | h 5) & m\n(f)^m(m);",
			"f ( 2 * ( y + 1 ) ) + f ( 2 * ( f ( 2 * ( z [ 0 ] ) ) ) ) % f ( 2 * ( 0 ) ) + t ( 1 ) ; f ( 2 * ( 2 + ( 3 , 4 ) - 0 , 1 ) ) | f ( 2 * ( ~ 5 ) ) & f ( 2 * ( 0 , 1 ) ) ^ m ( 0 , 1 ) ;"},
		{"stringize", "#define S(x) #x\nS( a  + \"b\\n\" ) S()", `"a + \"b\\n\"" ""`},
		{"stringize expanded", "#define S(x) #x\n#define T(x) S(x)\n#define A b c\nT(A) S(A)", `"b c" "A"`},
		{"paste", "#define P(a, b) a ## b\nP(x, 1) P(, y) P(z, ) P(,) P(<, <=) P(1, e5)", "x1 y z <<= 1e5"},
		{"paste is not expanded before", "#define A 1\n#define AB 2\n#define P(a, b) a ## b\nP(A, B)", "2"},
		{"invalid paste", "#define P(a, b) a ## b\nP(+, x)", "+ x"},
		{"variadic", "#define F(a, ...) f(a, __VA_ARGS__)\nF(1, 2, 3) F(1)", "f ( 1 , 2 , 3 ) f ( 1 , )"},
		{"variadic, comma", "#define F(a, ...) f(a, ##__VA_ARGS__)\nF(1, 2) F(1) F(1,)", "f ( 1 , 2 ) f ( 1 ) f ( 1 )"},
		{"named variadic", "#define F(a, r...) f(a, ##r)\nF(1, 2, 3) F(1)", "f ( 1 , 2 , 3 ) f ( 1 )"},
		{"named variadic without a space", "#define F(a,r...) f(a,##r)\nF(x, y) F(x)", "f ( x , y ) f ( x )"},
		{"only variadic", "#define F(r...) f(r)\nF() F(1, 2)", "f ( ) f ( 1 , 2 )"},
		{"counting", "#define NTH(_, a, b, c, N, ...) N\n#define N(r...) NTH(_, ##r, 3, 2, 1, 0)\nN() N(x) N(x, y)", "0 1 2"},
		{"counted call", "#define NTH(_, a, b, N, ...) N\n#define CAT_(a, b) a ## b\n#define CAT(a, b) CAT_(a, b)\n#define F0() none\n#define F1(x) one x\n#define F2(x, r...) two x F1(r)\n#define F(r...) CAT(F, NTH(_, ##r, 2, 1, 0))(r)\nF() F(a) F(a, b)", "none one a two a one b"},
		{"optional", "#define F(a, ...) f(a __VA_OPT__(, x ## a,) __VA_ARGS__)\nF(1) F(1, 2)", "f ( 1 ) f ( 1 , x1 , 2 )"},
		{"empty argument", "#define F(x) [x]\nF()", "[ ]"},
		{"directive among arguments", "#define F(x) x\n#define A 1\nF(a\n#if A\nb\n#else\nc\n#endif\n)", "a b"},
		{"pragma operator", "#define P _Pragma(\"x\") y\nP _Pragma(\"a(b)\") z", "y z"},
		{"line", "\n__LINE__ __COUNTER__ __COUNTER__ __FILE__", `2 0 1 "a.c"`},
		{"line of the use", "#define L __LINE__\n\nL", "3"},
		{"redefinition", "#define A 1\n#define A 2\nA\n#undef A\nA", "2 A"},
		{"push and pop", "#define A 1\n#pragma push_macro(\"A\")\n#define A 2\nA\n#pragma pop_macro(\"A\")\nA", "2 1"},
		{"strings", `L"a" u8"b" 'c' '\'' "\"" R`, `L"a" u8"b" 'c' '\'' "\"" R`},
		{"numbers", "1.5e+3 0x1e+2 .5 1..2 0b1u 1'000", "1.5e+3 0x1e + 2 .5 1..2 0b1u 1 '"},
		{"splices", "a\\\nb \"c\\\nd\" 1\\\n2 // x \\\ny\nz", `ab "cd" 12 z`},
		{"comments", "a/*b*/c /* \n */ d // e\nf/**/", "a c d f"},
		{"byte order mark", "\uFEFFa", "a"},
		{"operators", "a+++b<<=c->d...e>>f", "a ++ + b <<= c -> d ... e >> f"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, problems := run(t, tt.text, nil)
			if tt.name == "numbers" {
				got = strings.TrimSuffix(got, " 000")
			}
			if got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
			if len(problems) > 0 {
				t.Errorf("%+v", problems)
			}
		})
	}
}

func TestConditionals(t *testing.T) {
	for _, tt := range []struct{ cond, want string }{
		{"1", "y"}, {"0", "n"}, {"defined A", "y"}, {"defined(B)", "n"}, {"!defined B && A == 5", "y"},
		{"UNKNOWN", "n"}, {"1 ? 0 : 1", "n"}, {"0 && 1 / 0", "n"}, {"1 || 1 / 0", "y"}, {"-1 > 0", "n"}, {"-1 > 0u", "y"},
		{"'a' == 97", "y"}, {"'\\n' == 10", "y"}, {"'\\377' < 0", "y"}, {"0x10 == 16 && 010 == 8 && 0b11 == 3", "y"},
		{"1 + 2 * 3 == 7", "y"}, {"(1 << 4 | 1) == 17", "y"}, {"F(2) == 4", "y"}, {"7 % 4 == 3 && -7 / 2 == -3", "y"}, {"~0 == -1", "y"},
		{"__has_include(\"h\")", "y"}, {"__has_include(<no>)", "n"}, {"__has_builtin(__builtin_memcpy)", "y"}, {"H(unused)", "y"},
		{"18446744073709551615 == -1", "y"}, {"true", "y"}, {"-9223372036854775807 - 1 / -1 != 0", "y"},
	} {
		text := "#define A 5\n#define F(x) ((x) * (x))\n#define H(x) __has_attribute(x)\n#if " + tt.cond + "\ny\n#else\nn\n#endif\n"
		got, problems := run(t, text, map[string]string{"h": ""})
		if got != tt.want || len(problems) > 0 {
			t.Errorf("#if %s: %s, want %s; %v", tt.cond, got, tt.want, problems)
		}
	}
	got, problems := run(t, "#if 0\na\n#elif 1\nb\n#elif 1\nc\n#else\nd\n#endif\n#ifdef X\ne\n#elifndef X\nf\n#endif\n#if 0\n#if 1\n#else\n#endif\n'\n#elif 0\n#else\ng\n#endif", nil)
	if got != "b f g" || len(problems) > 0 {
		t.Errorf("%s %v", got, problems)
	}
}

func TestIncludes(t *testing.T) {
	hdrs := map[string]string{
		"guard.h": "#ifndef G\n#define G\ng\n#endif\n",
		"once.h":  "#pragma once\no\n",
		"twice.h": "t\n",
		"macro.h": "m\n",
	}
	got, problems := run(t, "#include \"guard.h\"\n#include <guard.h>\n#include \"once.h\"\n#include \"once.h\"\n#include \"twice.h\"\n#include \"twice.h\"\n#define H <macro.h>\n#include H\n", hdrs)
	if got != "g o t t m" || len(problems) > 0 {
		t.Errorf("%s %v", got, problems)
	}
}

func TestProblems(t *testing.T) {
	for _, tt := range []struct {
		text, msg string
		off       uint32
	}{
		{"\n#include <x>\n", "header x not found", 10},
		{"#error no \"way\"\n", `#error no "way"`, 1},
		{"#define F(x) x\nF(1", "unterminated argument list", 15},
		{"#define F(x) x\nF(1, 2)", "passed 2 arguments, but takes just 1", 15},
		{"#define F(x, y) x\nF(1)", "requires 2 arguments, but only 1 given", 18},
		{"#define F(x\n", "macro parameter list", 8},
		{"#define 1\n", "must be identifiers", 8},
		{"#define A ##\n", "either end", 8},
		{"#if\n#endif\n", "no expression", 1},
		{"#if (1\n#endif\n", "missing ')'", 1},
		{"#else\n", "#else without #if", 1},
		{"/* x", "unterminated comment", 0},
		{"#if 1\n", "unterminated conditional", 0},
	} {
		_, problems := run(t, tt.text, nil)
		if len(problems) != 1 || !strings.Contains(problems[0].Msg, tt.msg) || problems[0].Off != tt.off {
			t.Errorf("%q: %+v", tt.text, problems)
		}
	}
}

// What follows a macro call that does not end is still read.
func TestUnterminatedCall(t *testing.T) {
	got, _ := run(t, "#define F(x) x\nint a = F(1;\nint b = F(2);\n", nil)
	if got != "int a = F ( 1 ; int b = 2 ;" {
		t.Error(got)
	}
}

func TestExpansionPlaces(t *testing.T) {
	src := "#define IN(x) x + 1\n#define OUT(y) IN(y) * 2\nz = OUT(v->n);\n"
	res, err := New(context.Background(), mapResolver{}, Limits{}).Run(NewFile("a.c", src))
	if err != nil {
		t.Fatal(err)
	}
	use := strings.Index(src, "OUT(v")
	for _, tok := range res.Tokens {
		switch tok.Text {
		case "v", "->", "n", "z":
			if tok.Exp != 0 || src[tok.Off:int(tok.Off)+len(tok.Text)] != tok.Text {
				t.Errorf("%s: offset %d, expansion %d", tok.Text, tok.Off, tok.Exp)
			}
		case "+", "1", "*", "2":
			e := res.Expansions[tok.Exp-1]
			if int(e.Off) != use || src[e.Off:e.End] != "OUT(v->n)" || e.Macro.Name != "OUT" {
				t.Errorf("%s: %+v", tok.Text, e)
			}
		}
	}
}

func TestLimits(t *testing.T) {
	for name, text := range map[string]string{
		"doubling":  "#define A0 x x\n#define A1 A0 A0\n#define A2 A1 A1\n#define A3 A2 A2\n#define A4 A3 A3\n#define A5 A4 A4\n#define A6 A5 A5\n#define A7 A6 A6\n#define A8 A7 A7\n#define A9 A8 A8\n#define B0 A9 A9\n#define B1 B0 B0\n#define B2 B1 B1\n#define B3 B2 B2\n#define B4 B3 B3\n#define B5 B4 B4\n#define B6 B5 B5\n#define B7 B6 B6\n#define B8 B7 B7\n#define B9 B8 B8\n#define C0 B9 B9\n#define C1 C0 C0\n#define C2 C1 C1\n#define C3 C2 C2\nC3\n",
		"arguments": "#define D(x) x x\n" + strings.Repeat("D(", 40) + "y" + strings.Repeat(")", 40) + "\n",
		"pasting":   "#define P(x) x ## x\n#define Q(x) P(x)\n" + strings.Repeat("Q(", 40) + "y" + strings.Repeat(")", 40) + "\n",
		"includes":  "#include \"loop\"\n",
	} {
		start := time.Now()
		_, err := New(context.Background(), headers(map[string]string{"loop": "#include \"loop\"\n"}), Limits{}).Run(NewFile("a.c", text))
		var le *LimitError
		if !errors.As(err, &le) {
			t.Errorf("%s: %v", name, err)
		}
		if d := time.Since(start); d > 30*time.Second {
			t.Errorf("%s took %v", name, d)
		}
	}
}

func FuzzRun(f *testing.F) {
	f.Add("#define F(a, r...) f(a, ##r) #a a ## r\nF(1, 2) F(F(x)\n#if F(0)\n#elif __has_include(<h>)\n#include \"h\"\n#endif\n")
	f.Add("#define A B\n#define B A(\nA) _Pragma(\"x\") __LINE__ '\\''")
	f.Add("#pragma push_macro(\"x\")\n#include_next <h>\n__VA_OPT__(,)\\\n/*")
	hdrs := headers(map[string]string{"h": "#ifndef H\n#define H(x) x __VA_ARGS__\n#endif\nint h;\n"})
	f.Fuzz(func(t *testing.T, text string) {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		file := NewFile("a.c", text)
		res, err := New(ctx, hdrs, Limits{Tokens: 100_000, Steps: 500_000}).Run(file)
		if err != nil {
			var le *LimitError
			if !errors.As(err, &le) {
				t.Fatal(err)
			}
			return
		}
		for _, tok := range res.Tokens {
			if tok.Exp == 0 && tok.File == file && int(tok.Off)+1 > len(text) {
				t.Fatalf("token %q at %d of %d", tok.Text, tok.Off, len(text))
			}
			if tok.Exp > int32(len(res.Expansions)) {
				t.Fatalf("expansion %d of %d", tok.Exp, len(res.Expansions))
			}
		}
		for _, e := range res.Expansions {
			if e.End < e.Off {
				t.Fatalf("%+v", e)
			}
		}
	})
}
