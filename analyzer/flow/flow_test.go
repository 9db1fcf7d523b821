package flow

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/bpflockcheck/bpflockcheck/analyzer/csource"
	"github.com/bpflockcheck/bpflockcheck/analyzer/csource/unit"
	"github.com/bpflockcheck/bpflockcheck/analyzer/model"
)

func TestMain(m *testing.M) {
	panicOnBug = true
	os.Exit(m.Run())
}

// prelude is what every test program starts with.
const prelude = `
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
struct val { struct bpf_spin_lock lock; __u32 a; __u64 b; __u64 arr[8]; };
struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 16); __type(key, __u64); __type(value, struct val); } m SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries, 16); __type(key, __u32); __type(value, struct val); } a SEC(".maps");
`

func analyze(t *testing.T, src string) *model.Model {
	t.Helper()
	path := filepath.Join(t.TempDir(), "t.c")
	u, err := csource.Load(context.Background(), path, unit.Config{IncludeDirs: []string{"../../testdata/include"}, Overlay: map[string][]byte{path: []byte(prelude + src)}})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range u.Skipped {
		t.Errorf("skipped: %v", s)
	}
	m := Analyze(context.Background(), u, Config{})
	for _, s := range m.Skipped {
		t.Errorf("skipped: %v", s)
	}
	return m
}

// accesses renders the accesses of a kind as "field locks=n origins=field,...".
func accesses(m *model.Model, kind model.AccessKind) []string {
	var out []string
	for _, a := range m.Accesses {
		if a.Kind != kind {
			continue
		}
		name := a.Place.Field
		if a.Place.Global != nil {
			name = a.Place.Global.Name
			if a.Place.Field != "" {
				name += "." + a.Place.Field
			}
		}
		var from []string
		for _, o := range a.Origins {
			f := o.Access.Place.Field
			if o.Access.Place.Global != nil {
				f = o.Access.Place.Global.Name
			}
			if o.Copied {
				f = "=" + f
			}
			if len(o.Unbroken) > 0 {
				f += "!"
			}
			from = append(from, f)
		}
		slices.Sort(from)
		s := name
		if len(a.Locks) > 0 {
			s += fmt.Sprintf(" locks=%d", len(a.Locks))
		}
		if len(from) > 0 {
			s += " from=" + strings.Join(slices.Compact(from), ",")
		}
		var tested []string
		for _, c := range a.Conditions {
			for _, o := range c.Origins {
				f := o.Access.Place.Field
				if o.Access.Place.Global != nil {
					f = o.Access.Place.Global.Name
				}
				if c.Idempotent {
					f += "~"
				}
				tested = append(tested, f)
			}
		}
		if len(tested) > 0 {
			s += " if=" + strings.Join(tested, ",")
		}
		out = append(out, s)
	}
	return out
}

