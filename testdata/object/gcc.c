/* An object of another compiler: no BTF, symbols in another order, DWARF only,
 * functions with invented names. */
#include "mini.h"

struct bpf_map_def {
	u32 type, key_size, value_size, max_entries, map_flags;
};

void *lookup(void *map, const void *key) __attribute__((kernel_helper(1)));

struct bpf_map_def SEC("maps") table = {MAP_HASH, 4, 16, 10, 0};
u64 total;

static __noinline int add(u64 *p, u64 n)
{
	*p += n;
	return 0;
}

SEC("xdp") int prog(void *ctx)
{
	u32 key = 0;
	u64 *v = lookup(&table, &key);

	if (v) {
		__sync_fetch_and_add(v, 1);
		v[1]++;
		add(&total, 2);
	}
	return 2;
}

char _license[] SEC("license") = "GPL";
