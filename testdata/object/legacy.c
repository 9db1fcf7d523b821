/* An object as compilers and loaders before BTF made them. */
#include "mini.h"

struct bpf_map_def {
	u32 type, key_size, value_size, max_entries, map_flags;
};

struct bpf_map_def SEC("maps") table = {
	.type = MAP_HASH,
	.key_size = 4,
	.value_size = 16,
	.max_entries = 100,
	.map_flags = 1,
};

struct bpf_map_def SEC("maps") other = {
	.type = MAP_ARRAY,
	.key_size = 4,
	.value_size = 8,
	.max_entries = 1,
};

static u64 hidden[2];

SEC("kprobe/sys_open")
int probe(void *ctx)
{
	u32 key = 1;
	u64 *v = bpf_map_lookup_elem(&table, &key);

	if (v) {
		v[1]++;
		__sync_fetch_and_add(&v[0], 1);
		hidden[1] += v[0];
	}
	bpf_map_lookup_elem(&other, &key);
	return 0;
}

char _license[] SEC("license") = "GPL";