func TestStores(t *testing.T) {
	tests := []struct {
		name, src string
		want      []string
	}{
		{"increment through a lookup", `
SEC("xdp") int p(struct xdp_md *c) { __u64 k = 1; struct val *v = bpf_map_lookup_elem(&m, &k); if (v) v->b++; return 0; }`,
			[]string{"b from=b"}},
		{"through a local and a static function", `
static __u64 inc(__u64 x) { return x + 1; }
SEC("xdp") int p(struct xdp_md *c) { __u64 k = 1; struct val *v = bpf_map_lookup_elem(&m, &k); if (!v) return 0; __u64 t = v->b; t = inc(t); v->b = t; return 0; }`,
			[]string{"b from=b"}},
		{"under one lock", `
SEC("xdp") int p(struct xdp_md *c) { __u64 k = 1; struct val *v = bpf_map_lookup_elem(&m, &k); if (!v) return 0; bpf_spin_lock(&v->lock); v->b++; bpf_spin_unlock(&v->lock); return 0; }`,
			[]string{"b locks=1 from=b!"}},
		{"lock given back in between", `
SEC("xdp") int p(struct xdp_md *c) { __u64 k = 1; __u64 t; struct val *v = bpf_map_lookup_elem(&m, &k); if (!v) return 0;
 bpf_spin_lock(&v->lock); t = v->b; bpf_spin_unlock(&v->lock); t++;
 bpf_spin_lock(&v->lock); v->b = t; bpf_spin_unlock(&v->lock); return 0; }`,
			[]string{"b locks=1 from=b"}},
		{"lock given back in between, in a loop", `
SEC("xdp") int p(struct xdp_md *c) { __u64 k = 1; __u64 t = 0; int i; struct val *v = bpf_map_lookup_elem(&m, &k); if (!v) return 0;
 for (i = 0; i < 10; i++) { bpf_spin_lock(&v->lock); v->b = t; t = v->b + 1; bpf_spin_unlock(&v->lock); } return 0; }`,
			[]string{"b locks=1 from=b"}},
		{"test, then set", `
int busy;
SEC("xdp") int p(struct xdp_md *c) { if (busy) return 0; busy = 1; bpf_printk("x"); busy = 0; return 0; }`,
			[]string{"busy if=busy", "busy if=busy"}},
		{"a flag that is only set", `
int seen;
SEC("xdp") int p(struct xdp_md *c) { if (!seen) seen = 1; return 2; }`,
			[]string{"seen if=seen~"}},
		{"a claim by return value is not idempotent", `
int busy;
static int claim(void) { if (busy) return 0; busy = 1; return 1; }
SEC("xdp") int p(struct xdp_md *c) { if (claim()) bpf_printk("x"); return 0; }`,
			[]string{"busy if=busy"}},
		{"both sides meet again", `
int x, y;
SEC("xdp") int p(struct xdp_md *c) { if (x) bpf_printk("x"); y = 1; return 0; }`,
			[]string{"y"}},
		{"maximum", `
__u64 top;
SEC("xdp") int p(struct xdp_md *c) { __u64 n = bpf_ktime_get_ns(); if (n > top) top = n; return 0; }`,
			[]string{"top if=top"}},
		{"on the stack", `
SEC("xdp") int p(struct xdp_md *c) { struct val v = {}; v.b++; v.a |= 1; return v.b; }`, nil},
		{"callback", `
int n;
static int cb(__u32 i, void *ctx) { n += i; return 0; }
SEC("xdp") int p(struct xdp_md *c) { bpf_loop(10, cb, NULL, 0); return 0; }`,
			[]string{"n from=n"}},
		{"configuration decides the index", `
const volatile bool percpu; __u64 cnt[64];
SEC("xdp") int p(struct xdp_md *c) { __u32 i = 0; if (percpu) i = bpf_get_smp_processor_id() & 63; if (percpu) cnt[i]++; else __sync_fetch_and_add(&cnt[0], 1); return 0; }`,
			[]string{"cnt.[] from=cnt"}},
		{"struct copied out, changed and copied back", `
SEC("xdp") int p(struct xdp_md *c) { __u32 k = 1; struct val *v = bpf_map_lookup_elem(&a, &k); __u64 t[8]; if (!v) return 0;
 __builtin_memcpy(t, v->arr, sizeof(t)); t[0]++; __builtin_memcpy(v->arr, t, sizeof(t)); return 0; }`,
			[]string{"arr from=arr,arr[]"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := accesses(analyze(t, tt.src), model.Store)
			if !slices.Equal(got, tt.want) {
				t.Errorf("stores:\n got %q\nwant %q", got, tt.want)
			}
		})
	}
}

func TestKeyKinds(t *testing.T) {
	tests := []struct {
		name, key string
		want      model.KeyKind
	}{
		{"constant", "__u64 k = 7;", model.KeyConst},
		{"whole pid_tgid", "__u64 k = bpf_get_current_pid_tgid();", model.KeyThread},
		{"tid", "__u64 k = (__u32)bpf_get_current_pid_tgid();", model.KeyThread},
		{"tid by mask", "__u64 k = bpf_get_current_pid_tgid() & 0xffffffff;", model.KeyThread},
		{"tgid", "__u64 k = bpf_get_current_pid_tgid() >> 32;", model.KeyProcess},
		{"cpu", "__u64 k = bpf_get_smp_processor_id();", model.KeyCPU},
		{"current task", "__u64 k = bpf_get_current_task();", model.KeyThread},
		{"current task with its type", "__u64 k = (__u64)bpf_get_current_task_btf();", model.KeyThread},
		{"a field's address in it", "__u64 k = (__u64)bpf_get_current_task_btf() + 8;", model.KeyThread},
		{"random", "__u64 k = bpf_get_prandom_u32();", model.KeyUnknown},
		{"tid or zero", "__u64 k = 0; if (c->ingress_ifindex) k = bpf_get_current_pid_tgid();", model.KeyUnknown},
		{"struct with the tid", "struct { __u32 x; __u32 tid; } k = { c->ingress_ifindex, bpf_get_current_pid_tgid() };", model.KeyThread},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := analyze(t, `SEC("xdp") int p(struct xdp_md *c) { `+tt.key+` struct val *v = bpf_map_lookup_elem(&m, &k); if (v) v->b = 1; return 0; }`)
			for _, x := range m.Accesses {
				if x.Kind == model.Store {
					if x.Place.Elem.KeyKind != tt.want {
						t.Errorf("key kind %d, want %d", x.Place.Elem.KeyKind, tt.want)
					}
					return
				}
			}
			t.Error("no store")
		})
	}
}

