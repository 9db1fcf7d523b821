package gomap

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bpflockcheck/bpflockcheck/analyzer/diag"
	"github.com/bpflockcheck/bpflockcheck/internal/external"
)

// copyModule copies the test module to a folder that a test may change.
func copyModule(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(testModule(t))); err != nil {
		t.Fatal(err)
	}
	return dir
}

func offline() []string { return append(os.Environ(), "GOPROXY=off", "GOWORK=off", "GOFLAGS=-mod=mod") }

func check(t *testing.T, dir string, patterns ...string) ([]diag.Finding, []diag.Skip) {
	t.Helper()
	c, err := Check(context.Background(), patterns, Config{Dir: dir, Env: offline(), NoTests: true})
	if err != nil {
		t.Fatal(err)
	}
	return c.Findings, c.Skipped
}

func summary(findings []diag.Finding) []string {
	var out []string
	for _, f := range findings {
		fix := ""
		if f.Fix != nil {
			fix = f.Fix.Title
		}
		out = append(out, fmt.Sprintf("%s:%d:%d %s %s %s %s %q", f.Span.File, f.Span.Line, f.Span.Col, f.Rule, f.Severity, f.Confidence, f.Map, fix))
	}
	return out
}

// TestFiles: what was analysed is the files of the packages that were asked for,
// less those that have nothing to do with maps, and no file that is made.
func TestFiles(t *testing.T) {
	dir := copyModule(t)
	if err := os.Mkdir(filepath.Join(dir, "other"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "other", "other.go"), []byte("package other\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "rmw", "rmw_test.go"), []byte("package rmw\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := Check(context.Background(), []string{"./rmw", "./other"}, Config{Dir: dir, Env: offline()})
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"rmw/rmw.go", "rmw/rmw_test.go"}; !slices.Equal(c.Files, want) {
		t.Errorf("files %q, want %q", c.Files, want)
	}
}

// TestSourceAndObject: the C source behind a go:generate line says what the
// object that bpf2go makes of it says.
func TestSourceAndObject(t *testing.T) {
	dir := copyModule(t)
	withObject, skipped := check(t, dir, "./direct", "./bind", "./rmw", "./order")
	if len(skipped) > 0 {
		t.Errorf("with objects, skipped: %v", skipped)
	}
	if len(withObject) < 50 {
		t.Fatalf("%d findings only", len(withObject))
	}
	if err := os.Remove(filepath.Join(dir, "flows", "flows_bpfel.o")); err != nil {
		t.Fatal(err)
	}
	withSource, skipped := check(t, dir, "./direct", "./bind", "./rmw", "./order")
	if len(skipped) > 0 {
		t.Errorf("with the source, skipped: %v", skipped)
	}
	if d := cmp.Diff(summary(withObject), summary(withSource)); d != "" {
		t.Errorf("findings differ (-object +source):\n%s", d)
	}
	if err := os.Remove(filepath.Join(dir, "flows", "flows_bpfel.go")); err != nil {
		t.Fatal(err)
	}
	sourceOnly, skipped := check(t, dir, "./direct", "./bind", "./rmw", "./order")
	if len(skipped) > 0 {
		t.Errorf("with the source alone, skipped: %v", skipped)
	}
	if d := cmp.Diff(summary(withObject), summary(sourceOnly)); d != "" {
		t.Errorf("findings differ (-object +source without generated code):\n%s", d)
	}
	for _, f := range withObject {
		if f.Map != "" && f.Confidence == diag.High && !slices.Contains(f.Evidence, diag.FromObject) && f.Rule != ruleIneffect {
			t.Errorf("%s: evidence %v without the object", f.Span, f.Evidence)
		}
	}
	for _, f := range withSource {
		if slices.Contains(f.Evidence, diag.FromObject) {
			t.Errorf("%s: evidence %v of an object that is not there", f.Span, f.Evidence)
		}
	}
}

// TestBadInput: each defect is told once, for its package, and other packages
// are analysed.
func TestBadInput(t *testing.T) {
	for _, tt := range []struct {
		name   string
		damage func(t *testing.T, dir string)
		want   string // in the one skip
	}{
		{"does not compile", func(t *testing.T, dir string) {
			write(t, filepath.Join(dir, "rmw", "bad.go"), "package rmw\n\nfunc f() { undefined() }\n\nfunc g() { undefinedToo() }\n")
		}, "rmw/bad.go:3:12: package example.com/maps/rmw does not compile: undefined: undefined; not analysed: f, g"},
		{"missing module", func(t *testing.T, dir string) {
			write(t, filepath.Join(dir, "rmw", "bad.go"), "package rmw\n\nimport _ \"gone.invalid/x\"\n")
		}, "rmw/bad.go:3:10: package example.com/maps/rmw does not compile: could not import gone.invalid/x: cannot find module providing package"},
		{"does not parse", func(t *testing.T, dir string) {
			write(t, filepath.Join(dir, "rmw", "bad.go"), "package rmw\n\nfunc {\n")
		}, "rmw/bad.go:3:6: package example.com/maps/rmw does not compile: expected"},
		{"import with errors", func(t *testing.T, dir string) {
			if err := os.Mkdir(filepath.Join(dir, "plain"), 0o755); err != nil {
				t.Fatal(err)
			}
			write(t, filepath.Join(dir, "plain", "plain.go"), "package plain\n\nimport \"gone.invalid/x\"\n\nfunc Value() x.T { panic(1) }\n")
			write(t, filepath.Join(dir, "rmw", "uses.go"), "package rmw\n\nimport \"example.com/maps/plain\"\n\nfunc uses() bool { return plain.Value().N > 3 }\n")
		}, "package example.com/maps/rmw does not compile: example.com/maps/plain has errors; not analysed: uses"},
		{"truncated object", func(t *testing.T, dir string) {
			name := filepath.Join(dir, "gotype", "x.o")
			text, err := os.ReadFile(filepath.Join(dir, "flows", "flows_bpfel.o"))
			if err != nil {
				t.Fatal(err)
			}
			write(t, name, string(text[:len(text)/2]))
			write(t, filepath.Join(dir, "gotype", "embed.go"), "package gotype\n\nimport _ \"embed\"\n\n//go:embed x.o\nvar object []byte\n")
		}, "gotype/x.o: "},
		{"another machine's object", func(t *testing.T, dir string) {
			elf := "\x7fELF\x02\x01\x01\x00" + strings.Repeat("\x00", 8) + "\x01\x00\x3e\x00\x01\x00\x00\x00" + strings.Repeat("\x00", 40)
			write(t, filepath.Join(dir, "gotype", "x.o"), elf)
			write(t, filepath.Join(dir, "gotype", "embed.go"), "package gotype\n\nimport _ \"embed\"\n\n//go:embed x.o\nvar object []byte\n")
		}, "gotype/x.o: not a BPF object"},
		{"missing object", func(t *testing.T, dir string) {
			write(t, filepath.Join(dir, "gotype", "embed.go"), "package gotype\n\nimport _ \"embed\"\n\n//go:embed x.o\nvar object []byte\n")
		}, "gotype/x.o: file does not exist"},
		{"missing source", func(t *testing.T, dir string) {
			write(t, filepath.Join(dir, "gotype", "gen.go"), "package gotype\n\n//go:generate go tool bpf2go -tags linux Gone ../gone.c -- -I..\n")
		}, "gone.c: file does not exist"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := copyModule(t)
			tt.damage(t, dir)
			findings, skipped := check(t, dir, "./rmw", "./gotype")
			var texts []string
			for _, s := range skipped {
				texts = append(texts, s.String())
			}
			if len(texts) != 1 || !strings.Contains(filepath.ToSlash(texts[0]), tt.want) {
				t.Errorf("skipped %q, want one with %q", texts, tt.want)
			}
			for _, pkg := range []string{"gotype", "rmw"} {
				if !slices.ContainsFunc(findings, func(f diag.Finding) bool { return strings.HasPrefix(f.Span.File, pkg) }) {
					t.Errorf("no findings in the rest of %s", pkg)
				}
			}
		})
	}
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

// TestNoGo: a folder without Go code is no error.
func TestNoGo(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "a.c"), "int x;\n")
	findings, skipped := check(t, dir, "./...")
	if len(findings)+len(skipped) > 0 {
		t.Errorf("got %v, %v", findings, skipped)
	}
}

