// Races through bpf_map_update_elem, and their neighbours.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "annotations.h"
#define MAP(name, t, k, v) struct { __uint(type, BPF_MAP_TYPE_##t); __uint(max_entries, 64); __type(key, k); __type(value, v); } name SEC(".maps")
struct val { __u64 a, b; __u32 c, d; };
MAP(m, HASH, __u32, struct val);
MAP(ar, ARRAY, __u32, struct val);
MAP(lp, LRU_HASH, __u64, __u64);
MAP(th, HASH, __u64, struct val);

SEC("tc")
int q1(struct __sk_buff *skb)
{
	__u32 k = skb->hash;
	struct val n = { 1, 2, 3, 4 }, *o = bpf_map_lookup_elem(&m, &k);
	if (o) {
		n.a = o->a;
		n.b = o->b + 1;
	}
	bpf_map_update_elem(&m, &k, &n, 0); // want BLC102
	return 0;
}

SEC("tc")
int q2(struct __sk_buff *skb)
{
	__u32 k = 1;
	struct val n = {}, *o = bpf_map_lookup_elem(&ar, &k);
	if (!o)
		return 0;
	__builtin_memcpy(&n, o, sizeof(n));
	if (n.a > 3) n.a = 0;
	bpf_map_update_elem(&ar, &k, &n, BPF_ANY); // want BLC102
	return 0;
}
// unchanged pointer written to the other map, own element without change

SEC("tc")
int q3(struct __sk_buff *skb)
{
	__u32 k = skb->hash, z = 0;
	struct val *o = bpf_map_lookup_elem(&m, &k);
	if (!o)
		return 0;
	bpf_map_update_elem(&ar, &z, o, BPF_ANY);
	return 0;
}

SEC("tc")
int q4(struct __sk_buff *skb)
{
	__u64 k = skb->hash, one = 1;
	__u64 *o = bpf_map_lookup_elem(&lp, &k);
	if (o) {
		__sync_fetch_and_add(o, 1);
	} else {
		long e = bpf_map_update_elem(&lp, &k, &one, BPF_ANY); // want BLC103
		if (e)
			return 1;
	}
	return 0;
}

SEC("tc")
int q5(struct __sk_buff *skb)
{
	__u64 k = skb->hash, *o, zero = 0;
	o = bpf_map_lookup_elem(&lp, &k);
	if (o)
		goto found;
	bpf_map_update_elem(&lp, &k, &zero, 0); // want BLC103
	o = bpf_map_lookup_elem(&lp, &k);
	if (!o)
		return 0;
found:
	__sync_fetch_and_add(o, skb->len);
	return 0;
}

SEC("tp/syscalls/sys_enter_read")
int q6(void *ctx)
{
	__u64 id = bpf_get_current_pid_tgid();
	struct val init = {}, *v = bpf_map_lookup_elem(&th, &id);
	if (!v) {
		bpf_map_update_elem(&th, &id, &init, BPF_ANY);
		v = bpf_map_lookup_elem(&th, &id);
		if (!v)
			return 0;
	}
	v->a++;
	v->b = v->b > v->a ? v->b : v->a;
	return 0;
}
// a tgid key is shared

SEC("tp/syscalls/sys_enter_close")
int q7(void *ctx)
{
	__u64 id = bpf_get_current_pid_tgid() >> 32;
	struct val init = {}, *v = bpf_map_lookup_elem(&th, &id);
	if (!v) {
		bpf_map_update_elem(&th, &id, &init, BPF_ANY); // want BLC103
		return 0;
	}
	v->d |= 1; // want BLC101
	return 0;
}
// mixed
static __u64 tot;

SEC("tc")
int q8(struct __sk_buff *skb)
{
	__u64 n;
	__atomic_fetch_add(&tot, skb->len, __ATOMIC_RELAXED);
	n = tot;
	if (n > 1000)
		tot = 0; // want BLC104
	return 0;
}
static __u64 tot2;

SEC("tc")
int q9(struct __sk_buff *skb)
{
	__sync_fetch_and_add(&tot2, 1);
	return 0;
}

SEC("xdp")
int q10(struct xdp_md *ctx)
{
	if (ctx->rx_queue_index == 3) tot2 = 0; // want BLC104
	return 0;
}

SEC("syscall")
int q11(void *ctx) { tot2 = 0; return 0; }
MAP(scr, HASH, __u32, struct { char buf[64]; __u32 n; });
MAP(pa, PERF_EVENT_ARRAY, __u32, __u32);
static __noinline int fill(char *p, __u32 n) { if (!p) return 0; bpf_get_current_comm(p, 16); return n; }

SEC("tp/syscalls/sys_enter_write")
int q12(void *ctx)
{
	__u32 k = 7;
	struct { char buf[64]; __u32 n; } *s = bpf_map_lookup_elem(&scr, &k);
	if (!s)
		return 0;
	s->n = 3; // want BLC107
	bpf_get_current_comm(s->buf, sizeof(s->buf));
	bpf_perf_event_output(ctx, &pa, BPF_F_CURRENT_CPU, s, sizeof(*s));
	return 0;
}
char LICENSE[] SEC("license") = "GPL";
