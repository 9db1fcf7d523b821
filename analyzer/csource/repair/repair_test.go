package repair_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bpflockcheck/bpflockcheck/analyzer/csource/cpp"
	"github.com/bpflockcheck/bpflockcheck/analyzer/csource/reduce"
	"github.com/bpflockcheck/bpflockcheck/analyzer/csource/repair"
)

type noHeaders struct{}

func (noHeaders) Resolve(string, bool, bool, *cpp.File) (*cpp.File, error) { return nil, nil }
func (noHeaders) Indexed(*cpp.File) cpp.Indexed                            { return nil }

// last repairs the last declaration of a text, as the loader does. It gives the
// tokens before, too; none are left where the text cannot be split.
func last(t testing.TB, text string) (before []cpp.Token, res repair.Result) {
	t.Helper()
	f := cpp.NewFile("a.c", text)
	pp, err := cpp.New(context.Background(), noHeaders{}, cpp.Limits{Tokens: 100_000, Steps: 500_000}).Run(f)
	if err != nil {
		t.Skip(err)
	}
	slots := reduce.Split(pp.Tokens, f)
	if len(slots) == 0 {
		return nil, repair.Result{}
	}
	d := slots[len(slots)-1].Decl
	if !paired(d.Toks) {
		return nil, repair.Result{} // the loader does not repair it either
	}
	enumerators := map[string]string{"LINE": "64"}
	res = repair.Decl(d.Toks, repair.Options{
		Body:     d.Body,
		Function: d.Kind == reduce.Func || d.Kind == reduce.Proto,
		Constant: func(name string) (string, bool) { v, ok := enumerators[name]; return v, ok },
	})
	return d.Toks, res
}

// text writes tokens with one space between them.
func text(toks []cpp.Token) string {
	words := make([]string, len(toks))
	for i, t := range toks {
		words[i] = t.Text
	}
	return strings.Join(words, " ")
}

// words splits a text into tokens and writes them as text does.
func words(s string) string { return text(cpp.Lex(cpp.NewFile("want.c", s), 0, uint32(len(s)), nil)) }

// place is where a token is spelled, line:column.
func place(t cpp.Token) string {
	line, col := t.File.Position(t.Off)
	return fmt.Sprintf("%d:%d", line, col)
}

