// The value is used after its element was deleted.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

struct val {
	__u64 start;
	__u64 bytes;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, __u64);
	__type(value, struct val);
} started SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__type(value, struct val);
} recent SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} events SEC(".maps");

SEC("tp/syscalls/sys_exit_read")
int reads(void *ctx)
{
	__u64 id = bpf_get_current_pid_tgid(), delta;
	struct val *v = bpf_map_lookup_elem(&started, &id);

	if (!v)
		return 0;
	bpf_map_delete_elem(&started, &id);
	delta = bpf_ktime_get_ns() - v->start; // want BLC109 "started"
	bpf_ringbuf_output(&events, &delta, sizeof(delta), 0);
	return 0;
}

SEC("tc")
int writes(struct __sk_buff *skb)
{
	__u32 key = skb->hash;
	struct val *v = bpf_map_lookup_elem(&recent, &key);

	if (!v)
		return TC_ACT_OK;
	if (v->bytes > 1000) {
		bpf_map_delete_elem(&recent, &key);
		goto out;
	}
	return TC_ACT_OK;
out:
	v->start = skb->len; // want BLC109 "recent"
	return TC_ACT_OK;
}

SEC("tc")
int passes_on(struct __sk_buff *skb)
{
	__u32 key = skb->hash;
	struct val *v = bpf_map_lookup_elem(&recent, &key);

	if (!v)
		return TC_ACT_OK;
	bpf_map_delete_elem(&recent, &key);
	bpf_ringbuf_output(&events, v, sizeof(*v), 0); // want BLC109 "recent"
	return TC_ACT_OK;
}

static long expire(struct bpf_map *map, __u32 *key, struct val *v, __u64 *total)
{
	if (v->start < 5) {
		bpf_map_delete_elem(map, key);
		*total += v->bytes; // want BLC109 "recent"
	}
	return 0;
}

static long expire_copied_key(struct bpf_map *map, __u32 *key, struct val *v, __u64 *total)
{
	__u32 k = *key;

	if (v->start < 5) {
		bpf_map_delete_elem(&recent, &k);
		*total += v->bytes; // want BLC109 "recent"
	}
	return 0;
}

SEC("tc")
int sweep(struct __sk_buff *skb)
{
	__u64 total = 0;

	bpf_for_each_map_elem(&recent, expire, &total, 0);
	bpf_for_each_map_elem(&recent, expire_copied_key, &total, 0);
	skb->mark = total;
	return TC_ACT_OK;
}

// Deleted on one way only.
SEC("tc")
int perhaps(struct __sk_buff *skb)
{
	__u32 key = skb->hash;
	struct val *v = bpf_map_lookup_elem(&recent, &key);

	if (!v)
		return TC_ACT_OK;
	if (skb->mark == 7)
		bpf_map_delete_elem(&recent, &key);
	v->start = skb->len; // want BLC109 "recent"
	return TC_ACT_OK;
}

char LICENSE[] SEC("license") = "GPL";
