package suppress

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const cSource = `#include <x.h> // bpflockcheck:ignore BLC101 on a directive
// bpflockcheck:ignore BLC2 the whole function
SEC("xdp")
int f(struct xdp_md *ctx)
{
	char *s = "// bpflockcheck:ignore BLC101 not a comment";
	v->a++; // bpflockcheck:ignore BLC101 approximate
	/* bpflockcheck:ignore lost-update, BLC104: two rules */
	v->b =
		v->b + 1;
	v->c++;
	// bpflockcheck:ignore BLC101
	// bpflockcheck:ignore because it is fine
	// bpflockcheck:silence BLC101 typo
	for (i = 0;
	     i < 3;
	     i++) {
		v->d++;
	}
	return '"';
}

/*
 * Some map.
 * bpflockcheck:ignore BLC206 all of the map
 */
struct {
	int x;
} m SEC(".maps");
/* bpflockcheck:ignore BLC101 */
`

func describe(ds []*Directive) []string {
	var got []string
	for _, d := range ds {
		bad := ""
		if d.Malformed != "" {
			bad = " !"
		}
		got = append(got, fmt.Sprintf("%d:%d %s [%s] %d-%d%s", d.Span.Line, d.Span.Col, strings.Join(d.Selectors, "+"), d.Reason, d.From, d.To, bad))
	}
	return got
}

func TestScanC(t *testing.T) {
	want := []string{
		"1:16 BLC101 [on a directive] 1-1",
		"2:1 BLC2 [the whole function] 3-21",
		"7:10 BLC101 [approximate] 7-7",
		"8:2 lost-update+BLC104 [two rules] 9-10",
		"12:2 BLC101 [] 15-17 !",
		"13:2 because [it is fine] 15-17",
		"14:2  [] 15-17 !",
		"23:1 BLC206 [all of the map] 27-29",
		"30:1 BLC101 [] 0-0 !",
	}
	if diff := cmp.Diff(want, describe(Scan("a.c", []byte(cSource)))); diff != "" {
		t.Error(diff)
	}
}

func TestScanGo(t *testing.T) {
	src := "package p\n\n" +
		"// bpflockcheck:ignore BLC301 all of it\nfunc f() {\n\t_ = `\n// bpflockcheck:ignore BLC301 raw string\n`\n\tm.Lookup(k, v) //nolint:errcheck,bpflockcheck // single writer\n}\n" +
		"//nolint:bpflockcheck\nvar x = 1\n//nolint:gosec // other linter, bpflockcheck\nvar y = 2\n"
	want := []string{
		"3:1 BLC301 [all of it] 4-9",
		"8:17  [single writer] 8-8",
		"10:1  [] 11-11 !",
	}
	if diff := cmp.Diff(want, describe(Scan("a.go", []byte(src)))); diff != "" {
		t.Error(diff)
	}
}

// A comment may stand anywhere before a function's brace.
func TestScanHead(t *testing.T) {
	for src, want := range map[string]string{
		"SEC(\"xdp\")\n// bpflockcheck:ignore BLC101 x\nint f(void *ctx)\n{\n\ta++;\n}\n":                      "2:1 BLC101 [x] 3-6",
		"SEC(\"xdp\")\nint f(void *a,\n// bpflockcheck:ignore BLC101 x\nint b) {\n\ta++;\n}\n":                 "3:1 BLC101 [x] 4-6",
		"SEC(\"xdp\") int f(void *ctx)\n// bpflockcheck:ignore BLC101 x\n{\n\ta++;\n}\n":                       "2:1 BLC101 [x] 3-5",
		"struct {\n// bpflockcheck:ignore BLC206 x\nint a;\nint b;\n} m SEC(\".maps\");\n":                     "2:1 BLC206 [x] 3-3",
		"SEC(\"xdp\") int f(void *ctx) {\n// bpflockcheck:ignore BLC101 x\na++;\nb++; }\n":                     "2:1 BLC101 [x] 3-3",
		"/// bpflockcheck:ignore BLC101 x\nint a;\n":                                                           "1:1 BLC101 [x] 2-2",
		"//! bpflockcheck:ignore BLC101 x\nint a;\n":                                                           "1:1 BLC101 [x] 2-2",
		"/*! bpflockcheck:ignore BLC101 x */\nint a;\n":                                                        "1:1 BLC101 [x] 2-2",
		"/** bpflockcheck:ignore BLC101 x */\nint a;\n":                                                        "1:1 BLC101 [x] 2-2",
		"int a;\n// bpflockcheck:ignore BLC101 x\nint b =\n1;\nint c;\n":                                       "2:1 BLC101 [x] 3-4",
		"//\tbpflockcheck:ignore\tBLC101,\tBLC104\tx\ty\nint a;\n":                                             "1:1 BLC101+BLC104 [x y] 2-2",
		"struct {\n\tint a;\n} m SEC(\".maps\");\n// bpflockcheck:ignore BLC101 x\nint f(void) {\n\ta++;\n}\n": "4:1 BLC101 [x] 5-7",
	} {
		if diff := cmp.Diff([]string{want}, describe(Scan("a.c", []byte(src)))); diff != "" {
			t.Errorf("%q: %s", src, diff)
		}
	}
}

