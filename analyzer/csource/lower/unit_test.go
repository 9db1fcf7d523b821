package lower

import (
	"fmt"
	"strings"
	"testing"

	"github.com/bpflockcheck/bpflockcheck/analyzer/ir"
)

func TestMaps(t *testing.T) {
	u := lowerText(t, `
#define MY_MAP(name, k, v, n) struct { __uint(type, 1); __type(key, k); __type(value, v); __uint(max_entries, n); __uint(map_flags, 1U << 0); } name SEC(".maps")
#define __ulong(name, val) enum { __unique_value0 = val } name
MY_MAP(by_macro, __u64, struct val, 1 << 10);
struct named { __uint(type, 5); __uint(key_size, sizeof(__u32)); __uint(value_size, 8); __uint(max_entries, 4); };
struct named sizes_only SEC(".maps");
extern struct named elsewhere SEC(".maps");
struct { __uint(type, 13); __uint(max_entries, 2); __type(key, int);
	 __array(values, struct { __uint(type, 2); __uint(max_entries, 1); __type(key, int); __type(value, __u64); }); } outer SEC(".maps");
typedef void prog_fn(void *);
struct { __uint(type, 3); __uint(max_entries, 2); __uint(key_size, 4); __array(values, prog_fn); } progs SEC(".maps") = { .values = { 0 } };
struct bpf_map_def { unsigned int type, key_size, value_size, max_entries, map_flags; };
struct bpf_map_def SEC("maps") legacy = { .type = 1, .key_size = sizeof(__u32), .value_size = sizeof(struct val), .max_entries = 16, .map_flags = 1 };
struct bpf_elf_map { __u32 type, size_key, size_value, max_elem, flags, id, pinning; };
struct bpf_elf_map SEC("maps") iproute = { .type = 2, .size_key = 4, .size_value = 8, .max_elem = 3 };
struct { __uint(type, 33); __ulong(map_extra, 0x1ull << 44); __uint(max_entries, 7); } arena SEC(".maps");
struct named several[3] SEC(".maps");
void touch(void) { bpf_map_lookup_elem(&elsewhere, 0); bpf_map_lookup_elem(&several[1], 0); }
`)
	var got []string
	for _, m := range u.Maps {
		s := fmt.Sprintf("%s type=%d key=%d/%v value=%d/%v max=%d flags=%d", m.Name, uint32(m.Type), m.KeySize, m.Key, m.ValueSize, m.Value, m.MaxEntries, m.Flags)
		if m.Legacy {
			s += " legacy"
		}
		if m.Inner != nil {
			s += fmt.Sprintf(" inner=(type=%d value=%v)", uint32(m.Inner.Type), m.Inner.Value)
		}
		got = append(got, s)
	}
	want := []string{
		"m type=2 key=4/__u32 value=32/struct val max=1 flags=0",
		"by_macro type=1 key=8/__u64 value=32/struct val max=1024 flags=1",
		"sizes_only type=5 key=4/? value=8/? max=4 flags=0",
		"elsewhere type=5 key=4/? value=8/? max=4 flags=0",
		"outer type=13 key=4/int value=4/? max=2 flags=0 inner=(type=2 value=__u64)",
		"progs type=3 key=4/? value=4/? max=2 flags=0",
		"legacy type=1 key=4/__u32 value=32/struct val max=16 flags=1 legacy",
		"iproute type=2 key=4/? value=8/? max=3 flags=0 legacy",
		"arena type=33 key=0/? value=0/? max=7 flags=0",
		"several type=5 key=4/? value=8/? max=4 flags=0",
	}
	if g, w := strings.Join(got, "\n"), strings.Join(want, "\n"); g != w {
		t.Errorf("maps:\n%s\nwant:\n%s", g, w)
	}
}

