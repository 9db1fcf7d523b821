// A timer's callback is not alone with an element that a program changes, too:
// an update is of the whole value.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "locked.h"

struct alarm {
	struct bpf_timer timer;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct alarm);
} alarms SEC(".maps");

static int expire(void *map, __u32 *key, struct alarm *a)
{
	__u32 k = 3;
	struct locked zero = {};

	bpf_map_update_elem(&slots, &k, &zero, BPF_ANY); // want BLC306 (high) "timer callback"
	return 0;
}

SEC("tc")
int count(struct __sk_buff *skb)
{
	__u32 k = 0;
	struct alarm *a = bpf_map_lookup_elem(&alarms, &k);
	struct locked *v;

	if (!a)
		return TC_ACT_OK;
	if (!bpf_timer_init(&a->timer, &alarms, 1)) {
		bpf_timer_set_callback(&a->timer, expire);
		bpf_timer_start(&a->timer, 1000000, 0);
	}
	k = 3;
	v = bpf_map_lookup_elem(&slots, &k);
	if (!v)
		return TC_ACT_OK;
	bpf_spin_lock(&v->lock);
	v->n++;
	bpf_spin_unlock(&v->lock);
	return TC_ACT_OK;
}

char LICENSE[] SEC("license") = "GPL";