// Declarations: what cc does not know, and what it is given instead. An empty
// want means: the same tokens.
var declarations = []struct{ name, in, want string }{
	{"nothing to do",
		`struct s { int a : 3; } v = { .a = 1 };`, ""},
	{"bit-field of an enum",
		`struct s { enum e a : 3; };`, ""},
	{"binary constant",
		`int v = 0b1010UL;`,
		`int v = 0xaUL ;`},
	{"elvis of a constant",
		`int v = 4 ?: x;`,
		`int v = 4 ? 4 : x ;`},
	{"elvis of an expression in parentheses",
		`int v = (1 + 2) ?: x;`,
		`int v = ( 1 + 2 ) ? ( 1 + 2 ) : x ;`},
	{"elvis of a variable",
		`int v = y ?: x;`, ""},
	{"typeof spelled otherwise",
		`typeof(int) a;`,
		`__typeof__ ( int ) a ;`},
	{"typeof of a function type",
		`struct { typeof(void (int)) *values[]; } m;`,
		`struct { void ( * values [ ] ) ( int ) ; } m ;`},
	{"typeof of a function type before a brace",
		"void f(void) { if (1) { typeof(void (int)) } * x; }",
		"void f(void) { if (1) { void ()(int) } * x; }"},
	{"typeof of a call",
		`__typeof__(f(1)) v;`, ""},
	{"byte swap of a literal",
		`int a[] = { __builtin_bswap16(0x0800), __builtin_bswap32((__u32)(1)), __builtin_bswap64(0x10UL) };`,
		`int a [ ] = { 8 , 16777216U , 1152921504606846976UL } ;`},
	{"byte swap of a variable",
		`int v = __builtin_bswap32(x);`, ""},
	{"list of attributes",
		`int f(void) __attribute__((, always_inline, , noinline, used, __cold__, section("tc")));`,
		`int f ( void ) __attribute__ ( ( always_inline ) ) __attribute__ ( ( noinline ) ) __attribute__ ( ( section ( "tc" ) ) ) ;`},
	{"attribute before a body",
		`int f(void) __attribute__((noinline)) { return 0; }`,
		`int f ( void ) { return 0 ; }`},
	{"aligned without a value",
		`int v __attribute__((aligned));`,
		`int v __attribute__ ( ( aligned ( 8 ) ) ) ;`},
	{"aligned to an enumerator",
		`struct s { int a __attribute__((aligned(LINE))); };`,
		`struct s { int a __attribute__ ( ( aligned ( 64 ) ) ) ; } ;`},
	{"address space of a variable",
		`int __attribute__((address_space(1))) v;`, ""},
	{"address space of a pointer's target",
		`int __attribute__((address_space(1))) *v;`, ""},
	{"address space of a member",
		`struct s { int __attribute__((address_space(1))) *p; };`, ""},
	{"__declspec",
		`__declspec(dllexport) int v;`,
		`int v ;`},
	{"words that change nothing",
		`__extension__ int *restrict p;`,
		`int * p ;`},
	{"_Atomic as a qualifier",
		`_Atomic int v;`,
		`int v ;`},
	{"_Atomic of a type",
		`_Atomic(int) v;`, ""},
	{"volatile result",
		`volatile int *f(void);`,
		`int * f ( void ) ;`},
	{"volatile parameter",
		`int f(volatile int *p);`, ""},
	{"static assertion",
		`struct s { int a; _Static_assert(sizeof(int) == 4, "x"); };`,
		`struct s { int a ; } ;`},
	{"packed enum",
		`enum __attribute__((packed)) e { A, B };`,
		`enum e : int __attribute__ ( ( packed ) ) { A , B } ;`},
	{"enum packed behind",
		`typedef enum { A, B } __attribute__((__packed__)) e;`,
		`typedef enum : int __attribute__ ( ( packed ) ) { A , B } e ;`},
	{"enum with a type",
		`enum e : unsigned char { A, B };`, ""},
	{"symbol name",
		`extern int g(void) asm("g_1");`,
		`extern int g ( void ) ;`},
	{"intrinsic",
		`unsigned long long load_byte(void *skb, unsigned long long off) asm("llvm.bpf.load.byte");`,
		`unsigned long long load_byte ( void * skb , unsigned long long off ) __attribute__ ( ( section ( "llvm.bpf.load.byte" ) ) ) ;`},
	{"register variable",
		`int f(void) { register long r asm("r1") = 1; return r; }`,
		`int f ( void ) { register long r = 1 ; return r ; }`},
	{"local labels",
		`int f(int x) { { __label__ out; goto out; out: ; } ({ __label__ out; goto out; out: x; }); goto out; out: return x; }`,
		`int f ( int x ) { { goto out__0 ; out__0 : ; } ( { goto out__1 ; out__1 : x ; } ) ; goto out ; out : return x ; }`},
	{"address of a local label",
		`int f(int x) { { __label__ out; void *p = &&out; x && out(); out: ; } return x; }`,
		`int f ( int x ) { { void * p = && out__0 ; x && out ( ) ; out__0 : ; } return x ; }`},
}

// left is what stands for assembly that has no equivalent in C.
const left = ";"

