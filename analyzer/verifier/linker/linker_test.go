package linker

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/bpflockcheck/bpflockcheck/rules/kernel"
)

func compile(t testing.TB, name string, flags ...string) string {
	t.Helper()
	out := filepath.Join(t.TempDir(), name+".o")
	for _, clang := range []string{"clang-19", "clang"} {
		if _, err := exec.LookPath(clang); err != nil {
			continue
		}
		args := append([]string{"-target", "bpf", "-mcpu=v3", "-O2", "-g", "-c", name + ".c", "-o", out}, flags...)
		cmd := exec.Command(clang, args...)
		cmd.Dir = filepath.Join("..", "testdata")
		if msg, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", clang, err, msg)
		}
		return out
	}
	t.Skip("no clang")
	return ""
}

func open(t *testing.T, path string) *Object {
	t.Helper()
	o, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func (o *Object) program(t *testing.T, name string) *Program {
	t.Helper()
	for _, p := range o.Programs {
		if p.Name == name {
			return p
		}
	}
	t.Fatalf("no program %s", name)
	return nil
}

func (o *Object) mapNamed(t *testing.T, name string) *Map {
	t.Helper()
	for _, m := range o.Maps {
		if m.Name == name {
			return m
		}
	}
	t.Fatalf("no map %s", name)
	return nil
}

func TestMaps(t *testing.T) {
	o := open(t, compile(t, "locks"))
	vals := o.mapNamed(t, "vals")
	if vals.Type != kernel.MapTypeArray || vals.KeySize != 4 || vals.ValueSize != 16 || vals.MaxEntries != 1 || vals.ValueID == 0 {
		t.Errorf("vals: %+v", vals)
	}
	if m := o.mapNamed(t, "unsized"); m.MaxEntries != 0 || m.Type != kernel.MapTypeHash {
		t.Errorf("unsized: %+v", m)
	}
	if m := o.mapNamed(t, ".data.g"); m.ValueSize != 16 || len(m.Data) != 16 || m.Freeze || m.ValueID == 0 {
		t.Errorf(".data.g: %+v", m)
	}
	if o.License != "GPL" {
		t.Errorf("license %q", o.License)
	}
	o = open(t, compile(t, "load"))
	outer := o.mapNamed(t, "outer")
	if in := outer.Inner; in == nil || in.Type != kernel.MapTypeArray || in.ValueSize != 8 || outer.ValueSize != 4 {
		t.Errorf("outer: %+v", outer)
	}
	if m := o.mapNamed(t, ".rodata"); !m.Freeze || m.Flags&flagRdonlyProg == 0 {
		t.Errorf(".rodata: %+v", m)
	}
	if m := o.mapNamed(t, ".bss"); m.Data == nil || m.ValueSize != 8 {
		t.Errorf(".bss: %+v", m)
	}
	var names []string
	for _, k := range o.Kconfig {
		names = append(names, k.Name)
		if k.Off%k.Size != 0 {
			t.Errorf("%s is at %d", k.Name, k.Off)
		}
		if weak := k.Name != "LINUX_KERNEL_VERSION"; k.Weak != weak {
			t.Errorf("%s: weak %v", k.Name, k.Weak)
		}
	}
	slices.Sort(names)
	if !slices.Equal(names, []string{"CONFIG_BPF", "CONFIG_NO_SUCH_OPTION", "LINUX_KERNEL_VERSION"}) {
		t.Errorf("kconfig: %v", names)
	}
}

func TestLink(t *testing.T) {
	o := open(t, compile(t, "load"))
	p := o.program(t, "linked")
	if p.Err != nil {
		t.Fatal(p.Err)
	}
	// one and two follow, each once, and every call leads to the start of one.
	starts := map[int]bool{0: true}
	if n := len(p.FuncInfo) / FuncRecSize; n != 3 {
		t.Fatalf("%d functions", n)
	}
	for i := range 3 {
		starts[int(le.Uint32(p.FuncInfo[i*FuncRecSize:]))] = true
	}
	calls := 0
	for i, in := range p.Insns {
		if in.Op == opCall && in.Src() == pseudoCall {
			calls++
			if to := i + 1 + int(in.Imm); !starts[to] {
				t.Errorf("instruction %d calls %d, no function", i, to)
			}
		}
	}
	if calls != 3 {
		t.Errorf("%d calls", calls)
	}
	if l, ok := p.LineAt(0); !ok || filepath.Base(l.File) != "load.c" || l.Line == 0 || l.Text == "" {
		t.Errorf("line of instruction 0: %+v, %v", l, ok)
	}
	if _, ok := p.LineAt(-1); ok {
		t.Error("instruction -1 has a line")
	}

	kinds := map[string]RelocKind{"reachable_weak": RelKfunc, "strong": RelKfunc}
	for name, want := range kinds {
		p := o.program(t, name)
		if len(p.Relocs) != 1 || p.Relocs[0].Kind != want || p.Relocs[0].Func == nil || p.Relocs[0].Weak != (name == "reachable_weak") {
			t.Errorf("%s: %+v", name, p.Relocs)
		}
	}
	if p := o.program(t, "unknown"); p.Info.Known {
		t.Errorf("unknown: %+v", p.Info)
	}
	if p := o.program(t, "no_target"); p.AttachType != 24 || p.Info.Attach != "no_such_function" {
		t.Errorf("no_target: %+v", p)
	}
	p = o.program(t, "nested_map")
	if ms := p.Maps(); len(ms) != 1 || ms[0].Name != "outer" {
		t.Errorf("nested_map: %v", ms)
	}
}

// The BTF handed to the kernel has sizes and offsets in its data sections, and
// nothing extern.
func TestFixedBTF(t *testing.T) {
	o := open(t, compile(t, "load"))
	r, err := parseRawBTF(o.BTF)
	if err != nil {
		t.Fatal(err)
	}
	for id := 1; id < len(r.at); id++ {
		off := r.at[id]
		switch r.kindAt(off) {
		case kindDatasec:
			if r.field(off, 2) == 0 {
				t.Errorf("section %s has no size", r.name(off))
			}
			if r.name(off) == ".ksyms" {
				t.Error(".ksyms is left")
			}
		case kindFunc:
			if r.vlenAt(off) == 2 {
				t.Errorf("extern function %s is left", r.name(off))
			}
		case kindVar:
			if r.field(off, 3) == 2 {
				t.Errorf("extern variable %s is left", r.name(off))
			}
		}
	}
}

// An object without debug information still links: calls, maps of data
// sections and legacy maps need no BTF.
func TestNoBTF(t *testing.T) {
	out := filepath.Join(t.TempDir(), "x.o")
	src := filepath.Join(t.TempDir(), "x.c")
	const text = `
struct bpf_map_def { unsigned type, key_size, value_size, max_entries, flags; };
struct bpf_map_def counters __attribute__((section("maps"), used)) = {2, 4, 8, 3, 0};
static void *(*lookup)(void *, const void *) = (void *)1;
__attribute__((noinline)) int helper(int x) { return x * 3; }
__attribute__((section("xdp"))) int prog(void *ctx) { int k = 0; long *v = lookup(&counters, &k); return v ? helper(*v) : 0; }
char LICENSE[] __attribute__((section("license"))) = "GPL";
`
	if err := os.WriteFile(src, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	clang := "clang-19"
	if _, err := exec.LookPath(clang); err != nil {
		t.Skip("no " + clang)
	}
	if msg, err := exec.Command(clang, "-target", "bpf", "-O2", "-c", src, "-o", out).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, msg)
	}
	o := open(t, out)
	p := o.program(t, "prog")
	if p.Err != nil || len(p.Relocs) != 1 || p.Relocs[0].Map == nil {
		t.Fatalf("%v %+v", p.Err, p.Relocs)
	}
	if m := p.Relocs[0].Map; m.Name != "counters" || m.Type != kernel.MapTypeArray || m.ValueSize != 8 || m.MaxEntries != 3 {
		t.Errorf("%+v", m)
	}
	if o.BTF != nil || len(p.FuncInfo) != 0 {
		t.Error("BTF out of nowhere")
	}
}