func TestLocks(t *testing.T) {
	const look = `__u64 k = c->ingress_ifindex; struct val *v = bpf_map_lookup_elem(&m, &k);`
	tests := []struct {
		name, body string
		exits      []int // locks held at each exit
		unlocks    []int // locks held before each unlock
	}{
		{"plain", look + `if (!v) return 0; bpf_spin_lock(&v->lock); bpf_spin_unlock(&v->lock); return 0;`, []int{0}, []int{1}},
		{"correlated", look + `if (v) bpf_spin_lock(&v->lock); if (v) bpf_spin_unlock(&v->lock); return 0;`, []int{0}, []int{1}},
		{"correlated by a flag", look + `int l = 0; if (!v) return 0; if (c->rx_queue_index) { bpf_spin_lock(&v->lock); l = 1; } v->a = 1; if (l) bpf_spin_unlock(&v->lock); return 0;`, []int{0}, []int{1}},
		{"early exits", look + `if (!v) return 0; bpf_spin_lock(&v->lock); if (v->a == 1) { bpf_spin_unlock(&v->lock); return 1; } if (v->a == 2) goto out; v->a++; out: bpf_spin_unlock(&v->lock); return 0;`, []int{0}, []int{1, 1}},
		{"leak on one path", look + `if (!v) return 0; bpf_spin_lock(&v->lock); if (v->a == 1) return 1; bpf_spin_unlock(&v->lock); return 0;`, []int{0, 1}, []int{1}},
		{"second lookup is another lock", look + `if (!v) return 0; bpf_spin_lock(&v->lock); bpf_spin_unlock(&v->lock); v = bpf_map_lookup_elem(&m, &k); if (!v) return 0; bpf_spin_lock(&v->lock); bpf_spin_unlock(&v->lock); return 0;`, []int{0}, []int{1, 1}},
		{"looked up again after an insert", look + `struct val init = {}; if (!v) { bpf_map_update_elem(&m, &k, &init, BPF_NOEXIST); v = bpf_map_lookup_elem(&m, &k); if (!v) return 0; } bpf_spin_lock(&v->lock); v->a++; bpf_spin_unlock(&v->lock); return 0;`, []int{0}, []int{1}},
		{"in a loop", look + `int i; for (i = 0; i < 5; i++) { k = i; v = bpf_map_lookup_elem(&m, &k); if (!v) continue; bpf_spin_lock(&v->lock); bpf_spin_unlock(&v->lock); } return 0;`, []int{0}, []int{1}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := analyze(t, `SEC("xdp") int p(struct xdp_md *c) { `+tt.body+` }`)
			held := make(map[int]bool)
			for _, x := range m.Exits {
				held[len(x.Held)] = true
			}
			var exits []int
			for n := range held {
				exits = append(exits, n)
			}
			slices.Sort(exits)
			var unlocks []int
			for _, l := range m.Locks {
				if l.Kind == model.Release {
					unlocks = append(unlocks, len(l.Held))
					if !slices.ContainsFunc(l.Held, func(h model.Lock) bool { return h.ID == l.Lock.ID }) {
						t.Errorf("unlock of %s, held %v", l.Lock.ID, l.Held)
					}
				}
			}
			if !slices.Equal(exits, tt.exits) || !slices.Equal(unlocks, tt.unlocks) {
				t.Errorf("exits %v, want %v; unlocks %v, want %v", exits, tt.exits, unlocks, tt.unlocks)
			}
		})
	}
}