// Assembly: what stands for it in the function that body makes.
var assembly = []struct{ name, in, want string }{
	{"barrier",
		`asm volatile("" ::: "memory");`,
		`{ }`},
	{"barrier before else",
		`if (x) asm("" ::: "memory"); else y = 1;`,
		`if ( x ) { } else y = 1 ;`},
	{"barrier on a value",
		`asm volatile("" : "+r"(x));`,
		`{ }`},
	{"output without a value",
		`asm volatile("" : "=r"(x));`,
		`{ ( x ) = ( __typeof__ ( x ) ) __builtin_bpf_asm ( ) ; }`},
	{"tied output",
		`asm("" : "=r"(y) : "0"(x + 1));`,
		`{ ( y ) = ( x + 1 ) ; }`},
	{"arithmetic",
		`asm volatile("%[x] &= 7" : [x] "+r"(x));`,
		`{ unsigned long __blc_asm1_o0 = ( unsigned long ) ( x ) ; __blc_asm1_o0 = ( unsigned long ) __blc_asm1_o0 & ( unsigned long ) 7 ; ( x ) = ( __typeof__ ( x ) ) __blc_asm1_o0 ; }`},
	{"arithmetic of 32 bits",
		`asm("w%0 s>>= w%1" : "+r"(x) : "r"(y));`,
		`{ unsigned long __blc_asm1_o0 = ( unsigned long ) ( x ) ; unsigned long __blc_asm1_o1 = ( unsigned long ) ( y ) ; __blc_asm1_o0 = ( unsigned int ) ( ( signed int ) __blc_asm1_o0 >> ( signed int ) __blc_asm1_o1 ) ; ( x ) = ( __typeof__ ( x ) ) __blc_asm1_o0 ; }`},
	{"arithmetic that is not known",
		`asm("%0 = be16 %0" : "+r"(x));`,
		`{ ( x ) = ( __typeof__ ( x ) ) __builtin_bpf_asm ( ) ; }`},
	{"move of a negative number",
		`asm("%0 = -22" : "=r"(x));`,
		`{ unsigned long __blc_asm1_o0 ; __blc_asm1_o0 = 18446744073709551594UL ; ( x ) = ( __typeof__ ( x ) ) __blc_asm1_o0 ; }`},
	{"clamp",
		`asm volatile("if %0 <= %[m] goto +1\n%0 = %[m]\n" : "+r"(x) : [m] "i"(5));`,
		`{ unsigned long __blc_asm1_o0 = ( unsigned long ) ( x ) ; unsigned long __blc_asm1_o1 = ( unsigned long ) ( 5 ) ; if ( ( unsigned long ) __blc_asm1_o0 <= ( unsigned long ) __blc_asm1_o1 ) goto __blc_asm1_l2 ; __blc_asm1_o0 = __blc_asm1_o1 ; __blc_asm1_l2 : ; ( x ) = ( __typeof__ ( x ) ) __blc_asm1_o0 ; }`},
	{"jump behind a wide move",
		`asm volatile("if %0 <= 5 goto +2; %0 = 5 ll" : "+r"(x));`,
		`{ unsigned long __blc_asm1_o0 = ( unsigned long ) ( x ) ; if ( ( unsigned long ) __blc_asm1_o0 <= ( unsigned long ) 5 ) goto __blc_asm1_l3 ; __blc_asm1_o0 = 5 ; __blc_asm1_l3 : ; ( x ) = ( __typeof__ ( x ) ) __blc_asm1_o0 ; }`},
	{"jump into a wide move",
		`asm volatile("if %0 <= 5 goto +1; %0 = 5 ll" : "+r"(x));`,
		`{ ( x ) = ( __typeof__ ( x ) ) __builtin_bpf_asm ( ) ; }`},
	{"load",
		`asm volatile("%[v] = *(s16 *)(%[p] + %[o])" : [v] "=r"(x) : [p] "r"(p), [o] "i"(4));`,
		`{ unsigned long __blc_asm1_o0 ; unsigned long __blc_asm1_o1 = ( unsigned long ) ( p ) ; unsigned long __blc_asm1_o2 = ( unsigned long ) ( 4 ) ; __blc_asm1_o0 = * ( signed short * ) ( __blc_asm1_o1 + __blc_asm1_o2 ) ; ( x ) = ( __typeof__ ( x ) ) __blc_asm1_o0 ; }`},
	{"store and atomic",
		`asm volatile("*(u32 *)(%0 + 4) = %1; lock *(u64 *)(%0 + 8) |= %1" : : "r"(p), "r"(5) : "memory");`,
		`{ unsigned long __blc_asm1_o0 = ( unsigned long ) ( p ) ; unsigned long __blc_asm1_o1 = ( unsigned long ) ( 5 ) ; * ( unsigned int * ) ( __blc_asm1_o0 + 4 ) = __blc_asm1_o1 ; __sync_fetch_and_or ( ( unsigned long * ) ( __blc_asm1_o0 + 8 ) , __blc_asm1_o1 ) ; }`},
	{"registers",
		`asm volatile("r1 = %[a]; r1 += 4; %[b] = r1" : [b] "=r"(y) : [a] "r"(x) : "r1");`,
		`{ unsigned long __blc_asm1_o0 ; unsigned long __blc_asm1_o1 = ( unsigned long ) ( x ) ; unsigned long __blc_asm1_r1 ; __blc_asm1_r1 = __blc_asm1_o1 ; __blc_asm1_r1 = ( unsigned long ) __blc_asm1_r1 + ( unsigned long ) 4 ; __blc_asm1_o0 = __blc_asm1_r1 ; ( y ) = ( __typeof__ ( y ) ) __blc_asm1_o0 ; }`},
	{"register read before it is set",
		`asm volatile("%0 = r6" : "=r"(x));`,
		left},
	{"memory operand",
		`asm volatile("%0 = %1" : "=r"(x) : "m"(y));`,
		`{ ( x ) = ( __typeof__ ( x ) ) __builtin_bpf_asm ( ) ; }`},
	{"comparison",
		`asm volatile goto("if %[a] s< %[b] goto %l[yes]" :: [a] "r"(x), [b] "i"(5) :: yes);`,
		`if ( ( x ) < ( 5 ) ) goto yes ;`},
	{"comparison by number",
		`asm goto("if w0 != 0 goto %l2" :: "r"(x), "i"(5) :: yes);`,
		`if ( __builtin_bpf_asm ( ) ) goto yes ;`},
	{"store and jump",
		`asm goto("*(u32 *)(%0 + 0) = 1; if %1 == 0 goto %l[yes]" :: "r"(p), "r"(x) :: yes);`,
		`{ unsigned long __blc_asm1_o0 = ( unsigned long ) ( p ) ; unsigned long __blc_asm1_o1 = ( unsigned long ) ( x ) ; * ( unsigned int * ) ( __blc_asm1_o0 + 0 ) = 1 ; if ( ( unsigned long ) __blc_asm1_o1 == ( unsigned long ) 0 ) goto yes ; }`},
	{"may_goto",
		`asm volatile goto("may_goto %l[yes]" :::: yes);`,
		`if ( __builtin_bpf_asm ( ) ) goto yes ;`},
	{"assertion",
		`asm volatile("if %[l] s<= %[r] goto +2; r1 = %[v]; call bpf_throw;" : : [l] "r"(x), [r] "i"(3), [v] "i"(0) : "r1");`,
		`{ if ( ! ( ( x ) <= ( 3 ) ) ) bpf_throw ( 0 ) ; }`},
	{"branch that is dead",
		`asm volatile("r0 " "OP" " invalid compare");`,
		`{ }`},
	{"call",
		`asm volatile("call %[helper]" : : [helper] "i"(12) : "r0");`,
		left},
	{"call with a label",
		`asm goto("call 12; goto %l[yes]" :::: yes);`,
		left},
	{"exit",
		`asm volatile("exit");`,
		left},
	{"stack",
		`asm volatile("*(u64 *)(r10 - 8) = %0" :: "r"(x));`,
		left},
}

