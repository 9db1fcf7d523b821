/* What an object expects of another one that it is linked with. */
#include "mini.h"

extern struct {
	__uint(type, MAP_HASH);
	__uint(max_entries, 16);
	__type(key, u32);
	__type(value, u64);
} shared_map SEC(".maps");

extern u64 shared_count;
extern const u32 shared_limit;

SEC("xdp")
int uses(void *ctx)
{
	u32 key = shared_limit;
	u64 *v = bpf_map_lookup_elem(&shared_map, &key);

	if (v)
		shared_count += *v;
	return 2;
}

char _license[] SEC("license") = "GPL";
