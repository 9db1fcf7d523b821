// Locks of the program's own making, and flags that an exchange takes.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "annotations.h"

static __u32 lock;
static __u32 pending;
static __u64 guarded;

SEC("tc")
int trylock(struct __sk_buff *skb)
{
	if (__sync_val_compare_and_swap(&lock, 0, 1))
		return TC_ACT_OK;
	guarded = skb->len;
	WRITE_ONCE(lock, 0);
	return TC_ACT_OK;
}

SEC("tc")
int raise(struct __sk_buff *skb)
{
	pending = 1;
	return TC_ACT_OK;
}

SEC("tc")
int take(struct __sk_buff *skb)
{
	return __sync_lock_test_and_set(&pending, 0) ? TC_ACT_SHOT : TC_ACT_OK;
}

static __u32 entered;

// One CPU gets 0, and lets the next one in.
SEC("tc")
int first_come(struct __sk_buff *skb)
{
	if (__sync_fetch_and_add(&entered, 1) != 0)
		return TC_ACT_OK;
	guarded = skb->len;
	entered = 0;
	return TC_ACT_OK;
}

char LICENSE[] SEC("license") = "GPL";
