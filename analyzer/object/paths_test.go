package object

import (
	"os"
	"path/filepath"
	"testing"
)

func TestResolvePath(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		p := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	const text = "int a;\nint b;\n\tint c;\nint d;\n"
	write("work/src/here.c", text)
	write("work/obj/beside.c", text)
	write("work/src/moved.c", text)
	write("work/obj/built/moved2.c", text)
	write("work/src/changed.c", "int a;\nint x;\nint c;\nint d;\n")
	write("other/out.c", text)
	recorded := map[int]string{1: "int a;", 2: "int b;", 3: "\tint c;"}

	tests := []struct{ recorded, want string }{
		{"src/here.c", "src/here.c"},
		{"./src/here.c", "src/here.c"},
		{"./beside.c", "obj/beside.c"},
		{filepath.Join(dir, "work/src/here.c"), "src/here.c"},
		{filepath.Join(dir, "other/out.c"), filepath.Join(dir, "other/out.c")},
		{"/build/1234/src/moved.c", "src/moved.c"},
		{"/build/1234/built/moved2.c", "obj/built/moved2.c"},
		{"/build/1234/src/changed.c", "/build/1234/src/changed.c"}, // another text: another file
		{"/build/1234/src/none.c", "/build/1234/src/none.c"},
		{"/build/src/here.c", "/build/src/here.c"}, // too little is known of it
		{"", ""},
	}
	m := newPathMapper("obj/x.o", Config{Dir: filepath.Join(dir, "work")})
	for _, f := range []string{"/build/1234/src/moved.c", "/build/1234/built/moved2.c", "/build/1234/src/changed.c", "/build/1234/src/none.c"} {
		var lines []lineInfo
		for n, s := range recorded {
			lines = append(lines, lineInfo{file: f, line: n, text: s})
		}
		m.learn(map[string][]lineInfo{"xdp": lines})
	}
	for _, tt := range tests {
		for range 2 { // the second time from memory
			if got := m.resolve(tt.recorded); got != tt.want {
				t.Errorf("%q resolves to %q, want %q", tt.recorded, got, tt.want)
			}
		}
	}
	keep := newPathMapper("obj/x.o", Config{Dir: filepath.Join(dir, "work"), KeepPaths: true})
	if got := keep.resolve("./src/here.c"); got != "./src/here.c" {
		t.Errorf("a path to be kept became %q", got)
	}
}
