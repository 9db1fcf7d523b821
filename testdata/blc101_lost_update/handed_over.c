// Elements that one program makes for the next, which deletes what it took.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

struct packet {
	__u64 stamp;
	__u32 hash;
	__u32 mark;
	__u32 from[4];
};

struct note {
	__u32 flags;
	__u32 bytes;
	__u16 stage;
};

#define NOTES(name)                               \
	struct {                                  \
		__uint(type, BPF_MAP_TYPE_HASH);  \
		__uint(max_entries, 1024);        \
		__type(key, struct packet);       \
		__type(value, struct note);       \
	} name SEC(".maps")

NOTES(taken);
NOTES(kept_on_error);
NOTES(also_elsewhere);

struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__uint(key_size, 4);
	__uint(value_size, 4);
} out SEC(".maps");

static __always_inline struct packet name_of(struct __sk_buff *skb)
{
	struct packet p = { .stamp = skb->tstamp, .mark = skb->mark };
	__u32 head[10] = {};
	__u32 size = skb->len & 31;

	if (bpf_skb_load_bytes_relative(skb, 0, head, size + 1, 1))
		return p;
	p.hash = head[1];
	if (skb->family == 2)
		p.from[0] = head[3];
	else
		__builtin_memcpy(p.from, &head[2], sizeof(p.from));
	return p;
}

static __always_inline void fill(struct __sk_buff *skb, struct note *n)
{
	n->bytes += skb->len;
	n->flags |= 4;
	if (!n->stage)
		n->stage = 2;
	bpf_perf_event_output(skb, &out, BPF_F_CURRENT_CPU, n, sizeof(*n));
}

SEC("cgroup_skb/ingress")
int make(struct __sk_buff *skb)
{
	struct packet p = name_of(skb);
	struct note n = { .flags = 1 };

	bpf_map_update_elem(&taken, &p, &n, BPF_NOEXIST);
	bpf_map_update_elem(&kept_on_error, &p, &n, BPF_NOEXIST);
	bpf_map_update_elem(&also_elsewhere, &p, &n, BPF_NOEXIST);
	return 1;
}

SEC("cgroup_skb/egress")
int take(struct __sk_buff *skb)
{
	struct packet p = name_of(skb);
	struct note *n = bpf_map_lookup_elem(&taken, &p);

	if (!n)
		return 1;
	if (skb->len > 100)
		fill(skb, n);
	else
		n->flags |= 8;
	bpf_map_delete_elem(&taken, &p);
	return 1;
}

// On one way the element stays.
SEC("cgroup_skb/egress")
int take_some(struct __sk_buff *skb)
{
	struct packet p = name_of(skb);
	struct note *n = bpf_map_lookup_elem(&kept_on_error, &p);

	if (!n)
		return 1;
	n->bytes += skb->len; // want BLC101
	if (skb->len > 100)
		return 1;
	bpf_map_delete_elem(&kept_on_error, &p);
	return 1;
}

// Another program changes it, too.
SEC("cgroup_skb/egress")
int take_all(struct __sk_buff *skb)
{
	struct packet p = name_of(skb);
	struct note *n = bpf_map_lookup_elem(&also_elsewhere, &p);

	if (!n)
		return 1;
	n->bytes += skb->len; // want BLC101
	bpf_map_delete_elem(&also_elsewhere, &p);
	return 1;
}

SEC("cgroup_skb/ingress")
int count(struct __sk_buff *skb)
{
	struct packet p = name_of(skb);
	struct note *n = bpf_map_lookup_elem(&also_elsewhere, &p);

	if (n)
		n->bytes += skb->len; // want BLC101
	return 1;
}

char LICENSE[] SEC("license") = "GPL";
