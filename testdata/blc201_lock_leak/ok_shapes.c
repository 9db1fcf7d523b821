// Correct programs in many shapes.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "annotations.h"
#include "kfuncs.h"
struct lk { struct bpf_spin_lock l; };
struct val { struct lk k; __u64 a, b; __u32 st; };
#define HASH(name, k, v) struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 64); __type(key, k); __type(value, v); } name SEC(".maps")
HASH(m, __u32, struct val);
static __always_inline void lk(struct bpf_spin_lock *l) { bpf_spin_lock(l); }
static __always_inline void ul(struct bpf_spin_lock *l) { bpf_spin_unlock(l); }
#define WITH(l, body) do { bpf_spin_lock(l); body; bpf_spin_unlock(l); } while (0)
#define RET(l, r) ({ bpf_spin_unlock(l); return r; })

SEC("tc")
int o1(struct __sk_buff *skb)
{
	__u32 k = skb->hash;
	struct val *v = bpf_map_lookup_elem(&m, &k);
	bool locked = false;
	if (!v)
		return 0;
	if (skb->len > 5) { lk(&v->k.l); locked = true; v->a++; }
	if (locked) ul(&v->k.l);
	WITH(&v->k.l, v->b += 2);
	bpf_spin_lock(&v->k.l);
	if (v->st == 4) RET(&v->k.l, 1);
	switch (v->st) {
	case 1: v->a = 0; break;
	case 2: bpf_spin_unlock(&v->k.l); return 2;
	default: v->a += v->b;
	}
	bpf_spin_unlock(&v->k.l);
	return 0;
}

SEC("tc")
int o2(struct __sk_buff *skb)
{
	struct bpf_spin_lock *l = NULL;
	struct val *v = NULL;
	for (__u32 i = 0; i < 3; i++) {
		__u32 k = skb->hash + i;
		v = bpf_map_lookup_elem(&m, &k);
		if (!v) continue;
		l = &v->k.l;
		bpf_spin_lock(l);
		if (v->st) { bpf_spin_unlock(l); continue; }
		v->a += i;
		bpf_spin_unlock(l);
		if (i == 2) break;
	}
	return 0;
}
static __noinline struct val *get(__u32 k)
{
	return bpf_map_lookup_elem(&m, &k);
}
static __noinline int upd(struct val *v, __u64 n)
{
	if (!v)
		return -1;
	bpf_spin_lock(&v->k.l);
	v->a += n;
	if (v->a > 100) {
		v->a = 0;
		bpf_spin_unlock(&v->k.l);
		return 1;
	}
	bpf_spin_unlock(&v->k.l);
	return 0;
}

SEC("tc")
int o3(struct __sk_buff *skb)
{
	return upd(get(skb->hash), skb->len);
}
// percpu via wrapper function pointers
struct { __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY); __uint(max_entries, 4); __type(key, __u32); __type(value, struct { __u64 p; __u64 q; }); } pc SEC(".maps");
static __always_inline void *lookup_any(void *map, __u32 k) { return bpf_map_lookup_elem(map, &k); }

SEC("xdp")
int o4(struct xdp_md *ctx)
{
	struct { __u64 p, q; } *x = lookup_any(&pc, 2), *y;
	__u32 cpu = bpf_get_smp_processor_id();
	if (x) x->p++;
	y = bpf_map_lookup_percpu_elem(&pc, &cpu, cpu);
	if (y) y->q++;
	return 0;
}
// first-seen init with NOEXIST then CAS
HASH(h, __u64, __u64);

SEC("tp/syscalls/sys_enter_write")
int o5(void *ctx)
{
	__u64 id = bpf_get_current_pid_tgid(), one = 1, *c;
	struct { __u32 tgid, tid; } ids = { id >> 32, (__u32)id };
	c = bpf_map_lookup_elem(&h, &ids);
	if (c) (*c)++;
	else bpf_map_update_elem(&h, &ids, &one, BPF_ANY);
	return 0;
}
// status words that are only overwritten
static __u64 last_seen, state;

SEC("xdp")
int o6(struct xdp_md *ctx)
{
	last_seen = bpf_ktime_get_ns();
	state = ctx->rx_queue_index;
	if (last_seen > 100) state = 3;
	return 0;
}
// res lock, nested helper
struct rv { struct bpf_res_spin_lock l; __u64 n; };
HASH(r, __u32, struct rv);
static __always_inline int with(struct rv *v, __u64 n)
{
	unsigned long f;
	int e = bpf_res_spin_lock_irqsave(&v->l, &f);
	if (e)
		return e;
	v->n += n;
	bpf_res_spin_unlock_irqrestore(&v->l, &f);
	return 0;
}

SEC("tc")
int o7(struct __sk_buff *skb)
{
	__u32 k = skb->hash;
	struct rv *v = bpf_map_lookup_elem(&r, &k);
	if (!v)
		return 0;
	return with(v, 3) ? 1 : 0;
}
// set once with kernel style WRITE_ONCE
static bool seen;

SEC("tc")
int o8(struct __sk_buff *skb)
{
	if (!READ_ONCE(seen))
		WRITE_ONCE(seen, true);
	return 0;
}
char LICENSE[] SEC("license") = "GPL";
