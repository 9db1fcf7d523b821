package csource

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bpflockcheck/bpflockcheck/analyzer/csource/unit"
	"github.com/bpflockcheck/bpflockcheck/analyzer/ir"
)

const counter = `#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct value { __u64 packets; struct bpf_spin_lock lock; };

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, struct value);
} flows SEC(".maps");

SEC("xdp")
int count(struct xdp_md *ctx)
{
	__u32 key = 0;
	struct value *v = bpf_map_lookup_elem(&flows, &key);

	if (v)
		v->packets++;
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "GPL";
`

// TestLoad follows one program from the file to the instruction that a rule
// would report, with its exact span.
func TestLoad(t *testing.T) {
	file := filepath.Join(t.TempDir(), "count.bpf.c")
	if err := os.WriteFile(file, []byte(counter), 0o644); err != nil {
		t.Fatal(err)
	}
	u, err := Load(context.Background(), file, unit.Config{})
	if err != nil {
		t.Fatal(err)
	}
	if err := ir.Validate(u); err != nil {
		t.Error(err)
	}
	if len(u.Skipped) > 0 {
		t.Errorf("skipped: %v", u.Skipped)
	}
	if len(u.Programs) != 1 || u.Programs[0].Name != "count" || u.Programs[0].Info.Type.String() != "xdp" {
		t.Fatalf("programs: %+v", u.Programs)
	}
	if len(u.Maps) != 1 || u.Maps[0].Type.String() != "hash" || u.Maps[0].Value.String() != "struct value" {
		t.Fatalf("maps: %+v", u.Maps)
	}
	if s := u.Maps[0].Value.Specials(); len(s) != 1 || !s[0].IsLock() || s[0].Off != 8 {
		t.Errorf("special fields: %+v", s)
	}
	var stores []*ir.Store
	for _, b := range u.Programs[0].Func.Blocks {
		for _, in := range b.Instrs {
			if s, ok := in.(*ir.Store); ok && s.Field != "" {
				stores = append(stores, s)
			}
		}
	}
	if len(stores) != 1 {
		t.Fatalf("stores to members: %v", stores)
	}
	s := stores[0]
	if s.Name != "v->packets" || s.Field != "packets" || s.Size != 8 {
		t.Errorf("store: %+v", s)
	}
	lines := strings.Split(counter, "\n")
	if got := lines[s.Pos.Line-1][s.Pos.Col-1 : s.Pos.EndCol-1]; got != "v->packets++" {
		t.Errorf("span is %q, want v->packets++", got)
	}
}

func TestLoadMissing(t *testing.T) {
	if _, err := Load(context.Background(), filepath.Join(t.TempDir(), "none.c"), unit.Config{}); err == nil {
		t.Error("no error for a file that is not there")
	}
}

// TestAssembly follows loads, jumps and an atomic of inline assembly to instructions.
func TestAssembly(t *testing.T) {
	file := filepath.Join(t.TempDir(), "asm.bpf.c")
	text := `#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
SEC("xdp")
int prog(struct xdp_md *ctx)
{
	void *from;
	long off = 20, hits = 0;
	int ret;

	asm volatile("r1 = *(u32 *)(%[ctx] +0)\n\tr2 = *(u32 *)(%[ctx] +4)\n\t%[off] &= 0x3fff\n\tr1 += %[off]\n\t%[from] = r1\n\t"
		     "if r1 > r2 goto +2\n\t%[ret] = 0\n\tgoto +1\n\t%[ret] = %[err]\n\t"
		     "lock *(u64 *)(%[hits] + 0) += 1"
		     : [ret]"=r"(ret), [from]"=r"(from) : [ctx]"r"(ctx), [off]"r"(off), [err]"i"(-22), [hits]"r"(&hits), "m"(*ctx) : "r1", "r2");
	return ret;
}
char LICENSE[] SEC("license") = "GPL";
`
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	u, err := Load(context.Background(), file, unit.Config{})
	if err != nil {
		t.Fatal(err)
	}
	if len(u.Skipped) > 0 || len(u.Programs) != 1 {
		t.Fatalf("skipped: %v, programs: %v", u.Skipped, u.Programs)
	}
	got := map[string]int{}
	for _, b := range u.Programs[0].Func.Blocks {
		for _, in := range b.Instrs {
			switch x := in.(type) {
			case *ir.Load:
				if x.Size == 4 {
					got["load"]++
				}
			case *ir.Branch:
				if x.Op == ir.Gt && x.Bits == 64 && !x.Signed {
					got["above"]++
				}
			case *ir.Atomic:
				got["atomic"] += int(x.Size)
			}
		}
	}
	if got["load"] != 2 || got["above"] != 1 || got["atomic"] != 8 {
		t.Errorf("%v in\n%s", got, u.Programs[0].Func)
	}
}