// TestNestedModule: "./..." reaches modules below the working folder.
func TestNestedModule(t *testing.T) {
	dir := t.TempDir()
	if err := os.CopyFS(filepath.Join(dir, "ebpf"), os.DirFS(testModule(t))); err != nil {
		t.Fatal(err)
	}
	findings, skipped := check(t, dir, "./...")
	if len(skipped) > 0 {
		t.Error(skipped)
	}
	if !slices.ContainsFunc(findings, func(f diag.Finding) bool { return f.Span.File == filepath.Join("ebpf", "rmw", "rmw.go") }) {
		t.Error("nothing found in the nested module")
	}
}

// TestCgo: what uses C is analysed where cgo works. Where it does not, as without
// a C compiler or a header, the functions that use C are named, and the others
// are analysed all the same.
func TestCgo(t *testing.T) {
	const header, code, test = "thing.h", `package withc

// #include HEADER
import "C"

import "example.com/maps/flows"

type wrapped struct {
	c *C.struct_thing
	o *flows.FlowsObjects
}

var limit = C.limit(C.int(3))

func (w *wrapped) count(key C.uint) error {
	var v flows.FlowsCounts
	if err := w.o.Plain.Lookup(uint32(key), &v); err != nil {
		return err
	}
	for C.more(w.c) != 0 {
		v.Bytes += uint64(C.next(w.c, C.CString("x")))
	}
	return w.o.Plain.Put(uint32(key), v)
}

func (w *wrapped) plain() error {
	var v flows.FlowsCounts
	if err := w.o.Plain.Lookup(uint32(0), &v); err != nil {
		return err
	}
	v.Bytes++
	return w.o.Plain.Put(uint32(0), v)
}
`, `package withc

import "testing"

func TestF(*testing.T) { _ = (&wrapped{}).count(1) }
`
	lines := func(c *Checked) (out []int) {
		for _, f := range c.Findings {
			if f.Rule == "BLC305" && f.Span.File == filepath.Join("withc", "c.go") {
				out = append(out, f.Span.Line)
			}
		}
		return out
	}
	check := func(t *testing.T, include string, env ...string) *Checked {
		t.Helper()
		dir := copyModule(t)
		pkg := filepath.Join(dir, "withc")
		if err := os.Mkdir(pkg, 0o755); err != nil {
			t.Fatal(err)
		}
		for name, text := range map[string]string{
			header: "struct thing { int x; };\nstatic int limit(int x) { return x; }\nstatic int more(struct thing *t) { return t != 0; }\n" +
				"static unsigned long next(struct thing *t, char *s) { return t && s; }\n",
			"c.go":      strings.Replace(code, "HEADER", include, 1),
			"c_test.go": test,
		} {
			if err := os.WriteFile(filepath.Join(pkg, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		c, err := Check(context.Background(), []string{"./withc"}, Config{Dir: dir, Env: append(offline(), env...)})
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	t.Run("works", func(t *testing.T) {
		external.Require(t, "gcc", "Debian: gcc libc6-dev")
		c := check(t, `"thing.h"`, "CGO_ENABLED=1")
		if got := lines(c); len(c.Skipped) > 0 || !slices.Equal(got, []int{23, 32}) {
			t.Errorf("skipped: %v, findings in lines %v", c.Skipped, got)
		}
	})
	for name, env := range map[string][]string{"no header": nil, "no compiler": {"CC=/no/such/compiler"}} {
		t.Run(name, func(t *testing.T) {
			c := check(t, "<no/such/header.h>", env...)
			if got := lines(c); !slices.Equal(got, []int{32}) {
				t.Errorf("findings in lines %v", got)
			}
			if len(c.Skipped) != 1 || !strings.Contains(c.Skipped[0].Reason, "cgo fails") || !strings.HasSuffix(c.Skipped[0].Reason, "; not analysed: count, TestF") {
				t.Errorf("skipped: %v", c.Skipped)
			}
		})
	}
}
