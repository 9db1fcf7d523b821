//go:build ignore
/* Maps of every kind that matters to BPF_F_LOCK, and programs that use them. */
#include "../bpf/bpf.h"

struct stats {
	struct bpf_spin_lock lock;
	__u64 packets;
	__u64 bytes;
	__u64 seen[4];
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, struct stats);
} locked SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, struct stats);
} locked_array SEC(".maps");

struct counts {
	__u64 packets;
	__u64 bytes;
	__u64 limit;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, struct counts);
} plain SEC(".maps");

/* Only userspace writes it. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, struct counts);
} config SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, struct counts);
} percpu SEC(".maps");

/* Programs create its elements and leave them alone then. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, struct counts);
} created SEC(".maps");

struct word {
	struct bpf_spin_lock lock;
	__u64 count;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, struct word);
} word SEC(".maps");

/* No program takes this one's lock. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, struct stats);
} untaken SEC(".maps");

/* The kernel does not see a lock through a typedef of its type. */
typedef struct bpf_spin_lock lock_t;
struct hidden {
	lock_t lock;
	__u64 a;
	__u64 b;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, struct hidden);
} hidden SEC(".maps");

union either {
	struct bpf_spin_lock lock;
	__u64 a[4];
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, union either);
} either SEC(".maps");

/* It does see one inside a struct, in an array of one, and through a typedef
 * of the value's type. */
typedef struct {
	struct {
		struct bpf_spin_lock lock;
		__u64 a;
	} inner;
	__u64 b;
} nested_t;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, nested_t);
} nested SEC(".maps");

struct single {
	struct bpf_spin_lock l[1];
	__u64 a;
	__u64 b;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, struct single);
} single SEC(".maps");

SEC("tc")
int count(struct __sk_buff *skb)
{
	__u32 key = 0;
	struct stats *s;
	struct word *w;
	nested_t *n;
	struct single *g;
	struct counts *p;

	s = bpf_map_lookup_elem(&locked, &key);
	if (s) {
		bpf_spin_lock(&s->lock);
		s->packets++;
		s->bytes += skb->len;
		bpf_spin_unlock(&s->lock);
	}
	s = bpf_map_lookup_elem(&locked_array, &key);
	if (s) {
		bpf_spin_lock(&s->lock);
		s->packets++;
		s->bytes += skb->len;
		bpf_spin_unlock(&s->lock);
	}
	w = bpf_map_lookup_elem(&word, &key);
	if (w) {
		bpf_spin_lock(&w->lock);
		w->count++;
		bpf_spin_unlock(&w->lock);
	}
	n = bpf_map_lookup_elem(&nested, &key);
	if (n) {
		bpf_spin_lock(&n->inner.lock);
		n->b++;
		bpf_spin_unlock(&n->inner.lock);
	}
	g = bpf_map_lookup_elem(&single, &key);
	if (g) {
		bpf_spin_lock(&g->l[0]);
		g->a++;
		bpf_spin_unlock(&g->l[0]);
	}
	p = bpf_map_lookup_elem(&plain, &key);
	if (p)
		__sync_fetch_and_add(&p->packets, 1);
	p = bpf_map_lookup_elem(&config, &key);
	if (p && p->limit)
		return 1;
	p = bpf_map_lookup_elem(&percpu, &key);
	if (p)
		p->packets++;
	if (!bpf_map_lookup_elem(&created, &key)) {
		struct counts init = {};

		bpf_map_update_elem(&created, &key, &init, BPF_NOEXIST);
	}
	return bpf_map_lookup_elem(&untaken, &key) || bpf_map_lookup_elem(&hidden, &key) ||
	       bpf_map_lookup_elem(&either, &key);
}

char _license[] SEC("license") = "GPL";
