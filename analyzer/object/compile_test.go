package object

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bpflockcheck/bpflockcheck/analyzer/diag"
	"github.com/bpflockcheck/bpflockcheck/analyzer/ir"
	"github.com/bpflockcheck/bpflockcheck/internal/external"
)

// compile builds one of the sources with clang and gives the object's path.
func compile(t *testing.T, source string, flags ...string) string {
	t.Helper()
	clang := external.Require(t, "clang-19", "apt-get install clang-19")
	out := filepath.Join(t.TempDir(), strings.TrimSuffix(filepath.Base(source), ".c")+".o")
	args := append([]string{"-O2", "-Wno-everything", "-c", source, "-o", out}, flags...)
	if msg, err := exec.Command(clang, args...).CombinedOutput(); err != nil {
		t.Fatalf("clang %v: %v\n%s", args, err, msg)
	}
	return out
}

// TestCompiled lowers the sources for every instruction set, byte order and
// kind of debugging information, and checks what must be the same in all.
func TestCompiled(t *testing.T) {
	tests := []struct {
		source string
		cpus   []string
		want   []string // parts of the dump, in order
		skips  int      // how much could not be lowered, and why
	}{
		{"maps.c", nil, []string{
			"program count: xdp",
			"map flows\n", "call helper bpf_map_lookup_elem", "call helper bpf_spin_lock", "call helper bpf_spin_unlock",
			"= map raw\n", "= map jumps\n", "call helper bpf_tail_call", "= map outer\n",
		}, 0},
		{"globals.c", nil, []string{
			"program globals: tp_btf/sched_switch",
			"= &zero + 0", "= &hidden_count + 0", "= &guard + 0", "call helper bpf_spin_lock", "= &guarded + 0", "call helper bpf_spin_unlock",
			"= &CONFIG_HZ + 0", "call kfunc kernel_function(", "call kfunc maybe_function(",
		}, 0},
		{"calls.c", nil, []string{
			"program first: socket", "program second: socket", "program last: ?tc",
			"func first:", "= func each\n", "call helper bpf_loop", "call func twice", "call func shared", "call func inner_only", "elsewhere(",
			"func second:", "call func beside",
		}, 0},
		{"atomics.c", []string{"v3", "v4"}, []string{
			"atomic add64 ", "atomic or32 ", "atomic and64 ", "atomic xor64 ",
			"fetch", "atomic or64 ", "atomic and32 ", "atomic xor64 ", "atomic xchg64 ", "atomic cmpxchg64 ",
		}, 0},
		{"acquire.c", nil, []string{"atomic load8 r1 + 2", "-> r0", "atomic store64 r1 + 0, r0"}, 0},
		{"jumps.c", nil, []string{
			"= exts8 r1", "= exts16 r1", "= opaque(r5)", "if r1 &?64 4", "if r1 <s32 -1", "/s64 3", "%s32 r2", "s>>32 2",
			"func may_goto", "may goto", "func packet", "= packet[r1]", "= packet[12]", "= call r2 (",
		}, 0},
		{"structops.c", nil, []string{
			"ops_init, struct_ops congestion_ops.init", "ops_threshold, struct_ops congestion_ops.threshold", "ops_old, struct_ops congestion_ops.threshold",
		}, 0},
		{"legacy.c", nil, []string{
			"map table: hash key 4 ? value 16 ? entries 100 flags 0x1 legacy true",
			"map other: array key 4 ? value 8 ? entries 1 flags 0x0 legacy true",
			"= map table\n", "atomic add64", "= map other\n",
		}, 0},
	}
	debug := []struct{ flag, name string }{{"-g", "debug"}, {"-gdwarf-4", "dwarf4"}, {"-g0", "bare"}}
	for _, tt := range tests {
		cpus := tt.cpus
		if cpus == nil {
			cpus = []string{"v1", "v3", "v4"}
		}
		for _, cpu := range cpus {
			for _, target := range []string{"bpfel", "bpfeb"} {
				for _, d := range debug {
					if d.flag == "-g0" && tt.source != "legacy.c" && tt.source != "jumps.c" && tt.source != "acquire.c" && tt.source != "atomics.c" {
						continue // BTF is what these are about
					}
					if d.flag != "-g" && cpu != "v3" {
						continue // what is read does not depend on the instruction set
					}
					t.Run(strings.Join([]string{tt.source, target, cpu, d.name}, "/"), func(t *testing.T) {
						p := compile(t, filepath.Join(sources, tt.source), "-target", target, "-mcpu="+cpu, d.flag)
						u, err := Load(context.Background(), p, Config{})
						if err != nil {
							t.Fatal(err)
						}
						checkUnit(t, u)
						if len(u.Skipped) != tt.skips {
							t.Errorf("skipped: %v", u.Skipped)
						}
						rest := dump(u)
						for _, w := range tt.want {
							i := strings.Index(rest, w)
							if i < 0 {
								t.Fatalf("no %q (in this order) in:\n%s", w, dump(u))
							}
							rest = rest[i+len(w):]
						}
						checkLines(t, u, d.flag != "-g0")
					})
				}
			}
		}
	}
}

// checkLines checks that positions are in the source, or nowhere without
// debugging information.
func checkLines(t *testing.T, u *ir.Unit, debug bool) {
	t.Helper()
	for _, f := range u.Funcs {
		for _, b := range f.Blocks {
			for _, in := range b.Instrs {
				p := in.At()
				if (p.Line > 0) != debug {
					t.Fatalf("%s: instruction %d is at %v", f.Name, p.Insn, p.Span)
				}
				if debug && !strings.HasSuffix(p.File, ".c") || !debug && p.File != u.Name || p.Insn < 1 {
					t.Fatalf("%s: instruction %d is in file %s", f.Name, p.Insn, p.File)
				}
			}
		}
	}
}

// TestDamage lowers every prebuilt object cut short at many places, and with
// single bytes changed: an error or a unit, never a panic, and always well
// formed.
func TestDamage(t *testing.T) {
	for _, p := range prebuilt(t) {
		data, err := os.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		for n := 0; n < len(data); n += 1 + len(data)/100 {
			lowerBytes(t, data[:n])
		}
		for i := 0; i < len(data); i += 1 + len(data)/150 {
			for _, bit := range []byte{1, 0x80, 0xff} {
				changed := append([]byte(nil), data...)
				changed[i] ^= bit
				lowerBytes(t, changed)
			}
		}
	}
}

// lowerBytes lowers an object in memory and checks the outcome.
func lowerBytes(t testing.TB, data []byte) (*ir.Unit, error) {
	t.Helper()
	u, err := LoadReader("damaged.o", &readerAt{data}, Config{KeepPaths: true})
	switch {
	case err != nil && u != nil:
		t.Fatalf("both a unit and an error: %v", err)
	case err == nil:
		checkUnit(t, u)
		if u.Evidence != diag.FromObject {
			t.Fatalf("evidence is %q", u.Evidence)
		}
	case strings.Contains(err.Error(), "runtime error"):
		t.Fatalf("a bug, not an error: %v", err)
	}
	return u, err
}