func TestGlobals(t *testing.T) {
	u := lowerText(t, `
int zero; int set = 5; static int hidden_static; const int ro = 3; const volatile int cfg = 9; volatile const int cfg0;
__u64 custom SEC(".data.locks") __attribute__((visibility("hidden"), aligned(8)));
extern int LINUX_KERNEL_VERSION __attribute__((section(".kconfig")));
extern const int ksym_var __ksym;
int __attribute__((address_space(1))) in_arena;
int tagged __attribute__((btf_decl_tag("data_racy")));
char text[8] = ""; int list[3] = { 0, 0, 0 }; int list1[3] = { 0, 1 };
int *pointer = &zero;
int touch(void) { static int kept = 4; return hidden_static + LINUX_KERNEL_VERSION + ksym_var + kept + ro + cfg; }
`)
	want := map[string]string{
		"zero": ".bss init=0", "set": ".data init=5", "hidden_static": ".bss static init=0", "ro": ".rodata const init=3",
		"cfg": ".rodata const init=9", "cfg0": ".rodata const init=0", "custom": ".data.locks static init=0",
		"LINUX_KERNEL_VERSION": ".kconfig const", "ksym_var": ".ksyms const ksym", "in_arena": ".addr_space.1 arena init=0",
		"tagged": ".bss [data_racy] init=0", "text": ".bss", "list": ".bss", "list1": ".data", "pointer": ".data", "touch.kept": ".data static init=4",
	}
	got := map[string]string{}
	for _, g := range u.Globals {
		s := g.Section
		for _, f := range []struct {
			on   bool
			word string
		}{{g.Const, "const"}, {g.Static, "static"}, {g.Arena, "arena"}, {g.Ksym, "ksym"}} {
			if f.on {
				s += " " + f.word
			}
		}
		if len(g.Tags) > 0 {
			s += fmt.Sprint(" ", g.Tags)
		}
		if g.Init != nil {
			s += fmt.Sprintf(" init=%d", *g.Init)
		}
		got[g.Name] = s
	}
	for name, w := range want {
		if got[name] != w {
			t.Errorf("%s: %q, want %q", name, got[name], w)
		}
		delete(got, name)
	}
	for name := range got {
		t.Errorf("unexpected global %s", name)
	}
}

func TestPrograms(t *testing.T) {
	u := lowerText(t, `
struct tcp_ops___local { int (*init)(void *); void (*ack)(void *, int); char name[8]; };
SEC("xdp.frags") int x(void *ctx) { return 0; }
int with_args(void *ctx, int a);
SEC("?fentry.s/do_nanosleep") int split(__u64 *ctx);
static inline int body(__u64 *ctx) { return ctx[0]; }
int split(__u64 *ctx) { return body(ctx); }
SEC("struct_ops/init") int ops_init(void *sk) { return 0; }
SEC("struct_ops") void ops_ack(void *sk, int n) {}
SEC(".struct_ops.link") struct tcp_ops___local ops = { .init = (void *)ops_init, .ack = (void *)&ops_ack, .name = "x" };
SEC("encap_gre") int custom(void *ctx) { return 0; }
char LICENSE[] SEC("license") = "GPL";
static int unused(void) { return 0; }
int plain(void) { return 1; }
inline int c99(void) { return 1; }
`)
	var got []string
	for _, p := range u.Programs {
		got = append(got, fmt.Sprintf("%s %s known=%v sleepable=%v %s.%s", p.Name, p.Section, p.Info.Known, p.Info.Sleepable, p.StructOps, p.Member))
	}
	want := []string{
		"x xdp.frags known=true sleepable=false .",
		"split ?fentry.s/do_nanosleep known=true sleepable=true .",
		"ops_init struct_ops/init known=true sleepable=false tcp_ops.init",
		"ops_ack struct_ops known=true sleepable=false tcp_ops.ack",
		"custom encap_gre known=false sleepable=false .",
	}
	if g, w := strings.Join(got, "\n"), strings.Join(want, "\n"); g != w {
		t.Errorf("programs:\n%s\nwant:\n%s", g, w)
	}
	var funcs []string
	for _, f := range u.Funcs {
		funcs = append(funcs, f.Name)
	}
	if g, w := strings.Join(funcs, " "), "x split ops_init ops_ack custom plain body"; g != w {
		t.Errorf("functions: %s, want %s", g, w)
	}
}

