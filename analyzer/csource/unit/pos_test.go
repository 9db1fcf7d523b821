package unit

import (
	"context"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"modernc.org/cc/v4"

	"github.com/bpflockcheck/bpflockcheck/analyzer/position"
)

// nodes visits all nodes below n.
func nodes(n cc.Node, visit func(cc.Node)) {
	v := reflect.ValueOf(n)
	if !v.IsValid() || v.Kind() == reflect.Pointer && v.IsNil() {
		return
	}
	visit(n)
	if v.Kind() == reflect.Pointer {
		v = v.Elem()
	}
	if v.Kind() != reflect.Struct || v.Type() == tokenType {
		return
	}
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if f.IsExported() && f.Type != tokenType && f.Type.Implements(nodeType) && !v.Field(i).IsNil() {
			nodes(v.Field(i).Interface().(cc.Node), visit)
		}
	}
}

// find gives the first node below n that is spelled text.
func find[T cc.Node](t *testing.T, u *Unit, n cc.Node, text string) (found T) {
	t.Helper()
	ok := false
	nodes(n, func(n cc.Node) {
		if x, is := n.(T); is && !ok && u.Text(n) == text {
			found, ok = x, true
		}
	})
	if !ok {
		t.Fatalf("no %T spelled %q", found, text)
	}
	return found
}

const posText = `#define SEC(n) __attribute__((section(n), used))
#define WRITE_ONCE(x, v) (*(volatile __typeof__(x) *)&(x) = (v))
#define INC(x) WRITE_ONCE(x, x + 1)
#define LIMIT 10
#define FN(name, args...) int name(int ctx, ##args)
struct val { int count; int arr[4]; };
	SEC("xdp") FN(prog, struct val *v, int i)
{
	v->count = v->arr[i] + LIMIT;
	WRITE_ONCE(v->count,
		   v->count + 1);
	INC(v->arr[ /* which */ i ]);
	__sync_fetch_and_add(&v->count, 1);
	if (v->count > LIMIT)
		return "a" "b"[0];
	return 0;
}
`

func TestPositions(t *testing.T) {
	u := mustLoad(t, posText)
	f := functions(u)["prog"]
	if f == nil {
		t.Fatal(u.Skipped)
	}
	file := u.Path
	sp := func(l, c, el, ec int) position.Span {
		return position.Span{File: u.Files[0].Path, Line: l, Col: c, EndLine: el, EndCol: ec}
	}
	if u.Files[0].Path != file {
		t.Fatalf("file %s", u.Files[0].Path)
	}
	for _, tt := range []struct {
		text  string
		span  position.Span
		macro string
		def   int // line
	}{
		{"v->count = v->arr[i] + LIMIT", sp(9, 2, 9, 30), "", 0},
		{"v->arr[i] + LIMIT", sp(9, 13, 9, 30), "", 0},
		{"LIMIT", sp(9, 25, 9, 30), "LIMIT", 4},
		{"WRITE_ONCE(v->count, v->count + 1)", sp(10, 2, 11, 19), "WRITE_ONCE", 2},
		{"v->count + 1", sp(11, 6, 11, 18), "", 0},
		{"INC(v->arr[ /* which */ i ])", sp(12, 2, 12, 30), "INC", 3},
		{"v->arr[ /* which */ i ]", sp(12, 6, 12, 29), "", 0},
		{"__sync_fetch_and_add(&v->count, 1)", sp(13, 2, 13, 36), "", 0},
		{"v->count > LIMIT", sp(14, 6, 14, 22), "", 0},
		{`"a" "b"[0]`, sp(15, 10, 15, 20), "", 0},
	} {
		n := find[cc.ExpressionNode](t, u, f, tt.text)
		p := u.Pos(n)
		if p.Span != tt.span || p.Macro != tt.macro || p.MacroDef.Line != tt.def {
			t.Errorf("%s: %+v, macro %q defined at %v; want %+v", tt.text, p.Span, p.Macro, p.MacroDef, tt.span)
		}
		if u.Pos(n) != p {
			t.Errorf("%s: the position is not shared", tt.text)
		}
	}
	// A macro's argument is where it is spelled, even as a function's name.
	if p := u.Pos(f.Declarator.NameTok()); p.Span != sp(7, 16, 7, 20) || p.Macro != "" {
		t.Errorf("name: %+v", p)
	}
	if p := u.Pos(nil); p != nil {
		t.Errorf("%+v", p)
	}
}

