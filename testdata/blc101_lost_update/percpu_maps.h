/* Per-CPU maps declared in a header, through a macro. */
#define PERCPU_MAP(name, map_type, key_type, value_type, entries) \
	struct { \
		__uint(type, BPF_MAP_TYPE_PERCPU_##map_type); \
		__uint(max_entries, entries); \
		__type(key, key_type); \
		__type(value, value_type); \
	} name SEC(".maps")

struct pstat {
	__u64 packets;
	__u64 bytes;
};

PERCPU_MAP(percpu_array, ARRAY, __u32, struct pstat, 4);
PERCPU_MAP(percpu_hash, HASH, __u32, struct pstat, 1024);

static __always_inline struct pstat *pstat_of(void *map, __u32 key)
{
	return bpf_map_lookup_elem(map, &key);
}