func TestLayout(t *testing.T) {
	u := lowerText(t, `
typedef struct bpf_spin_lock lock_t;
struct in { __u8 a; __u32 b; };
struct packed { __u8 a; __u64 b; __u16 c; } __attribute__((packed));
struct s {
	__u8 first;
	const __u64 second;
	volatile __u32 third;
	struct { __u16 x; union { __u8 y; __u32 z; }; };
	lock_t lock;
	struct packed p;
	__u16 al __attribute__((aligned(16)));
	__u32 f1 : 3, f2 : 7, : 0, f3 : 9;
	__u64 wide : 40;
	struct in arr[2];
	__u64 tagged __attribute__((btf_decl_tag("guarded_by:lock")));
	struct task *kptr;
	__u8 tail[];
};
struct s var;
`)
	var typ *ir.Type
	for _, g := range u.Globals {
		if g.Name == "var" {
			typ = g.Type
		}
	}
	if typ == nil {
		t.Fatal("no type")
	}
	// Offsets and sizes as clang 19 -target bpf lays the struct out.
	want := map[string]string{
		"first": "0", "second": "8", "third": "16", "x": "20", "y": "24", "z": "24", "lock": "28", "p": "32", "p.a": "32", "p.b": "33", "p.c": "41",
		"al": "48", "f1": "50:0:3", "f2": "50:3:7", "f3": "52:0:9", "wide": "56:0:40", "arr": "64", "tagged": "80", "kptr": "88", "tail": "96",
	}
	got := map[string]string{}
	var walk func(t *ir.Type, prefix string, base int64)
	walk = func(t *ir.Type, prefix string, base int64) {
		u := t.Underlying()
		for i := range u.Fields {
			f := &u.Fields[i]
			s := fmt.Sprint(base + f.Off)
			if f.BitSize > 0 {
				s = fmt.Sprintf("%d:%d:%d", base+f.Off, f.BitOff, f.BitSize)
			}
			if f.Name != "" {
				got[prefix+f.Name] = s
			}
			if k := f.Type.Underlying(); k != nil && (k.Kind == ir.Struct || k.Kind == ir.Union) {
				p := prefix
				if f.Name != "" {
					p += f.Name + "."
				}
				walk(f.Type, p, base+f.Off)
			}
			if f.Name == "tagged" && (len(f.Tags) != 1 || f.Tags[0] != "guarded_by:lock") {
				t2 := fmt.Sprint(f.Tags)
				got["tags"] = t2
			}
			if f.Name == "lock" && f.Type.Kind != ir.Typedef {
				got["lock typedef"] = "lost"
			}
			if f.Name == "third" && f.Type.Kind != ir.Volatile {
				got["volatile"] = "lost"
			}
			if f.Name != "" && f.Line == 0 {
				got[f.Name+" line"] = "lost"
			}
		}
	}
	walk(typ, "", 0)
	delete(got, "lock.val")
	for k, w := range want {
		if got[k] != w {
			t.Errorf("%s at %s, want %s", k, got[k], w)
		}
		delete(got, k)
	}
	for k, v := range got {
		t.Errorf("unexpected %s: %s", k, v)
	}
	if typ.Underlying().Size != 96 {
		t.Errorf("size %d, want 96", typ.Underlying().Size)
	}
}

// TestBadInput: strange but parsable input makes no panic and names what is
// not analysed.
func TestBadInput(t *testing.T) {
	tests := []struct{ name, src, skip string }{
		{"computed goto", `int f(int x) { void *p = &&out; goto *p; out: return x; }`, "computed goto"},
		{"assembly that is left", `int f(void) { asm volatile("r0 = 0"); return 0; }`, "inline assembly"},
		{"variable length", `int f(int n) { int a[n]; return sizeof(a); }`, "array of variable length"},
		{"incomplete", `struct unknown; int f(void) { struct unknown u; return 0; }`, "variable of incomplete struct unknown"},
		{"undeclared", `int f(void) { return nothing_declares(1); }`, "call of undeclared function nothing_declares"},
		{"case", `int f(int a) { switch (a) { case 1: return 2; case (a): return 3; } return 0; }`, "case label is no constant"},
		{"break", `int f(int a) { break; return 0; }`, "break outside of a loop or switch"},
		{"members", `struct s { int a; }; int f(struct s *p) { return p->b + (*p).c + 3->d; }`, ""},
		{"recursive type", `struct s { struct s in; int a; }; struct s v; int f(void) { return v.in.a; }`, ""},
		{"no value", `void g(void); int f(void) { int x = g(); return x + 1; }`, ""},
		{"index", `int f(int a) { return a[3] + *a; }`, ""},
		{"assign", `int f(int a) { (a + 1)++; return 0; }`, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			u := lowerText(t, tt.src)
			var all []string
			for _, s := range u.Skipped {
				if strings.Contains(s.Reason, "internal error") {
					t.Errorf("skipped: %s", s)
				}
				all = append(all, s.Reason)
			}
			if tt.skip != "" && !strings.Contains(strings.Join(all, "\n"), tt.skip) {
				t.Errorf("skipped %q, want %q", all, tt.skip)
			}
		})
	}
}

// Packed enums, which csource/repair marks by a packed type, are as small as their
// values allow.
func TestPackedEnums(t *testing.T) {
	u := lowerText(t, `
enum e1 : int __attribute__((packed)) { A, B = 255 };
enum e2 : int __attribute__((packed)) { C = -1, D = 128 };
enum e4 : int __attribute__((packed)) { E = 1 << 16 };
enum s1 : int __attribute__((packed)) { F = -128, G = 127 };
enum u1 : unsigned char { H };
struct es { enum e1 a; enum e2 b; enum e4 c; enum s1 d; enum u1 e; };
struct { __uint(type, 2); __uint(max_entries, 1); __type(key, __u32); __type(value, struct es); } es SEC(".maps");
`)
	for _, m := range u.Maps {
		if m.Name != "es" {
			continue
		}
		var got []string
		for _, f := range m.Value.Fields {
			got = append(got, fmt.Sprintf("%s@%d", f.Name, f.Off))
		}
		if g := strings.Join(got, " "); g != "a@0 b@2 c@4 d@8 e@9" || m.ValueSize != 12 {
			t.Errorf("%s, size %d", g, m.ValueSize)
		}
	}
}