// Every node of a real program has a position inside its file.
func TestEveryNodeHasAPlace(t *testing.T) {
	u := mustLoad(t, `#include <vmlinux.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_core_read.h>
struct { __uint(type, BPF_MAP_TYPE_HASH); __type(key, u32); __type(value, u64); __uint(max_entries, 1); } m SEC(".maps");
SEC("fentry/do_nanosleep")
int BPF_PROG(sleep_enter, struct task_struct *t)
{
	u32 pid = BPF_CORE_READ(t, real_parent, tgid), i;
	u64 *v = bpf_map_lookup_elem(&m, &pid);
	if (v)
		__sync_fetch_and_add(v, 1);
	bpf_for(i, 0, 10)
		bpf_printk("%d %d", i, pid);
	return 0;
}
char LICENSE[] SEC("license") = "GPL";
`)
	if len(u.Skipped) > 0 {
		t.Fatal(u.Skipped)
	}
	data, err := os.ReadFile(u.Path)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(data), "\n")
	n := 0
	for _, f := range functions(u) {
		nodes(f, func(x cc.Node) {
			if _, ok := x.(cc.ExpressionNode); !ok {
				return
			}
			p := u.Pos(x)
			if p == nil {
				return // what cc injects: __func__
			}
			if p.File != u.Path {
				return
			}
			n++
			if p.Line < 1 || p.Line > len(lines) || p.Col < 1 || p.Col > len(lines[p.Line-1])+1 || p.EndLine < p.Line || p.EndLine == p.Line && p.EndCol <= p.Col {
				t.Errorf("%+v", p)
			}
			if u.Text(x) == "" {
				t.Errorf("%+v has no text", p)
			}
		})
	}
	if n < 100 {
		t.Errorf("only %d expressions", n)
	}
}

func TestHeaderLookup(t *testing.T) {
	for _, tt := range []struct {
		name  string
		files map[string]string // h.h says where it is: int from_X;
		cfg   Config            // folders are relative to the root
		want  string            // X
		note  string
	}{
		{name: "beside the file", files: map[string]string{"src/h.h": "beside", "inc/h.h": "inc"}, cfg: Config{IncludeDirs: []string{"inc"}}, want: "beside"},
		{name: "-I", files: map[string]string{"inc/h.h": "inc", "src/sub/h.h": "sub"}, cfg: Config{IncludeDirs: []string{"inc"}}, want: "inc"},
		{name: "order of -I", files: map[string]string{"one/h.h": "one", "two/h.h": "two"}, cfg: Config{IncludeDirs: []string{"two", "one"}}, want: "two"},
		{name: "-I after --", files: map[string]string{"inc/h.h": "inc"}, cfg: Config{ExtraFlags: []string{"-O2", "-I", "inc"}}, want: "inc"},
		{name: "-isystem after -I", files: map[string]string{"inc/h.h": "inc", "sys/h.h": "sys"}, cfg: Config{ExtraFlags: []string{"-isystem", "sys", "-Iinc"}}, want: "inc"},
		{name: "-iquote", files: map[string]string{"q/h.h": "q", "inc/h.h": "inc"}, cfg: Config{ExtraFlags: []string{"-iquote", "q", "-Iinc"}}, want: "q"},
		{name: "nearest in the repository", files: map[string]string{"src/include/h.h": "near", "other/deep/h.h": "far"}, want: "near", note: "header h.h found as"},
		{name: "this machine's", files: map[string]string{"arch/arm64/h.h": "arm", "arch/x86/h.h": "x86"}, want: "x86"},
		{name: "compile_flags.txt", files: map[string]string{"a/h.h": "a", "b/h.h": "b", "compile_flags.txt": "-Ib\n"}, want: "b", note: "flags taken from: "},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := map[string]string{"src/x.bpf.c": "#include \"h.h\"\nint f(void) { return WHERE; }\n", ".git/HEAD": ""}
			for name, text := range tt.files {
				if strings.HasSuffix(name, ".h") {
					text = "#define WHERE from_" + text + "()\nint from_" + text + "(void);\n"
				}
				m[name] = text
			}
			root := files(t, m)
			cfg := tt.cfg
			for i, d := range cfg.IncludeDirs {
				cfg.IncludeDirs[i] = filepath.Join(root, d)
			}
			for i, d := range cfg.ExtraFlags {
				if _, err := os.Stat(filepath.Join(root, d)); err == nil {
					cfg.ExtraFlags[i] = filepath.Join(root, d)
				} else if rest, ok := strings.CutPrefix(d, "-I"); ok && rest != "" {
					cfg.ExtraFlags[i] = "-I" + filepath.Join(root, rest)
				}
			}
			u, err := Load(context.Background(), filepath.Join(root, "src/x.bpf.c"), cfg)
			if err != nil {
				t.Fatal(err)
			}
			if len(u.AST.Scope.Nodes["from_"+tt.want]) == 0 {
				t.Errorf("files read: %v, notes %v", u.Files[1].Path, u.Notes)
			}
			if !strings.Contains(strings.Join(u.Notes, "\n"), tt.note) {
				t.Errorf("notes %v", u.Notes)
			}
		})
	}
}

