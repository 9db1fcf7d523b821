package fixer_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/bpflockcheck/bpflockcheck/analyzer/diag"
)

// rewriting is a case of a fix that moves or adds statements.
type rewriting struct {
	name   string
	rule   string
	decls  string // before the program
	body   string // statements of the program; v points to a locked value
	whole  string // the file behind the headers, when decls and body do not do
	want   []string
	why    string
	unsafe bool
	lines  string // how lines end, "" for "\n"
}

const rewritingHead = `#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include "locked.h"
#include "resilient.h"

struct counter {
	__u64 n;
};
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, struct counter);
} counters SEC(".maps");
`

const rewritingProgram = `
SEC("tc")
int prog(struct __sk_buff *skb)
{
	__u32 key = skb->ifindex;
	struct locked *v = bpf_map_lookup_elem(&vals, &key);
	if (!v)
		return 0;
BODY
}
`

const insertProgram = `
SEC("tc")
int prog(struct __sk_buff *skb)
{
	__u32 key = skb->ifindex;
	struct counter init = {}, *v = bpf_map_lookup_elem(&counters, &key);
BODY
}
`

var rewritings = []rewriting{
	// A missing release.
	{name: "last return", rule: "BLC201", body: "bpf_spin_lock(&v->lock);\n\tv->n = 1;\n\treturn 0;",
		want: []string{"\tv->n = 1;\n\tbpf_spin_unlock(&v->lock);\n\treturn 0;\n"}},
	{name: "return without braces", rule: "BLC201", body: "bpf_spin_lock(&v->lock);\n\tif (v->n)\n\t\treturn 0;\n\tbpf_spin_unlock(&v->lock);\n\treturn 1;",
		want: []string{"\tif (v->n) {\n\t\tbpf_spin_unlock(&v->lock);\n\t\treturn 0;\n\t}\n\tbpf_spin_unlock"}},
	{name: "return with braces", rule: "BLC201", body: "bpf_spin_lock(&v->lock);\n\tif (v->n) {\n\t\treturn 0;\n\t}\n\tbpf_spin_unlock(&v->lock);\n\treturn 1;",
		want: []string{"\tif (v->n) {\n\t\tbpf_spin_unlock(&v->lock);\n\t\treturn 0;\n\t}\n"}},
	{name: "return on the line of its if", rule: "BLC201", body: "bpf_spin_lock(&v->lock);\n\tif (v->n) return 0;\n\tbpf_spin_unlock(&v->lock);\n\treturn 1;",
		want: []string{"\tif (v->n) { bpf_spin_unlock(&v->lock); return 0; }\n"}},
	{name: "both branches", rule: "BLC201", body: "bpf_spin_lock(&v->lock);\n\tif (v->n)\n\t\treturn 0;\n\telse\n\t\treturn 1;",
		want: []string{"\tif (v->n) {\n\t\tbpf_spin_unlock(&v->lock);\n\t\treturn 0;\n\t}\n\telse {\n\t\tbpf_spin_unlock(&v->lock);\n\t\treturn 1;\n\t}\n"}},
	{name: "else if", rule: "BLC201", body: "bpf_spin_lock(&v->lock);\n\tif (v->n == 1)\n\t\tv->n = 2;\n\telse if (v->n)\n\t\treturn 7; // odd\n\tbpf_spin_unlock(&v->lock);\n\treturn 1;",
		want: []string{"\telse if (v->n) {\n\t\tbpf_spin_unlock(&v->lock);\n\t\treturn 7; // odd\n\t}\n\tbpf_spin"}},
	{name: "comment before the return", rule: "BLC201", body: "bpf_spin_lock(&v->lock);\n\tif (v->n) // (odd)\n\t\treturn 7;\n\tbpf_spin_unlock(&v->lock);\n\treturn 1;",
		want: []string{"\t\t{ bpf_spin_unlock(&v->lock); return 7; }\n"}},
	{name: "guarded result", rule: "BLC201", body: "bpf_spin_lock(&v->lock);\n\treturn v->n;",
		want: []string{"\tint ret = v->n;\n\tbpf_spin_unlock(&v->lock);\n\treturn ret;\n"}},
	{name: "guarded result without braces", rule: "BLC201", body: "bpf_spin_lock(&v->lock);\n\tif (v->n)\n\t\treturn v->n + 1;\n\tbpf_spin_unlock(&v->lock);\n\treturn 1;",
		want: []string{"{\n\t\tint ret = v->n + 1;\n\t\tbpf_spin_unlock(&v->lock);\n\t\treturn ret;\n\t}\n"}},
	{name: "guarded result, name taken", rule: "BLC201", body: "int ret = 3;\n\tbpf_spin_lock(&v->lock);\n\tv->n += ret;\n\treturn (v->n);",
		want: []string{"int ret2 = (v->n);", "return ret2;"}},
	{name: "guarded result, no space", rule: "BLC201", body: "bpf_spin_lock(&v->lock);\n\treturn(v->n);", want: []string{"\treturn ret;\n"}},
	{name: "local result", rule: "BLC201", body: "int r = 3;\n\tbpf_spin_lock(&v->lock);\n\tr += v->n;\n\treturn r + TC_ACT_OK;", want: []string{"\tbpf_spin_unlock(&v->lock);\n\treturn r + TC_ACT_OK;\n"}},
	{name: "global result", rule: "BLC201", decls: "__u32 sum;\n", body: "bpf_spin_lock(&v->lock);\n\tv->n++;\n\treturn sum;", want: []string{"\tint ret = sum;\n\tbpf_spin_unlock(&v->lock);\n\treturn ret;\n"}},
	{name: "result of a call", rule: "BLC201", decls: "static __always_inline int twice(struct locked *v) { return v->n * 2; }\n", body: "bpf_spin_lock(&v->lock);\n\treturn twice(v);",
		want: []string{"\tint ret = twice(v);\n\tbpf_spin_unlock(&v->lock);\n\treturn ret;\n"}},
	{name: "conditional result", rule: "BLC201", body: "bpf_spin_lock(&v->lock);\n\treturn v->n ? 1 : 2;", want: []string{"\tint ret = v->n ? 1 : 2;\n"}},
	{name: "in a switch", rule: "BLC201", body: "bpf_spin_lock(&v->lock);\n\tswitch (v->n) {\n\tcase 1:\n\t\treturn 0;\n\tcase 2: return v->state;\n\tdefault:\n\t\tv->n = 0;\n\t}\n\tbpf_spin_unlock(&v->lock);\n\treturn 1;",
		want: []string{"\tcase 1:\n\t\tbpf_spin_unlock(&v->lock);\n\t\treturn 0;\n", "case 2: { int ret = v->state; bpf_spin_unlock(&v->lock); return ret; }\n"}},
	{name: "in a loop", rule: "BLC201", body: "bpf_spin_lock(&v->lock);\n\tfor (int i = 0; i < 4; i++)\n\t\tif (v->n == i)\n\t\t\treturn 0;\n\tbpf_spin_unlock(&v->lock);\n\treturn 1;",
		want: []string{"\t\tif (v->n == i) {\n\t\t\tbpf_spin_unlock(&v->lock);\n\t\t\treturn 0;\n\t\t}\n"}},
	{name: "lock taken in a loop", rule: "BLC201", body: "for (int i = 0; i < 2; i++) {\n\t\tbpf_spin_lock(&v->lock);\n\t\tif (v->n > 3)\n\t\t\treturn 0;\n\t\tbpf_spin_unlock(&v->lock);\n\t}\n\treturn 1;",
		want: []string{"\t\tif (v->n > 3) {\n\t\t\tbpf_spin_unlock(&v->lock);\n"}},
	{name: "goto a common end", rule: "BLC201", body: "bpf_spin_lock(&v->lock);\n\tif (v->n)\n\t\tgoto out;\n\tbpf_spin_unlock(&v->lock);\n\tif (key)\n\t\tgoto out;\n\tkey = 2;\nout:\n\treturn 1;",
		want: []string{"\tif (v->n) {\n\t\tbpf_spin_unlock(&v->lock);\n\t\tgoto out;\n\t}\n", "\tif (key)\n\t\tgoto out;\n"}},
	{name: "goto an end of its own", rule: "BLC201", body: "bpf_spin_lock(&v->lock);\n\tif (v->n)\n\t\tgoto fail;\n\tbpf_spin_unlock(&v->lock);\n\treturn 1;\nfail:\n\treturn 2;",
		want: []string{"fail:\n\tbpf_spin_unlock(&v->lock);\n\treturn 2;\n"}},
	{name: "goto with a guarded result", rule: "BLC201", body: "bpf_spin_lock(&v->lock);\n\tif (v->n)\n\t\tgoto fail;\n\tbpf_spin_unlock(&v->lock);\n\treturn 1;\nfail:\n\treturn v->n;",
		want: []string{"\t{ int ret = v->n; bpf_spin_unlock(&v->lock); return ret; }\n"}},
	{name: "sometimes released before", rule: "BLC201", body: "bpf_spin_lock(&v->lock);\n\tif (v->n)\n\t\tbpf_spin_unlock(&v->lock);\n\treturn 1;", why: "other paths reach this return without it"},
	{name: "sometimes taken", rule: "BLC201", body: "if (key)\n\t\tbpf_spin_lock(&v->lock);\n\treturn 1;", why: "other paths reach this return without it"},
	{name: "pointer changed since", rule: "BLC201", body: "struct locked *w = v;\n\tbpf_spin_lock(&w->lock);\n\tw = 0;\n\treturn 1;", why: "w may not be what it was"},
	{name: "pointer of an inner block", rule: "BLC201", body: "{\n\t\tstruct locked *w = v;\n\t\tbpf_spin_lock(&w->lock);\n\t}\n\treturn 1;", why: "it is taken in an inner block"},
	{name: "lock in a macro", rule: "BLC201", decls: "#define LOCK(x) bpf_spin_lock(&(x)->lock)\n", body: "LOCK(v);\n\tv->n = 2;\n\treturn 1;", why: "macro LOCK writes a part of it"},
	{name: "return in a macro", rule: "BLC201", decls: "#define BAIL(x) do { if (x) return 3; } while (0)\n", body: "bpf_spin_lock(&v->lock);\n\tBAIL(v->n);\n\tbpf_spin_unlock(&v->lock);\n\treturn 1;", why: "macro BAIL writes a part of it"},
	{name: "lock in a function", rule: "BLC201", decls: "static __always_inline void take(struct locked *v) { bpf_spin_lock(&v->lock); }\n", body: "take(v);\n\treturn 1;", why: "it is taken in another function"},
	{name: "taken and left in a function", rule: "BLC201", decls: "static __always_inline int take(struct locked *v) {\n\tbpf_spin_lock(&v->lock);\n\tif (v->n)\n\t\treturn 3;\n\tbpf_spin_unlock(&v->lock);\n\treturn 0;\n}\n", body: "return take(v);", why: "it is taken in another function"},
	{name: "return macro value", rule: "BLC201", decls: "#define VERDICT TC_ACT_OK\n", body: "bpf_spin_lock(&v->lock);\n\tv->n = 2;\n\treturn VERDICT;", want: []string{"\tbpf_spin_unlock(&v->lock);\n\treturn VERDICT;\n"}},
	{name: "two locks", rule: "BLC201", whole: `
SEC("tc")
int prog(struct __sk_buff *skb)
{
	__u32 key = 0;
	struct rlocked *a = bpf_map_lookup_elem(&first, &key), *b = bpf_map_lookup_elem(&second, &key);
	if (!a || !b)
		return 0;
	if (bpf_res_spin_lock(&a->lock))
		return 0;
	if (bpf_res_spin_lock(&b->lock)) {
		bpf_res_spin_unlock(&a->lock);
		return 0;
	}
	return b->n;
}
`, want: []string{"\tint ret = b->n;\n\tbpf_res_spin_unlock(&b->lock);\n\tbpf_res_spin_unlock(&a->lock);\n\treturn ret;\n"}},
	{name: "second lock failed", rule: "BLC201", whole: `
SEC("tc")
int prog(struct __sk_buff *skb)
{
	__u32 key = 0;
	struct rlocked *a = bpf_map_lookup_elem(&first, &key), *b = bpf_map_lookup_elem(&second, &key);
	if (!a || !b)
		return 0;
	if (bpf_res_spin_lock(&a->lock))
		return 0;
	if (bpf_res_spin_lock(&b->lock))
		return 0;
	bpf_res_spin_unlock(&b->lock);
	bpf_res_spin_unlock(&a->lock);
	return 1;
}
`, want: []string{"\tif (bpf_res_spin_lock(&b->lock)) {\n\t\tbpf_res_spin_unlock(&a->lock);\n\t\treturn 0;\n\t}\n"}},
	{name: "interrupts saved", rule: "BLC201", whole: `
SEC("tc")
int prog(struct __sk_buff *skb)
{
	unsigned long flags;
	__u32 key = 0;
	struct rlocked *a = bpf_map_lookup_elem(&first, &key);
	if (!a)
		return 0;
	if (bpf_res_spin_lock_irqsave(&a->lock, &flags))
		return 0;
	if (a->n)
		return 2;
	bpf_res_spin_unlock_irqrestore(&a->lock, &flags);
	return 1;
}
`, want: []string{"{\n\t\tbpf_res_spin_unlock_irqrestore(&a->lock, &flags);\n\t\treturn 2;\n\t}\n"}},
	{name: "RCU section", rule: "BLC201", body: "bpf_rcu_read_lock();\n\tif (key)\n\t\treturn 2;\n\tbpf_rcu_read_unlock();\n\treturn 1;", want: []string{"{\n\t\tbpf_rcu_read_unlock();\n\t\treturn 2;\n\t}\n"}},
	{name: "preemption", rule: "BLC201", body: "bpf_preempt_disable();\n\treturn 1;", want: []string{"\tbpf_preempt_enable();\n\treturn 1;\n"}},
	{name: "BPF_PROG", rule: "BLC201", whole: `
SEC("raw_tp/sys_enter")
int BPF_PROG(on_enter, void *sk)
{
	bpf_rcu_read_lock();
	if (!sk)
		return 0;
	bpf_rcu_read_unlock();
	return 0;
}
`, want: []string{"\tif (!sk) {\n\t\tbpf_rcu_read_unlock();\n\t\treturn 0;\n\t}\n"}},
	{name: "global lock", rule: "BLC201", whole: `
struct bpf_spin_lock glock SEC(".data.a");
long gsum SEC(".data.a");
SEC("tc")
int prog(struct __sk_buff *skb)
{
	bpf_spin_lock(&glock);
	gsum += skb->len;
	return gsum > 4;
}
`, want: []string{"\tint ret = gsum > 4;\n\tbpf_spin_unlock(&glock);\n\treturn ret;\n"}},
	{name: "end of a void function", rule: "BLC201", whole: `
static long each(struct bpf_map *map, __u32 *key, struct locked *v, void *ctx)
{
	bpf_spin_lock(&v->lock);
	v->n = 0;
	return 0;
}
SEC("tc")
int prog(struct __sk_buff *skb)
{
	bpf_for_each_map_elem(&vals, each, NULL, 0);
	return 0;
}
`, want: []string{"\tv->n = 0;\n\tbpf_spin_unlock(&v->lock);\n\treturn 0;\n"}},
	{name: "CRLF return", rule: "BLC201", lines: "\r\n", body: "bpf_spin_lock(&v->lock);\n\tif (v->n)\n\t\treturn 0; // no\n\tbpf_spin_unlock(&v->lock);\n\treturn v->n;",
		want: []string{"\tif (v->n) {\r\n\t\tbpf_spin_unlock(&v->lock);\r\n\t\treturn 0; // no\r\n\t}\r\n"}},

	// A call to be hoisted.
	{name: "time", rule: "BLC204", body: "bpf_spin_lock(&v->lock);\n\tv->n = bpf_ktime_get_ns();\n\tbpf_spin_unlock(&v->lock);\n\treturn 1;",
		want: []string{"\t__u64 now = bpf_ktime_get_ns();\n\tbpf_spin_lock(&v->lock);\n\tv->n = now;\n"}},
	{name: "time in a nested block", rule: "BLC204", body: "bpf_spin_lock(&v->lock);\n\tif (v->n) {\n\t\tv->n = bpf_ktime_get_ns() / 2;\n\t}\n\tbpf_spin_unlock(&v->lock);\n\treturn 1;",
		want: []string{"\t__u64 now = bpf_ktime_get_ns();\n\tbpf_spin_lock(&v->lock);\n", "v->n = now / 2;"}},
	{name: "declaration", rule: "BLC204", body: "bpf_spin_lock(&v->lock);\n\t__u64 t = bpf_ktime_get_ns();\n\tv->n = t;\n\tbpf_spin_unlock(&v->lock);\n\treturn 1;",
		want: []string{"\t__u64 t = bpf_ktime_get_ns();\n\tbpf_spin_lock(&v->lock);\n\tv->n = t;\n"}},
	{name: "two calls", rule: "BLC204", body: "bpf_spin_lock(&v->lock);\n\tv->n = bpf_ktime_get_ns();\n\tv->state = bpf_get_prandom_u32();\n\tbpf_spin_unlock(&v->lock);\n\treturn 1;",
		want: []string{"__u64 now = bpf_ktime_get_ns();", "__u32 random = bpf_get_prandom_u32();", "v->n = now;", "v->state = random;"}},
	{name: "the same call twice", rule: "BLC204", body: "bpf_spin_lock(&v->lock);\n\tv->n = bpf_ktime_get_ns();\n\tv->state = bpf_ktime_get_ns();\n\tbpf_spin_unlock(&v->lock);\n\treturn 1;",
		want: []string{"\t__u64 now = bpf_ktime_get_ns();\n\tbpf_spin_lock(&v->lock);\n\tv->n = now;\n\tv->state = now;\n"}},
	{name: "random numbers", rule: "BLC204", body: "bpf_spin_lock(&v->lock);\n\tv->n = bpf_get_prandom_u32();\n\tv->state = bpf_get_prandom_u32();\n\tbpf_spin_unlock(&v->lock);\n\treturn 1;",
		want: []string{"v->n = random;", "v->state = random2;"}},
	{name: "name taken", rule: "BLC204", body: "int now = 3;\n\tbpf_spin_lock(&v->lock);\n\tv->n = bpf_ktime_get_ns() + now;\n\tbpf_spin_unlock(&v->lock);\n\treturn 1;", want: []string{"v->n = now2 + now;"}},
	{name: "with the context", rule: "BLC204", body: "bpf_spin_lock(&v->lock);\n\tv->n = bpf_get_socket_cookie(skb);\n\tbpf_spin_unlock(&v->lock);\n\treturn 1;", want: []string{"\t__u64 cookie = bpf_get_socket_cookie(skb);\n\tbpf_spin_lock(&v->lock);\n\tv->n = cookie;\n"}},
	{name: "in a loop of the section", rule: "BLC204", body: "bpf_spin_lock(&v->lock);\n\tfor (int i = 0; i < 3; i++)\n\t\tv->n = bpf_ktime_get_ns();\n\tbpf_spin_unlock(&v->lock);\n\treturn 1;", why: "it is called again on each turn of a loop"},
	{name: "call in a macro", rule: "BLC204", decls: "#define NOW() bpf_ktime_get_ns()\n", body: "bpf_spin_lock(&v->lock);\n\tv->n = NOW();\n\tbpf_spin_unlock(&v->lock);\n\treturn 1;", want: []string{"\t__u64 now = NOW();\n\tbpf_spin_lock(&v->lock);\n\tv->n = now;\n"}},
	{name: "call in a larger macro", rule: "BLC204", decls: "#define STAMP(v) (v)->n = bpf_ktime_get_ns()\n", body: "bpf_spin_lock(&v->lock);\n\tSTAMP(v);\n\tbpf_spin_unlock(&v->lock);\n\treturn 1;", why: "macro STAMP writes a part of it"},
	{name: "call in another function", rule: "BLC204", decls: "static __always_inline void stamp(struct locked *v) { v->n = bpf_ktime_get_ns(); }\n", body: "bpf_spin_lock(&v->lock);\n\tstamp(v);\n\tbpf_spin_unlock(&v->lock);\n\treturn 1;", why: "the lock is taken in another function"},
	{name: "lock without braces", rule: "BLC204", body: "if (key)\n\t\tbpf_spin_lock(&v->lock);\n\telse\n\t\treturn 0;\n\tv->n = bpf_ktime_get_ns();\n\tbpf_spin_unlock(&v->lock);\n\treturn 1;",
		want: []string{"\t__u64 now = bpf_ktime_get_ns();\n\tif (key)\n\t\tbpf_spin_lock"}},
	{name: "behind a label", rule: "BLC204", body: "if (key)\n\t\tgoto take;\n\tkey = 1;\ntake:\n\tbpf_spin_lock(&v->lock);\n\tv->n = bpf_ktime_get_ns();\n\tbpf_spin_unlock(&v->lock);\n\treturn 1;", why: "nothing can be put before the statement that takes the lock"},
	{name: "jump into the section", rule: "BLC204", body: "bpf_spin_lock(&v->lock);\n\tif (v->n)\n\t\tgoto later;\n\tv->n = 3;\nlater:\n\tv->n = bpf_ktime_get_ns();\n\tbpf_spin_unlock(&v->lock);\n\treturn 1;", why: "a jump could pass over it"},
	{name: "argument from the section", rule: "BLC204", body: "struct __sk_buff *s = skb;\n\tbpf_spin_lock(&v->lock);\n\ts = v->n ? skb : s;\n\tv->n = bpf_get_socket_cookie(s);\n\tbpf_spin_unlock(&v->lock);\n\treturn 1;", why: "its arguments depend on what happens under the lock"},
	{name: "res lock", rule: "BLC204", whole: `
SEC("tc")
int prog(struct __sk_buff *skb)
{
	__u32 key = 0;
	struct rlocked *a = bpf_map_lookup_elem(&first, &key);
	if (!a)
		return 0;
	if (bpf_res_spin_lock(&a->lock))
		return 0;
	a->n = bpf_ktime_get_ns();
	bpf_res_spin_unlock(&a->lock);
	return 1;
}
`, want: []string{"\t__u64 now = bpf_ktime_get_ns();\n\tif (bpf_res_spin_lock(&a->lock))\n"}},

	// An insert that must not overwrite.
	{name: "returns after the insert", rule: "BLC103", unsafe: true, body: "INSERT\tif (!v) {\n\t\tinit.n = 1;\n\t\tbpf_map_update_elem(&counters, &key, &init, BPF_ANY);\n\t\treturn 0;\n\t}\n\t__sync_fetch_and_add(&v->n, 1);\n\treturn 0;",
		want: []string{"\t\tif (!bpf_map_update_elem(&counters, &key, &init, BPF_NOEXIST))\n\t\t\treturn 0;\n\t\tv = bpf_map_lookup_elem(&counters, &key);\n\t\tif (!v)\n\t\t\treturn 0;\n\t}\n"}},
	{name: "looks up again", rule: "BLC103", unsafe: true, body: "INSERT\tif (!v) {\n\t\tbpf_map_update_elem(&counters, &key, &init, 0);\n\t\tv = bpf_map_lookup_elem(&counters, &key);\n\t\tif (!v)\n\t\t\treturn 0;\n\t}\n\t__sync_fetch_and_add(&v->n, 1);\n\treturn 0;",
		want: []string{"&init, BPF_NOEXIST);\n\t\tv = bpf_map_lookup_elem(&counters, &key);\n"}},
	{name: "if and else", rule: "BLC103", unsafe: true, body: "INSERT\tif (v) {\n\t\t__sync_fetch_and_add(&v->n, 1);\n\t} else {\n\t\tinit.n = 1;\n\t\tbpf_map_update_elem(&counters, &key, &init, BPF_ANY);\n\t}\n\treturn 0;",
		want: []string{"\t\tif (bpf_map_update_elem(&counters, &key, &init, BPF_NOEXIST)) {\n", "\t\t\tv = bpf_map_lookup_elem(&counters, &key);\n\t\t\tif (v) {\n\t\t\t\t__sync_fetch_and_add(&v->n, 1);\n\t\t\t}\n\t\t}\n\t}\n"}},
	{name: "if and else without braces", rule: "BLC103", unsafe: true, body: "INSERT\tinit.n = 1;\n\tif (v)\n\t\t__sync_fetch_and_add(&v->n, 1);\n\telse {\n\t\tbpf_map_update_elem(&counters, &key, &init, BPF_ANY);\n\t}\n\treturn 0;",
		want: []string{"\t\t\tif (v)\n\t\t\t\t__sync_fetch_and_add(&v->n, 1);\n\t\t}\n"}},
	{name: "not and else", rule: "BLC103", unsafe: true, body: "INSERT\tif (!v) {\n\t\tinit.n = 1;\n\t\tbpf_map_update_elem(&counters, &key, &init, BPF_ANY);\n\t} else {\n\t\t__sync_fetch_and_add(&v->n, 1);\n\t}\n\treturn 0;",
		want: []string{"\t\t\tif (v) {\n\t\t\t\t__sync_fetch_and_add(&v->n, 1);\n\t\t\t}\n"}},
	{name: "found returns first", rule: "BLC103", unsafe: true, body: "INSERT\tif (v) {\n\t\t__sync_fetch_and_add(&v->n, 1);\n\t\treturn 1;\n\t}\n\tinit.n = 1;\n\tbpf_map_update_elem(&counters, &key, &init, BPF_ANY); /* new */\n\treturn 0;",
		want: []string{"BPF_NOEXIST)) { /* new */\n", "\t\tif (v) {\n\t\t\t__sync_fetch_and_add(&v->n, 1);\n\t\t\treturn 1;\n\t\t}\n\t}\n\treturn 0;"}},
	{name: "result tested", rule: "BLC103", unsafe: true, body: "INSERT\tif (!v) {\n\t\tif (bpf_map_update_elem(&counters, &key, &init, BPF_ANY))\n\t\t\treturn 1;\n\t\treturn 0;\n\t}\n\t__sync_fetch_and_add(&v->n, 1);\n\treturn 0;", why: "its result is used"},
	{name: "racy change repeated", rule: "BLC103", unsafe: true, body: "INSERT\tif (v)\n\t\tv->n++;\n\telse {\n\t\tinit.n = 1;\n\t\tbpf_map_update_elem(&counters, &key, &init, BPF_ANY);\n\t}\n\treturn 0;",
		want: []string{"\t\t\tif (v)\n\t\t\t\t__sync_fetch_and_add(&v->n, 1);\n"}},
	{name: "insert without braces", rule: "BLC103", unsafe: true, body: "INSERT\tif (v)\n\t\t__sync_fetch_and_add(&v->n, 1);\n\telse\n\t\tbpf_map_update_elem(&counters, &key, &init, BPF_ANY);\n\treturn 0;", why: "it stands in no block of its own"},
}

