// Lost updates in many spellings.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "annotations.h"

struct inner { __u64 x; __u64 y; };
struct val {
	__u64 a, b;
	struct inner in[4];
	union { __u64 whole; struct { __u32 lo, hi; }; };
	bool flag;
	__u8 bytes[16];
};

#define HASH(name, k, v) struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 64); __type(key, k); __type(value, v); } name SEC(".maps")
HASH(m, __u32, struct val);
HASH(n, __u32, __u64);

struct inner_map { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 64); __type(key, __u32); __type(value, struct val); };
struct { __uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS); __uint(max_entries, 4); __type(key, __u32); __array(values, struct inner_map); } outer SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries, 1); __type(key, __u32); __type(value, __u64[8]); } arr SEC(".maps");

static void *(*my_lookup)(void *map, const void *key) = (void *)1;
#define map_get(map, key) ({ typeof(key) _k = (key); bpf_map_lookup_elem(&(map), &_k); })
#define READ(x) (*(volatile typeof(x) *)&(x))

SEC("xdp")
int p1(struct xdp_md *ctx)
{
	struct val *v = map_get(m, ctx->rx_queue_index);
	if (!v)
		return 0;
	*(__u64 *)((char *)v + 8) += 1; // want BLC101
	v->in[ctx->ingress_ifindex & 3].y += 2; // want BLC101
	v->lo++; // want BLC101
	v->whole >>= 1; // want BLC101
	return 0;
}

SEC("xdp")
int p2(struct xdp_md *ctx)
{
	__u32 k = ctx->rx_queue_index;
	struct val *v = my_lookup(&m, &k);
	struct inner *i;
	if (!v)
		return 0;
	i = &v->in[2];
	i->x = i->x + i->y; // want BLC101
	struct inner t = v->in[1];
	t.x++;
	v->in[1] = t; // want BLC101
	return 0;
}

SEC("xdp")
int p3(struct xdp_md *ctx)
{
	__u32 k = 0;
	void *im = bpf_map_lookup_elem(&outer, &k);
	struct val *v;
	if (!im)
		return 0;
	v = bpf_map_lookup_elem(im, &k);
	if (!v)
		return 0;
	v->a++; // want BLC101
	return 0;
}

SEC("xdp")
int p4(struct xdp_md *ctx)
{
	__u32 k = 0;
	__u64 *v = bpf_map_lookup_elem(&arr, &k);
	__u32 i = ctx->rx_queue_index;
	if (!v || i >= 8)
		return 0;
	v[i] += 3; // want BLC101
	v[2]++; // want BLC101
	return 0;
}

SEC("xdp")
int p5(struct xdp_md *ctx)
{
	__u32 k = ctx->rx_queue_index;
	__u64 *v = bpf_map_lookup_elem(&n, &k), old;
	if (!v)
		return 0;
	old = READ(*v);
	if (old < 10) {
		old *= 2;
		goto store;
	}
	switch (ctx->ingress_ifindex) {
	case 1: old += 1; break;
	case 2: old += 2; break;
	default: return 0;
	}
store:
	*v = old; // want BLC101
	return 0;
}

SEC("xdp")
int p6(struct xdp_md *ctx)
{
	__u32 k = ctx->rx_queue_index;
	struct val *v = bpf_map_lookup_elem(&m, &k);
	if (!v)
		return 0;
	if (v->flag)
		return XDP_DROP;
	v->flag = true; // want BLC101
	bpf_printk("first");
	return XDP_PASS;
}

SEC("xdp")
int p7(struct xdp_md *ctx)
{
	__u32 k = ctx->rx_queue_index;
	struct val *v = bpf_map_lookup_elem(&m, &k);
	__u64 len = ctx->data_end - ctx->data;
	if (!v)
		return 0;
	v->a = v->a > len ? v->a : len; // want BLC101
	v->b = v->b * 7 / 8 + len / 8; // want BLC101
	__u64 cnt = v->in[0].x;
	cnt++;
	if (cnt > 5) cnt = 0;
	v->in[0].x = cnt; // want BLC101
	return 0;
}
static __always_inline __u64 *field(struct val *v, int which)
{
	return which ? &v->a : &v->b;
}
static __noinline int add(struct val *v, int which, __u64 n)
{
	__u64 *p;
	if (!v)
		return 0;
	p = field(v, which);
	*p += n; // want BLC101
	return 1;
}

SEC("tc")
int p8(struct __sk_buff *skb)
{
	__u32 k = skb->hash;
	struct val *v = bpf_map_lookup_elem(&m, &k);
	add(v, skb->len & 1, skb->len);
	return 0;
}
struct cb { struct val *v; };
static long each(struct bpf_map *map, __u32 *key, struct val *v, struct cb *cb)
{
	if (cb->v) cb->v->a += v->b; // want BLC101
	return 0;
}

SEC("tc")
int p9(struct __sk_buff *skb)
{
	__u32 k = skb->hash;
	struct cb cb = { .v = bpf_map_lookup_elem(&m, &k) };
	bpf_for_each_map_elem(&m, each, &cb, 0);
	return 0;
}
struct twrap { struct bpf_timer t; __u64 fires; };
struct { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries, 1); __type(key, __u32); __type(value, struct twrap); } timers SEC(".maps");
static __u64 gcount;
static int fire(void *map, int *key, struct twrap *w)
{
	gcount++; // want BLC101
	return 0;
}

SEC("tc")
int p10(struct __sk_buff *skb)
{
	__u32 k = 0;
	struct twrap *w = bpf_map_lookup_elem(&timers, &k);
	if (!w)
		return 0;
	bpf_timer_init(&w->t, &timers, 1);
	bpf_timer_set_callback(&w->t, fire);
	gcount += 2; // want BLC101
	return 0;
}

SEC("tc")
int p11(struct __sk_buff *skb)
{
	__u32 k = skb->hash;
	struct val *v = bpf_map_lookup_elem(&m, &k);
	if (!v)
		return 0;
	v->bytes[skb->len & 15] ^= 1; // want BLC101
	__u64 x = READ_ONCE(v->a);
	do { x++; } while (x & 3);
	WRITE_ONCE(v->a, x); // want BLC101
	return 0;
}
char LICENSE[] SEC("license") = "GPL";