// The kernel's own headers are not taken for those of its user API, but a project's
// bundle of them is.
func TestUserAPIHeaders(t *testing.T) {
	for _, tt := range []struct {
		name  string
		files []string
		want  string
	}{
		{"kernel tree", []string{"include/linux/probe.h", "include/linux/compiler_types.h", "include/uapi/linux/probe.h", "tools/include/linux/probe.h", "tools/include/linux/compiler_types.h", "tools/include/uapi/linux/probe.h"}, "tools/include/uapi/linux/probe.h"},
		{"bundle", []string{"headers/linux/probe.h", "headers/linux/compiler_types.h"}, "headers/linux/probe.h"},
		{"only the kernel's", []string{"include/linux/probe.h", "include/linux/compiler_types.h"}, "include/linux/probe.h"},
	} {
		m := map[string]string{"tools/bpf/a.bpf.c": "#include <linux/probe.h>\nint f(void) { return 0; }\n", ".git/HEAD": ""}
		for _, f := range tt.files {
			m[f] = "int probe;\n"
		}
		root := files(t, m)
		u, err := Load(context.Background(), filepath.Join(root, "tools/bpf/a.bpf.c"), Config{})
		if err != nil {
			t.Fatal(err)
		}
		if len(u.Files) != 2 || u.Files[1].Path != filepath.Join(root, tt.want) {
			t.Errorf("%s: %v", tt.name, u.Notes)
		}
	}
}

func TestFlags(t *testing.T) {
	root := files(t, map[string]string{"a.c": "#ifdef GONE\n#error gone\n#endif\nint f(void) { return A + B + FORCED; }\n", "forced.h": "#define FORCED 3\n"})
	u, err := Load(context.Background(), filepath.Join(root, "a.c"), Config{
		Defines:    []string{"A=1", "GONE"},
		ExtraFlags: []string{"-D", "B=2", "-UGONE", "-include", filepath.Join(root, "forced.h"), "-g", "-target", "bpf"},
	})
	if err != nil || len(u.Skipped) > 0 {
		t.Fatal(err, u.Skipped)
	}
}

func TestOverlay(t *testing.T) {
	root := files(t, map[string]string{"a.c": "on disk", "h.h": "int disk(void);\n"})
	a, h := filepath.Join(root, "a.c"), filepath.Join(root, "h.h")
	u, err := Load(context.Background(), a, Config{Overlay: map[string][]byte{a: []byte("#include \"h.h\"\nint f(void) { return buffer(); }\n"), h: []byte("int buffer(void);\n")}})
	if err != nil {
		t.Fatal(err)
	}
	if len(u.Skipped) > 0 || len(u.AST.Scope.Nodes["buffer"]) == 0 {
		t.Error(u.Skipped)
	}
}

