package analyzer

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// tree writes files, by path and content.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

const bpfC = "SEC(\"xdp\") int f(void) { return 0; }\n"

// elfHeader is the part of an object's header that tells what it is.
func elfHeader(data, machine byte) string {
	h := make([]byte, 64)
	copy(h, "\x7fELF\x02")
	h[5] = data
	if data == 2 {
		h[19] = machine
	} else {
		h[18] = machine
	}
	return string(h)
}

func TestDiscover(t *testing.T) {
	const bpf, x86 = 247, 62
	dir := tree(t, map[string]string{
		"a.bpf.c": bpfC, "user.c": "int main(void) { return 0; }\n", "b/c.c": bpfC, "b/little": elfHeader(1, bpf), "b/big.o": elfHeader(2, bpf),
		"b/host.o": elfHeader(1, x86), "b/short.o": "\x7fELF", ".gitignore": "/out/\n*.gen.c\n", "out/x.c": bpfC, "b/x.gen.c": bpfC,
		"b/.gitignore": "!keep.gen.c\n", "b/keep.gen.c": bpfC, "vendor/v.c": bpfC, ".git/config": "", "testdata/t.c": bpfC,
		"skip/s.c": bpfC,
	})
	if err := os.Symlink("a.bpf.c", filepath.Join(dir, "link.c")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(".", filepath.Join(dir, "b", "loop")); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name string
		args []string
		want []string
		bad  []string
	}{
		{"all", nil, []string{"a.bpf.c", "b/big.o", "b/c.c", "b/keep.gen.c", "b/little", "testdata/t.c"}, nil},
		{"a folder", []string{"b"}, []string{"b/big.o", "b/c.c", "b/keep.gen.c", "b/little"}, nil},
		{"what is named is taken as it is", []string{"out/x.c", "user.c", "vendor"}, []string{"out/x.c", "user.c", "vendor/v.c"}, nil},
		{"once each", []string{"a.bpf.c", "./a.bpf.c", "link.c"}, []string{"a.bpf.c"}, nil},
		{"what is no input", []string{"a.bpf.c", "b/host.o", "gone.c", "gone/..."}, []string{"a.bpf.c"}, []string{"b/host.o", "gone.c"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o, err := Options{Dir: dir, Exclude: []string{"skip"}}.normal()
			if err != nil {
				t.Fatal(err)
			}
			in, err := discover(tt.args, &o)
			if err != nil {
				t.Fatal(err)
			}
			var got, bad []string
			for _, f := range in.files {
				got = append(got, filepath.ToSlash(f.path))
				if f.abs != filepath.Join(dir, f.path) {
					t.Errorf("%s has the absolute path %s", f.path, f.abs)
				}
			}
			for _, f := range in.failed {
				bad = append(bad, f.Span.File)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(tt.bad, bad); diff != "" {
				t.Error(diff)
			}
		})
	}
	o, err := Options{Dir: t.TempDir()}.normal()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := discover(nil, &o); !errors.Is(err, ErrNoInput) {
		t.Errorf("an empty folder gives %v", err)
	}
}

func TestDiscoverGo(t *testing.T) {
	dir := tree(t, map[string]string{
		"go.mod": "module x\n", "m/a.go": "package m\nimport _ \"github.com/cilium/ebpf\"\n", "n/b.go": "package n\n", "m/c.c": bpfC,
		"g/a.go": "package g\nimport _ \"github.com/iovisor/gobpf/elf\"\n", "t/a.go": "package t\n\n//go:generate go tool bpf2go x x.c\n",
	})
	for _, tt := range []struct {
		arg  string
		want []string
	}{
		{"m", []string{"./m/..."}}, {"./...", []string{"./..."}}, {".", []string{"./..."}}, {"m/a.go", []string{"./m"}},
		{"example.com/x/...", []string{"example.com/x/..."}}, {"m/c.c", nil}, {"g", []string{"./g/..."}}, {"t", []string{"./t/..."}},
	} {
		o, err := Options{Dir: dir}.normal()
		if err != nil {
			t.Fatal(err)
		}
		in, err := discover([]string{tt.arg}, &o)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(tt.want, in.golang.patterns); diff != "" {
			t.Errorf("%s: %s", tt.arg, diff)
		}
	}
}

func TestUsesSEC(t *testing.T) {
	for src, want := range map[string]bool{
		bpfC: true, "\tSEC(\".maps\")": true, "} m SEC(\".maps\");": true, "/* x */ SEC(\"a\")": true, "x; /* SEC(a) */\nSEC(a)": true,
		"// SEC(\"xdp\")": false, " * SEC(\"xdp\")": false, "/* SEC(\"xdp\")": false, "#define SEC(x) y": false, "puts(\"SEC(\")": false,
		"TASK_SEC(1)": false, "": false,
	} {
		if got := usesSEC([]byte(src)); got != want {
			t.Errorf("usesSEC(%q) = %v, want %v", src, got, want)
		}
	}
}
