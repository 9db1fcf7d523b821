package lsp_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bpflockcheck/bpflockcheck/internal/external"
)

const wantVmlinux = "BLC101@34 BLC106@34 BLC101@35"

// BenchmarkLatency measures how long the server takes from an edit to its
// diagnostics, for a unit that includes a whole vmlinux.h, beside how long
// clang takes to check the syntax of the same file, in turns. The ratio is that
// of the medians: run it with -benchtime 50x.
func BenchmarkLatency(b *testing.B) {
	clang := external.Require(b, "clang-19", "Debian: clang-19")
	dir := vmlinuxWorkspace(b)
	c, buf := openVmlinuxUnit(b, dir)
	var ours, theirs []time.Duration
	for b.Loop() {
		ours = append(ours, editOnce(buf, len(ours)))
		if err := os.WriteFile(buf.path, []byte(buf.text), 0o644); err != nil {
			b.Fatal(err)
		}
		cmd := exec.Command(clang, "-target", "bpf", "-O2", "-fsyntax-only", "-D__TARGET_ARCH_x86", "-I", dir, buf.path)
		began := time.Now()
		if out, err := cmd.CombinedOutput(); err != nil {
			b.Fatalf("%v\n%s", err, out)
		}
		theirs = append(theirs, time.Since(began))
	}
	c.shutDown()
	o, th := median(ours), median(theirs)
	b.ReportMetric(float64(o.Microseconds())/1000, "ms/edit")
	b.ReportMetric(float64(th.Microseconds())/1000, "ms/clang")
	b.ReportMetric(float64(o)/float64(th), "ratio")
}

// TestVmlinuxEdits checks what is published after edits of a unit that includes
// a whole vmlinux.h.
func TestVmlinuxEdits(t *testing.T) {
	c, b := openVmlinuxUnit(t, vmlinuxWorkspace(t))
	for i := range 3 {
		editOnce(b, i)
	}
	c.shutDown()
}

// BenchmarkEdit is one edit, from the notification to the diagnostics.
func BenchmarkEdit(b *testing.B) {
	dir := vmlinuxWorkspace(b)
	c, buf := openVmlinuxUnit(b, dir)
	i := 0
	for b.Loop() {
		editOnce(buf, i)
		i++
	}
	c.shutDown()
}

// editOnce changes a statement and waits for what is published.
func editOnce(b *buffer, i int) time.Duration {
	// A number that was not there before: nothing can be had from a cache of
	// whole texts.
	at := strings.Index(b.text, "v->bytes += ")
	old := b.text[at : at+strings.Index(b.text[at:], ";")]
	next := fmt.Sprintf("v->bytes += %d", 1000+i)
	began := time.Now()
	b.replace(old, next)
	ds := b.diagnostics()
	took := time.Since(began)
	if got, want := codes(ds), wantVmlinux; got != want {
		b.c.t.Fatalf("edit %d: %q, want %q", i, got, want)
	}
	return took
}

// kernelReader looks deep into the kernel's structures, so that much of
// vmlinux.h is needed.
const kernelReader = `SEC("fentry/tcp_v4_connect")
int BPF_PROG(connect, struct sock *sk)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	__u32 key = BPF_CORE_READ(task, mm, owner, tgid) + BPF_CORE_READ(sk, __sk_common.skc_dport);
	struct file *file = BPF_CORE_READ(sk, sk_socket, file);
	struct val *v = bpf_map_lookup_elem(&flows, &key);

	if (v && BPF_CORE_READ(file, f_inode, i_sb, s_dev))
		bpf_printk("%u", BPF_CORE_READ(task, nsproxy, net_ns, ns.inum));
	return 0;
}

`

// vmlinuxWorkspace makes a folder with the running kernel's vmlinux.h and a
// program that includes it.
func vmlinuxWorkspace(t testing.TB) string {
	t.Helper()
	const btf = "/sys/kernel/btf/vmlinux"
	bpftool := external.Require(t, "bpftool", "apt-get install bpftool")
	if _, err := os.Stat(btf); err != nil {
		external.Missing(t, fmt.Sprintf("no kernel types: %v", err))
	}
	header, err := exec.Command(bpftool, "btf", "dump", "file", btf, "format", "c").Output()
	if err != nil || !bytes.Contains(header, []byte("struct task_struct {")) {
		external.Missing(t, fmt.Sprintf("bpftool gives no vmlinux.h: %v", err))
	}
	t.Logf("vmlinux.h: %d bytes", len(header))
	text := strings.Replace(counting, "#include <linux/bpf.h>", "#include \"vmlinux.h\"", 1)
	text = strings.Replace(text, "#include <bpf/bpf_helpers.h>", "#include <bpf/bpf_helpers.h>\n#include <bpf/bpf_core_read.h>\n#include <bpf/bpf_tracing.h>", 1)
	text = strings.Replace(text, "char _license[]", kernelReader+"char _license[]", 1)
	return workspace(t, map[string]string{"vmlinux.h": string(header), "count.bpf.c": text})
}

func openVmlinuxUnit(t testing.TB, dir string) (*client, *buffer) {
	t.Helper()
	c := start(t)
	c.initialize([]string{dir}, nil)
	b := c.openFile(filepath.Join(dir, "count.bpf.c"))
	b.diagnostics()
	return c, b
}

func median(ds []time.Duration) time.Duration {
	ds = slices.Clone(ds)
	slices.Sort(ds)
	return ds[len(ds)/2]
}