// The structure of a header's types survives the reduction.
func TestReduction(t *testing.T) {
	var b strings.Builder
	b.WriteString("#ifndef __VMLINUX_H__\n#define __VMLINUX_H__\ntypedef unsigned int u32;\nstruct other { int x; };\nstruct far { int deep; };\nstruct byvalue { u32 a; struct other *o; };\n" +
		"enum state { OFF, ON = 4 };\nstruct task { struct byvalue v; struct far *distant; struct task *parent; enum state s; int (*fn)(struct unneeded *); };\n")
	for i := range 12000 {
		b.WriteString("struct filler_" + string(rune('a'+i%26)) + strings.Repeat("x", i%7) + "_ { int member_of_it; long another_one; };\n")
	}
	b.WriteString("#endif\n")
	root := files(t, map[string]string{
		"vmlinux.h": b.String(),
		"a.c":       "#include \"vmlinux.h\"\nint f(struct task *t) { return t->parent->v.a + sizeof(struct task) + ON; }\n",
		"b.c":       "#include \"vmlinux.h\"\nint f(struct task *t) { return t->distant->deep; }\n",
		"c.c":       "#define task task_old\n#include \"vmlinux.h\"\n#undef task\nstruct task { int mine; };\nint f(struct task *t) { return t->mine; }\n",
		"d.c":       "#include \"vmlinux.h\"\n#define CAT(a, b) a ## b\nint f(struct CAT(ta, sk) *t) { return CAT(O, N); }\n",
	})
	cache := NewCache()
	for name, want := range map[string][2]string{"a.c": {"byvalue", "far"}, "b.c": {"far", "other"}, "c.c": {"task_old", "far"}, "d.c": {"task", "far"}} {
		u, err := Load(context.Background(), filepath.Join(root, name), Config{Cache: cache})
		if err != nil || len(u.Skipped) > 0 {
			t.Fatal(name, err, u.Skipped)
		}
		text := string(u.text.buf)
		if !strings.Contains(text, "struct "+want[0]+"{") {
			t.Errorf("%s: struct %s is missing", name, want[0])
		}
		if strings.Contains(text, "struct "+want[1]+"{") || strings.Contains(text, "filler") {
			t.Errorf("%s: struct %s, or a filler, was kept", name, want[1])
		}
	}
}

// Without any header on the machine.
func TestBareMachine(t *testing.T) {
	saved := systemDirs
	systemDirs = nil
	t.Cleanup(func() { systemDirs = saved })
	root := files(t, map[string]string{
		"kern.bpf.c": `#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_core_read.h>
struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 64); __type(key, pid_t); __type(value, u64); } starts SEC(".maps");
SEC("tp_btf/sched_switch") int BPF_PROG(on_switch, bool preempt, struct task_struct *prev, struct task_struct *next)
{
	pid_t pid = next->pid, parent = BPF_CORE_READ(next, real_parent, tgid);
	u64 ts = bpf_ktime_get_ns(), *old = bpf_map_lookup_elem(&starts, &pid);
	if (!old)
		bpf_map_update_elem(&starts, &pid, &ts, BPF_ANY);
	else
		__sync_fetch_and_add(old, ts + parent);
	return 0;
}
SEC("kprobe/x") int BPF_KPROBE(on_probe, int a, char *b) { return a + PT_REGS_RC(ctx); }
`,
		"net.bpf.c": `#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <linux/in.h>
#include <linux/pkt_cls.h>
#include <linux/ptrace.h>
#include <sys/socket.h>
#include <string.h>
#include <stdio.h>
#include <stdbool.h>
#include <stdint.h>
#include <errno.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
SEC("xdp") int count(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct ethhdr *eth = data;
	struct iphdr *ip = (void *)(eth + 1);
	struct ipv6hdr *ip6 = (void *)(eth + 1);
	struct tcphdr *tcp = (void *)(ip + 1);
	if ((void *)(tcp + 1) > end || eth->h_proto != bpf_htons(ETH_P_IP) || ip->protocol != IPPROTO_TCP)
		return XDP_PASS;
	memset(data, 0, 4);
	return tcp->syn ? XDP_DROP : ip6->hop_limit == 1 ? -ENOENT : XDP_PASS;
}
SEC("tc") int shape(struct __sk_buff *skb) { return skb->len > 100 ? TC_ACT_SHOT : TC_ACT_OK; }
`,
	})
	for _, name := range []string{"kern.bpf.c", "net.bpf.c"} {
		u, err := Load(context.Background(), filepath.Join(root, name), Config{BTF: filepath.Join(root, "no such file")})
		if err != nil || len(u.Skipped) > 0 {
			t.Fatal(name, err, u.Skipped)
		}
		if len(u.Notes) == 0 {
			t.Errorf("%s: the fallback is not said", name)
		}
	}
}