func (tt *rewriting) text() string {
	text := rewritingHead + tt.decls
	switch {
	case tt.whole != "":
		text += tt.whole
	case strings.HasPrefix(tt.body, "INSERT"):
		text += strings.Replace(insertProgram, "BODY", strings.TrimPrefix(tt.body, "INSERT"), 1)
	default:
		text += strings.Replace(rewritingProgram, "BODY", "\t"+tt.body, 1)
	}
	text += "\nchar _license[] SEC(\"license\") = \"GPL\";\n"
	if tt.lines != "" {
		text = strings.ReplaceAll(text, "\n", tt.lines)
	}
	return text
}

func TestRewritings(t *testing.T) {
	cc := clang(t)
	include := filepath.Join(repository(t), "testdata", "include")
	for _, tt := range rewritings {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := &project{dir: t.TempDir(), inputs: []string{"a.bpf.c"}}
			p.opts.IncludeDirs = []string{include}
			path := filepath.Join(p.dir, "a.bpf.c")
			write(t, path, tt.text())
			flags, ok := strictest(cc, path, "-I"+include)
			if !ok {
				t.Fatalf("the case does not compile: %v", compile(cc, path, "-I"+include))
			}
			var about []diag.Finding
			for _, f := range p.check(t) {
				if f.Rule == tt.rule {
					about = append(about, f)
				}
			}
			if len(about) == 0 {
				t.Fatalf("no %s: %v", tt.rule, summaries(p.check(t)))
			}
			if tt.why != "" {
				for _, f := range about {
					if f.Fix != nil || !strings.Contains(f.Help, "; no automatic fix: "+tt.why) {
						t.Errorf("fix %+v, help %q; want none because %q", f.Fix, f.Help, tt.why)
					}
				}
				return
			}
			for _, f := range about {
				if f.Fix == nil {
					t.Errorf("no fix; help %q", f.Help)
				} else if f.Fix.Safe == tt.unsafe {
					t.Errorf("safe is %v", f.Fix.Safe)
				}
			}
			if tt.unsafe {
				n := len(about)
				p.fix(t, false)
				for _, f := range p.check(t) {
					if f.Rule == tt.rule {
						n--
					}
				}
				if n != 0 {
					t.Error("an unsafe fix was applied unasked")
				}
			}
			p.fix(t, tt.unsafe)
			got := read(t, path)
			for _, w := range tt.want {
				if !strings.Contains(got, w) {
					t.Errorf("the result lacks %q:\n%s", w, got[len(rewritingHead):])
				}
			}
			for _, f := range p.check(t) {
				if f.Rule == tt.rule {
					t.Errorf("still there: %s\n%s", f.Message, got[len(rewritingHead):])
				}
			}
			if err := compile(cc, path, flags...); err != nil {
				t.Errorf("%v\n%s", err, got[len(rewritingHead):])
			}
		})
	}
}
