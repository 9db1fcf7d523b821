// Member by member, or a copy on the stack.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "locked.h"

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} events SEC(".maps");

SEC("tc")
int members(struct __sk_buff *skb)
{
	__u32 key = skb->hash;
	struct locked copy = {};
	struct locked *v = bpf_map_lookup_elem(&vals, &key);
	__u64 n;

	if (!v) {
		copy.n = skb->len;
		bpf_map_update_elem(&vals, &key, &copy, BPF_NOEXIST);
		return TC_ACT_OK;
	}
	bpf_spin_lock(&v->lock);
	v->state = 1;
	v->n = skb->len;
	n = v->n;
	bpf_spin_unlock(&v->lock);
	bpf_ringbuf_output(&events, &n, sizeof(n), 0);
	bpf_ringbuf_output(&events, &v->n, sizeof(v->n), 0);
	return TC_ACT_OK;
}

char LICENSE[] SEC("license") = "GPL";