// body puts a statement into a function.
func body(stmt string) string {
	return "void f(int x, int y, int *p) { " + stmt + " yes: ; }"
}

func TestDecl(t *testing.T) {
	for _, tt := range declarations {
		t.Run(tt.name, func(t *testing.T) {
			before, res := last(t, tt.in)
			want := words(tt.want)
			if tt.want == "" {
				want = text(before)
			}
			if d := cmp.Diff(want, text(res.Toks)); d != "" {
				t.Errorf("-want +got:\n%s", d)
			}
			if res.Asm != nil || res.Naked {
				t.Errorf("assembly at %v, naked: %v", res.Asm, res.Naked)
			}
			places(t, before, res)
		})
	}
}

func TestAssembly(t *testing.T) {
	for _, tt := range assembly {
		t.Run(tt.name, func(t *testing.T) {
			before, res := last(t, body(tt.in))
			if d := cmp.Diff(words(body(tt.want)), text(res.Toks)); d != "" {
				t.Errorf("-want +got:\n%s", d)
			}
			if (res.Asm != nil) != (tt.want == left) {
				t.Errorf("assembly without an equivalent: %v", res.Asm)
			}
			places(t, before, res)
		})
	}
}

// places checks that every token stands where one of the declaration did, so that
// what is found in it can be shown.
func places(t *testing.T, before []cpp.Token, res repair.Result) {
	t.Helper()
	known := make(map[uint32]string)
	for _, b := range before {
		known[b.Off] = b.Text
	}
	for _, r := range res.Toks {
		if _, ok := known[r.Off]; !ok || r.File != before[0].File {
			t.Errorf("%s at %s, where there was nothing", r.Text, place(r))
		}
	}
	if res.Asm != nil && !strings.Contains(known[res.Asm.Off], "asm") {
		t.Errorf("assembly at %s, where there was %s", place(*res.Asm), known[res.Asm.Off])
	}
}

