package fixer_test

import (
	"path/filepath"
	"strings"
	"testing"
)

// sharedHeader counts in a map whose value the including file declares.
const sharedHeader = `
static __always_inline void count(struct value *v)
{
	v->n++;
}
`

const sharedUnit = `#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

struct value {
	KIND n;
};
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8);
	__type(key, __u32);
	__type(value, struct value);
} NAME SEC(".maps"), NAME2 SEC(".maps");

#include "count.h"

SEC("xdp")
int prog_NAME(struct xdp_md *ctx)
{
	__u32 key = 1;
	struct value *v = bpf_map_lookup_elem(&NAME, &key);
	if (v)
		count(v);
	v = bpf_map_lookup_elem(&NAME2, &key);
	if (v) {
		count(v);
		MORE;
	}
	return XDP_PASS;
}
char _license[] SEC("license") = "GPL";
`

func unit(typ, name, more string) string {
	return strings.NewReplacer("KIND", typ, "NAME", name, "MORE", more).Replace(sharedUnit)
}

// TestSharedHeader: a header's text is changed once, and only if that suits all
// that use it.
func TestSharedHeader(t *testing.T) {
	cc := clang(t)
	include := filepath.Join(repository(t), "testdata", "include")
	for _, tt := range []struct {
		name, a, b string
		want       bool   // fixed
		why        string // in some help when not
	}{
		{"alike", unit("__u64", "first", ""), unit("__u64", "second", ""), true, ""},
		{"narrow in one file", unit("__u64", "first", ""), unit("__u16", "second", ""), false, "BPF has no atomics on 2 byte(s)"},
		{"narrow in the other file", unit("__u16", "first", ""), unit("__u64", "second", ""), false, "BPF has no atomics on 2 byte(s)"},
		{"one map is stored to", unit("__u64", "first", "v->n = 7"), unit("__u64", "second", ""), false, "the plain store in line"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := &project{dir: t.TempDir(), inputs: []string{"a.bpf.c", "b.bpf.c"}}
			p.opts.IncludeDirs = []string{include}
			write(t, filepath.Join(p.dir, "count.h"), sharedHeader)
			write(t, filepath.Join(p.dir, "a.bpf.c"), tt.a)
			write(t, filepath.Join(p.dir, "b.bpf.c"), tt.b)
			reason := ""
			for _, f := range p.check(t) {
				reason += f.Help + "\n"
			}
			if !strings.Contains(reason, tt.why) {
				t.Errorf("no finding says %q:\n%s", tt.why, reason)
			}
			p.fix(t, false)
			got := read(t, filepath.Join(p.dir, "count.h"))
			want := sharedHeader
			if tt.want {
				want = strings.Replace(want, "v->n++", "__sync_fetch_and_add(&v->n, 1)", 1)
			}
			if got != want {
				t.Errorf("the header is\n%s\nwant\n%s", got, want)
			}
			for _, name := range p.inputs {
				if err := compile(cc, filepath.Join(p.dir, name), "-I"+include, "-Wall", "-Werror"); err != nil {
					t.Error(err)
				}
			}
		})
	}
}
