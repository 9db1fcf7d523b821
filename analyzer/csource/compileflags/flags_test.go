package compileflags

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// write makes files below a new folder, which it returns.
func write(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
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

func TestFind(t *testing.T) {
	for _, tt := range []struct {
		name   string
		files  map[string]string
		file   string
		want   []string // ROOT stands for the folder
		source string
	}{
		{
			name:   "compile_commands with a command",
			files:  map[string]string{"build/compile_commands.json": `[{"directory": "..", "file": "src/a.bpf.c", "command": "clang -O2 -Iinc -D 'X=a b' -isystem sys -c src/a.bpf.c"}]`},
			file:   "src/a.bpf.c",
			want:   []string{"-I", "ROOT/inc", "-D", "X=a b", "-isystem", "ROOT/sys"},
			source: "build/compile_commands.json",
		},
		{
			name:   "compile_commands with arguments wins over the rest",
			files:  map[string]string{"compile_commands.json": `[{"directory": ".", "file": "a.c", "arguments": ["clang", "-I", "one"]}]`, "compile_flags.txt": "-Itwo\n"},
			file:   "a.c",
			want:   []string{"-I", "ROOT/one"},
			source: "compile_commands.json",
		},
		{
			name:   "compile_commands for another file",
			files:  map[string]string{"compile_commands.json": `[{"directory": ".", "file": "b.c", "arguments": ["clang", "-I", "one"]}]`, "compile_flags.txt": "-Itwo\n-DA\n"},
			file:   "sub/a.c",
			want:   []string{"-I", "ROOT/two", "-D", "A"},
			source: "compile_flags.txt",
		},
		{
			name:   "bpf2go beside the file",
			files:  map[string]string{"gen.go": "package p\n\n//go:generate go run github.com/cilium/ebpf/cmd/bpf2go@v0.22.0 -target amd64 -type event Prog prog.c -- -I../headers -DX\n"},
			file:   "prog.c",
			want:   []string{"-D", "__TARGET_ARCH_x86", "-I", "PARENT/headers", "-D", "X"},
			source: "gen.go",
		},
		{
			name:   "bpf2go in the folder above, as a tool",
			files:  map[string]string{"main.go": "package main\n//go:generate go tool bpf2go -no-strip -cflags \"-O2 -Ibpf/inc\" Prog ./bpf/prog.c\n"},
			file:   "bpf/prog.c",
			want:   []string{"-I", "ROOT/bpf/inc"},
			source: "main.go",
		},
		{
			name:   "bpf2go in a folder beside",
			files:  map[string]string{"cmd/gen.go": "package main\n//go:generate bpf2go Prog ../bpf/prog.c -- -I../inc\n"},
			file:   "bpf/prog.c",
			want:   []string{"-I", "ROOT/inc"},
			source: "cmd/gen.go",
		},
		{name: "malformed database", files: map[string]string{"compile_commands.json": `[{`}, file: "a.c"},
		{name: "nothing", file: "a.c"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			root := write(t, tt.files)
			got, ok := NewFinder().Find(filepath.Join(root, tt.file), root)
			if ok != (tt.want != nil) {
				t.Fatalf("found %v: %+v", ok, got)
			}
			if !ok {
				return
			}
			var want []string
			for _, w := range tt.want {
				w = filepath.FromSlash(w)
				if len(w) > 5 && w[:5] == "ROOT/" {
					w = filepath.Join(root, w[5:])
				} else if len(w) > 7 && w[:7] == "PARENT/" {
					w = filepath.Join(filepath.Dir(root), w[7:])
				}
				want = append(want, w)
			}
			if d := cmp.Diff(want, got.Args); d != "" {
				t.Error(d)
			}
			if got.Source != filepath.Join(root, tt.source) {
				t.Errorf("source %s", got.Source)
			}
		})
	}
}

func TestSplit(t *testing.T) {
	got := Split(`clang  -DX="a \"b\"" 'c d' e\ f ""`)
	if d := cmp.Diff([]string{"clang", `-DX=a "b"`, "c d", "e f", ""}, got); d != "" {
		t.Error(d)
	}
}