func TestNolint(t *testing.T) {
	for src, want := range map[string]string{
		"//nolint:bpflockcheck // why":            "1:1  [why] 2-2",
		"// nolint:bpflockcheck // why":           "1:1  [why] 2-2",
		"//nolint:errcheck, bpflockcheck // why":  "1:1  [why] 2-2",
		"//nolint:bpflockcheck ,errcheck // why":  "1:1  [why] 2-2",
		"//nolint:bpflockcheck,errcheck":          "1:1  [] 2-2 !",
		"//nolint:bpflockcheck2 // why":           "",
		"//nolint:errcheck // see bpflockcheck":   "",
		"//nolint // bpflockcheck for all of it?": "",
	} {
		if got := strings.Join(describe(Scan("a.go", []byte(src+"\nvar x = 1\n"))), "; "); got != want {
			t.Errorf("%q: %q, want %q", src, got, want)
		}
	}
}

func TestRemoval(t *testing.T) {
	for src, want := range map[string]string{
		"int a; // bpflockcheck:ignore BLC101 x\nint b;\n":                           "int a;\nint b;\n",
		"  // bpflockcheck:ignore BLC101 x\nint b;\n":                                "int b;\n",
		"/* bpflockcheck:ignore BLC101 x */ int b;\n":                                "int b;\n",
		"a /* bpflockcheck:ignore BLC101 x */ b;\n":                                  "a b;\n",
		"return/* bpflockcheck:ignore BLC101 x */b;\n":                               "return b;\n",
		"int a; // bpflockcheck:ignore BLC101 x\r\nint b;\n":                         "int a;\r\nint b;\n",
		"// bpflockcheck:ignore BLC101 x\r\nint b;\r\n":                              "int b;\r\n",
		"\t/*\n\t * Counts.\n\t * bpflockcheck:ignore BLC101 x\n\t */\nint b;\n":     "\t/*\n\t * Counts.\n\t */\nint b;\n",
		"\t/*\n\t * Counts.\n\t * bpflockcheck:ignore BLC101 x\n\t * y */\nint b;\n": "\t/*\n\t * Counts.\n\t */\nint b;\n",
		"int b;\n// bpflockcheck:ignore BLC101 x":                                    "int b;\n",
		"/* bpflockcheck:ignore BLC101 x\n * y */\nint b;\n":                         "int b;\n",
	} {
		ds := Scan("a.c", []byte(src))
		if len(ds) != 1 {
			t.Fatalf("%q has %d directives", src, len(ds))
		}
		if got := cut(src, ds[0]); got != want {
			t.Errorf("removal from %q gives %q, want %q", src, got, want)
		}
	}
}

// Of two directives in one comment each can go without the other.
func TestRemovalOfOneOfTwo(t *testing.T) {
	const src = "/* bpflockcheck:ignore BLC101 x\n * more\n * bpflockcheck:ignore BLC104 y\n */\nint b;\n"
	ds := Scan("a.c", []byte(src))
	if len(ds) != 2 {
		t.Fatalf("%d directives", len(ds))
	}
	for i, want := range []string{
		"/*\n * bpflockcheck:ignore BLC104 y\n */\nint b;\n",
		"/* bpflockcheck:ignore BLC101 x\n * more\n */\nint b;\n",
	} {
		if got := cut(src, ds[i]); got != want {
			t.Errorf("without the first: %q, want %q", got, want)
		}
	}
}

func cut(src string, d *Directive) string {
	off := func(line, col int) int {
		lines := strings.SplitAfter(src, "\n")
		return len(strings.Join(lines[:line-1], "")) + col - 1
	}
	s := d.Removal.Span
	return src[:off(s.Line, s.Col)] + d.Removal.NewText + src[off(s.EndLine, s.EndCol):]
}

func FuzzScan(f *testing.F) {
	f.Add([]byte(cSource), false)
	f.Add([]byte("/* bpflockcheck:ignore"), false)
	f.Add([]byte("#define x \\\n// bpflockcheck:ignore \\\n/*"), false)
	f.Add([]byte("`//nolint:bpflockcheck"), true)
	f.Fuzz(func(t *testing.T, src []byte, inGo bool) {
		file := "a.c"
		if inGo {
			file = "a.go"
		}
		for _, d := range Scan(file, src) {
			if d.From > d.To || d.Span.Line < 1 {
				t.Errorf("bad range: %+v", d)
			}
		}
	})
}