// TestPlaces: what is written for assembly stands at its keyword, an operand
// where it was.
func TestPlaces(t *testing.T) {
	_, res := last(t, `void f(int *p)
{
	asm volatile("%0 += 1"
	             : "+r"(p[2]));
	asm("call 12");
	asm("exit");
}`)
	var got []string
	for _, r := range res.Toks {
		if slices.Contains([]string{"unsigned", "p", "2", "+", "1"}, r.Text) && r.Text != "" {
			got = append(got, r.Text+"@"+place(r))
		}
	}
	want := []string{"p@1:13", // the parameter
		"unsigned@3:2", "unsigned@3:2", "p@4:22", "2@4:24", // its variable
		"unsigned@3:2", "+@3:2", "unsigned@3:2", "1@3:2", // the instruction
		"p@4:22", "2@4:24", "p@4:22", "2@4:24"} // the result
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
	if res.Asm == nil || place(*res.Asm) != "5:2" {
		t.Errorf("the first assembly that is left: %v", res.Asm)
	}
}

func TestNaked(t *testing.T) {
	for text, want := range map[string]bool{
		`__attribute__((naked)) int f(void) { asm("exit"); }`:                true,
		`__attribute__((noinline, __naked__)) int f(void) { asm("exit"); }`:  true,
		`int f(void) { int x __attribute__((naked)); return x; }`:            false,
		`__attribute__((section("naked"))) int f(void) { return 0; }`:        false,
		`__attribute__((naked)) int f(void);`:                                true,
		`int f(void) { __attribute__((fallthrough)); return 0; }`:            false,
		`int f(void) __attribute__((naked)) { asm("r0 = 0"); asm("exit"); }`: false,
	} {
		if _, res := last(t, text); res.Naked != want {
			t.Errorf("%s: %v", text, res.Naked)
		}
	}
}

// TestNestedAssembly: assembly within an operand of assembly is not written as C,
// for an operand may be written several times, and its own operands as often
// again.
func TestNestedAssembly(t *testing.T) {
	_, res := last(t, "void f(int x) { "+nested(100)+" }")
	if len(res.Toks) > 10_000 {
		t.Errorf("%d tokens", len(res.Toks))
	}
	if res.Asm == nil {
		t.Error("nothing is said of the assembly that is left out")
	}
}

// nested gives assembly of some depth.
func nested(depth int) string {
	operand := "x"
	for range depth {
		operand = `({ asm("" : "=r"(` + operand + `)); x; })`
	}
	return operand + ";"
}

// FuzzDecl: whatever the tokens are, repair ends, invents no places, and keeps
// brackets in pairs.
func FuzzDecl(f *testing.F) {
	for _, tt := range declarations {
		f.Add(tt.in)
	}
	for _, tt := range assembly {
		f.Add(body(tt.in))
	}
	f.Add("void f(int x) { " + nested(30) + " }")
	f.Fuzz(func(t *testing.T, src string) {
		before, res := last(t, src)
		if len(before) == 0 {
			return
		}
		places(t, before, res)
		if limit := 400 * (len(src) + 1); len(res.Toks) > limit {
			t.Errorf("%d tokens of %d bytes", len(res.Toks), len(src))
		}
		if !paired(res.Toks) {
			t.Errorf("unbalanced: %s", text(res.Toks))
		}
	})
}

// paired tells whether all brackets are closed by their like.
func paired(toks []cpp.Token) bool {
	var open []string
	for _, t := range toks {
		if t.Kind != cpp.Punct {
			continue
		}
		switch t.Text {
		case "(":
			open = append(open, ")")
		case "[":
			open = append(open, "]")
		case "{":
			open = append(open, "}")
		case ")", "]", "}":
			n := len(open) - 1
			if n < 0 || open[n] != t.Text {
				return false
			}
			open = open[:n]
		}
	}
	return len(open) == 0
}
