package unit

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bpflockcheck/bpflockcheck/analyzer/csource/headers"
)

// BenchmarkLoad loads a unit of about 300 lines that includes a vmlinux.h of 2.8 MB,
// with a fresh cache each time: what a run for one file costs. Where clang is
// installed it also measures clang -fsyntax-only on the same unit, as "clang-ms", and
// the ratio of the two. BPF_C, and BPF_INCLUDE for an include folder, measure another
// file instead.
func BenchmarkLoad(b *testing.B) {
	path, include := os.Getenv("BPF_C"), os.Getenv("BPF_INCLUDE")
	if path == "" {
		dir := benchProject(b)
		path, include = filepath.Join(dir, "prog.bpf.c"), dir
	}
	cfg := Config{}
	if include != "" {
		cfg.IncludeDirs = []string{include}
	}
	n := 0
	start := time.Now()
	for b.Loop() {
		u, err := Load(context.Background(), path, cfg)
		if err != nil {
			b.Fatal(err)
		}
		if n++; n == 1 {
			if len(u.Skipped) > 0 {
				b.Log(u.Skipped)
			}
			b.ReportMetric(float64(len(u.text.items)), "decls")
			b.ReportMetric(float64(len(u.text.buf)), "bytes")
		}
	}
	each := time.Since(start) / time.Duration(n)
	if clang := clangTime(b, path, include); clang > 0 {
		b.ReportMetric(float64(clang.Microseconds())/1000, "clang-ms")
		b.ReportMetric(float64(each)/float64(clang), "of-clang")
	}
}

// BenchmarkLoadAgain is what each further file of the same run costs.
func BenchmarkLoadAgain(b *testing.B) {
	dir := benchProject(b)
	cfg := Config{IncludeDirs: []string{dir}, Cache: NewCache()}
	for b.Loop() {
		if _, err := Load(context.Background(), filepath.Join(dir, "prog.bpf.c"), cfg); err != nil {
			b.Fatal(err)
		}
	}
}

// clangTime gives the best of five runs of clang, 0 when there is none.
func clangTime(b *testing.B, path, include string) (best time.Duration) {
	clang := ""
	for _, name := range []string{"clang", "clang-19", "clang-20", "clang-18", "clang-17"} {
		if p, err := exec.LookPath(name); err == nil {
			clang = p
			break
		}
	}
	if clang == "" {
		return 0
	}
	for range 5 {
		cmd := exec.Command(clang, "-target", "bpf", "-D__TARGET_ARCH_x86", "-I", include, "-fsyntax-only", "-w", path)
		start := time.Now()
		if out, err := cmd.CombinedOutput(); err != nil {
			b.Logf("clang: %v\n%s", err, out)
			return 0
		}
		if d := time.Since(start); best == 0 || d < best {
			best = d
		}
	}
	return best
}

// benchProject writes a BPF program, a vmlinux.h as large as a real one, and libbpf's
// headers.
func benchProject(b *testing.B) string {
	dir := b.TempDir()
	write := func(name, text string) {
		p := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			b.Fatal(err)
		}
		if err := os.WriteFile(p, []byte(text), 0o644); err != nil {
			b.Fatal(err)
		}
	}
	for _, n := range []string{"bpf_helpers.h", "bpf_helper_defs.h", "bpf_tracing.h", "bpf_core_read.h"} {
		text, _ := headers.Read("bpf/" + n)
		write("bpf/"+n, text)
	}
	write("vmlinux.h", benchVmlinux())
	var s strings.Builder
	s.WriteString("#include <vmlinux.h>\n#include <bpf/bpf_helpers.h>\n#include <bpf/bpf_tracing.h>\n#include <bpf/bpf_core_read.h>\n\nchar LICENSE[] SEC(\"license\") = \"GPL\";\n")
	for i := range 14 {
		fmt.Fprintf(&s, `
struct stat_%[1]d {
	u64 count;
	u64 bytes;
	u32 last;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, u32);
	__type(value, struct stat_%[1]d);
} stats_%[1]d SEC(".maps");

SEC("fentry/f_%[1]d")
int BPF_PROG(count_%[1]d, struct k_%[2]d *k)
{
	u32 key = BPF_CORE_READ(k, next_%[2]d, id);
	struct stat_%[1]d *s = bpf_map_lookup_elem(&stats_%[1]d, &key);
	if (!s)
		return 0;
	__sync_fetch_and_add(&s->count, 1);
	s->bytes += k->size;
	return 0;
}
`, i, 100*i+50)
	}
	write("prog.bpf.c", s.String())
	return dir
}

// benchVmlinux makes a header in the manner of bpftool: 16,000 declarations that
// point at one another, 2.8 MB.
func benchVmlinux() string {
	var s strings.Builder
	s.WriteString("#ifndef __VMLINUX_H__\n#define __VMLINUX_H__\n\n")
	for _, line := range strings.SplitAfter(headers.Vmlinux(), "\n") {
		s.WriteString(line)
	}
	for i := 0; s.Len() < 2800<<10; i++ {
		fmt.Fprintf(&s, "typedef long unsigned int word_%d_t;\n\nenum kind_%d {\n\tKIND_%d_NONE = 0,\n\tKIND_%d_SOME = 1,\n};\n\n", i, i, i, i)
		fmt.Fprintf(&s, "struct k_%d {\n\tstruct list_head list;\n\tstruct k_%d *next_%d;\n\tstruct k_%d *owner_%d;\n\tu32 id;\n\tlong unsigned int size;\n\tint (*operate)(struct k_%d *, const char *, size_t);\n\tenum kind_%d kind;\n\tword_%d_t words[4];\n\tspinlock_t lock;\n\tunion {\n\t\tstruct rb_node node;\n\t\tvoid *private_data;\n\t};\n};\n\n",
			i, i+1, i, i/2, i, i*3+1, i, i)
	}
	s.WriteString("#endif\n")
	return s.String()
}