func TestBadInput(t *testing.T) {
	dir := t.TempDir()
	write := func(name string, b []byte) string {
		p := filepath.Join(dir, name)
		if err := os.WriteFile(p, b, 0o600); err != nil {
			t.Fatal(err)
		}
		return p
	}
	for _, tt := range []struct{ name, path, want string }{
		{"a source", write("prog.bpf.c", []byte("#include <linux/bpf.h>\n")), "not a BPF object: no ELF file; of a C source, give what clang"},
		{"three bytes", write("short", []byte("\x7fEL")), "not a BPF object: no ELF file"},
		{"no bytes", write("empty", nil), "not a BPF object: no ELF file"},
		{"no file", filepath.Join(dir, "gone.o"), "no such file or directory"},
		{"a folder", dir, "is a directory"},
	} {
		if _, err := Open(tt.path); err == nil || !strings.HasPrefix(err.Error(), tt.want) {
			t.Errorf("%s: error %v, want one that begins with %q", tt.name, err, tt.want)
		}
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Open(exe); err == nil || !errors.Is(err, ErrNotBPF) {
		t.Errorf("an executable: %v", err)
	}
	if _, err := Open(compile(t, "load", "-target", "bpfeb")); !errors.Is(err, ErrBigEndian) {
		t.Errorf("big endian: %v", err)
	}
}

// Damaged objects give an error or a program with one, and never a panic.
func TestDamaged(t *testing.T) {
	whole, err := os.ReadFile(compile(t, "locks"))
	if err != nil {
		t.Fatal(err)
	}
	for n := 0; n < len(whole); n += 97 {
		readBytes(whole[:n])
	}
	// A simple generator, so that a failure repeats.
	seed := uint32(1)
	next := func(n int) int {
		seed = seed*1664525 + 1013904223
		return int(seed>>8) % n
	}
	for range 3000 {
		b := slices.Clone(whole)
		for range 1 + next(6) {
			b[next(len(b))] = byte(next(256))
		}
		readBytes(b)
	}
}

type bytesAt []byte

func (b bytesAt) ReadAt(p []byte, off int64) (int, error) {
	if off >= int64(len(b)) {
		return 0, errors.New("beyond the end")
	}
	n := copy(p, b[off:])
	if n < len(p) {
		return n, errors.New("beyond the end")
	}
	return n, nil
}

func readBytes(b []byte) {
	o, err := Read("x.o", bytesAt(b))
	if err != nil {
		return
	}
	for _, p := range o.Programs {
		for i := range p.Insns {
			p.LineAt(i)
		}
		for _, r := range p.Relocs {
			if r.Insn < 0 || r.Insn >= len(p.Insns) {
				panic("relocation outside of the program")
			}
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte("\x7fELF"))
	if b, err := os.ReadFile(compile(f, "load")); err == nil {
		f.Add(b)
	}
	f.Fuzz(func(_ *testing.T, b []byte) { readBytes(b) })
}