// Programs ask for the machine under libbpf's name for it.
func TestTargetMachine(t *testing.T) {
	saved := systemDirs
	systemDirs = nil
	t.Cleanup(func() { systemDirs = saved })
	root := files(t, map[string]string{"a.bpf.c": `#include "vmlinux.h"
#include <bpf/bpf_tracing.h>
#ifndef bpf_target_defined
#error no machine
#endif
#if defined(bpf_target_x86)
#define NR_DUP 32
#elif defined(bpf_target_arm64)
#define NR_DUP 23
#endif
SEC("raw_tp/sys_enter") int on_enter(struct bpf_raw_tracepoint_args *ctx) { return ctx->args[1] == NR_DUP; }
`})
	for _, flags := range [][]string{nil, {"-D__TARGET_ARCH_x86"}, {"-D__TARGET_ARCH_arm64"}} {
		u, err := Load(context.Background(), filepath.Join(root, "a.bpf.c"), Config{BTF: filepath.Join(root, "no such file"), ExtraFlags: flags})
		if err != nil || len(u.Skipped) > 0 {
			t.Error(flags, err, u.Skipped)
		}
	}
}

// Units may be loaded at the same time with one cache.
func TestConcurrentLoads(t *testing.T) {
	root := files(t, map[string]string{
		"a.bpf.c": "#include <vmlinux.h>\n#include <bpf/bpf_helpers.h>\nSEC(\"kprobe\") int f(struct pt_regs *ctx) { struct task_struct *t = (void *)bpf_get_current_task(); return t->pid; }\n",
	})
	cfg := Config{Cache: NewCache()}
	done := make(chan error)
	const n = 8
	for range n {
		go func() {
			u, err := Load(context.Background(), filepath.Join(root, "a.bpf.c"), cfg)
			if err == nil && len(u.Skipped) > 0 {
				t.Errorf("%v", u.Skipped)
			}
			done <- err
		}()
	}
	for range n {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

func FuzzLoad(f *testing.F) {
	f.Add(posText)
	f.Add("#include <bpf/bpf_helpers.h>\nstruct { __uint(type, 1); } m SEC(\".maps\");\nint f(void) { ({ __label__ a; a: ; }); asm volatile(\"\" : \"+r\"(x)); }")
	f.Add("int f(int a) { switch (a) { case 1 ... 2: return a ?: 1; } }\nint g(; struct { int x")
	f.Fuzz(func(t *testing.T, text string) {
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		path := filepath.Join(t.TempDir(), "a.c")
		u, err := Load(ctx, path, Config{Root: filepath.Dir(path), Overlay: map[string][]byte{path: []byte(text)}})
		if err != nil {
			return
		}
		nodes(u.AST.TranslationUnit, func(n cc.Node) { u.Pos(n) })
		for _, s := range u.Skipped {
			if s.Span.Line == 0 || s.Reason == "" {
				t.Errorf("%+v", s)
			}
		}
	})
}
