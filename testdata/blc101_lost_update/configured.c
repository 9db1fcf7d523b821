// A program whose many returns depend each on how it is configured, called
// again and again: what happens after the calls is found, too.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

const volatile _Bool a, b, c, d, e, f, g, h, i, j, k, l;

__u64 total;

static __noinline int choose(struct __sk_buff *skb, __u32 x)
{
	if (a && x == skb->mark)
		return 1;
	if (b && x == skb->hash)
		return 2;
	if (c && x == skb->len)
		return 3;
	if (d && x == skb->priority)
		return 4;
	if (e && x == skb->ifindex)
		return 5;
	if (f && x == skb->tc_index)
		return 6;
	if (g && x == skb->protocol)
		return 7;
	if (h && x == skb->queue_mapping)
		return 8;
	if (i && x == skb->cb[0])
		return 9;
	if (j && x == skb->cb[1])
		return 10;
	if (k && x == skb->cb[2])
		return 11;
	if (l && x == skb->cb[3])
		return 12;
	return skb->cb[4];
}

SEC("tc")
int configured(struct __sk_buff *skb)
{
	int sum = choose(skb, 1);

	sum += choose(skb, sum + 2);
	sum += choose(skb, sum + 3);
	sum += choose(skb, sum + 4);
	sum += choose(skb, sum + 5);
	sum += choose(skb, sum + 6);
	total += sum; // want BLC101
	return 0;
}

char _license[] SEC("license") = "GPL";
