// One order everywhere.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "resilient.h"

static __always_inline int both(__u64 n)
{
	__u32 key = 1;
	struct rlocked *a = bpf_map_lookup_elem(&first, &key);
	struct rlocked *b = bpf_map_lookup_elem(&second, &key);

	if (!a || !b)
		return 0;
	if (bpf_res_spin_lock(&a->lock))
		return 0;
	if (bpf_res_spin_lock(&b->lock)) {
		bpf_res_spin_unlock(&a->lock);
		return 0;
	}
	b->n = n;
	bpf_res_spin_unlock(&b->lock);
	bpf_res_spin_unlock(&a->lock);
	return 1;
}

SEC("tc")
int here(struct __sk_buff *skb)
{
	return both(skb->len) ? TC_ACT_OK : TC_ACT_SHOT;
}

SEC("xdp")
int there(struct xdp_md *ctx)
{
	return both(ctx->rx_queue_index) ? XDP_PASS : XDP_DROP;
}

char LICENSE[] SEC("license") = "GPL";
