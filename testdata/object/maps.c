/* Maps in every form that BTF defines them in, and their values' fields. */
#include "mini.h"

typedef struct bpf_spin_lock lock_alias;

struct flow {
	struct bpf_spin_lock lock;
	u32 packets __tag("guarded_by:lock");
	union {
		u64 bytes;
		struct {
			u32 low, high;
		};
	};
	u8 flag_a : 3, flag_b : 5;
	const volatile u16 seen[4];
	lock_alias hidden_lock;
	struct flow *next;
	u64 hits __tag("data_racy") __tag("single_writer");
};

struct {
	__uint(type, MAP_HASH);
	__uint(max_entries, 1024);
	__uint(map_flags, 1);
	__type(key, u32);
	__type(value, struct flow);
} flows SEC(".maps");

struct inner {
	__uint(type, MAP_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u64);
} inner_a SEC(".maps");

struct {
	__uint(type, MAP_ARRAY_OF_MAPS);
	__uint(max_entries, 4);
	__type(key, u32);
	__array(values, struct inner);
} outer SEC(".maps") = {
	.values = {[1] = &inner_a},
};

int count(void *ctx);

struct {
	__uint(type, MAP_PROG_ARRAY);
	__uint(max_entries, 2);
	__uint(key_size, 4);
	__array(values, int(void *));
} jumps SEC(".maps") = {
	.values = {[0] = (void *)&count},
};

struct {
	__uint(type, MAP_ARRAY);
	__uint(max_entries, 8);
	__uint(key_size, 4);
	__uint(value_size, 48);
} raw SEC(".maps");

SEC("xdp")
int count(void *ctx)
{
	u32 key = 0;
	struct flow *f = bpf_map_lookup_elem(&flows, &key);

	if (!f)
		return 2;
	bpf_spin_lock(&f->lock);
	f->packets++;
	bpf_spin_unlock(&f->lock);
	f->hits++;
	f->flag_b = 3;
	bpf_map_lookup_elem(&raw, &key);
	bpf_tail_call(ctx, &jumps, 0);
	void *m = bpf_map_lookup_elem(&outer, &key);
	if (m)
		bpf_map_lookup_elem(m, &key);
	return 2;
}

char _license[] SEC("license") = "GPL";
