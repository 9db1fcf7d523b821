// Map types and layouts in which the kernel finds no lock.
// object: skip two locks in one struct make the kernel refuse the whole BTF
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

typedef struct bpf_spin_lock lock_t;

struct good {
	struct bpf_spin_lock lock;
	__u64 n;
};

struct hidden {
	lock_t lock; // want BLC206 "typedef"
	__u64 n;
};

struct several {
	struct bpf_spin_lock lock[2]; // want BLC206 "array"
	__u64 n;
};

struct two {
	struct bpf_spin_lock a;
	struct bpf_spin_lock b; // want BLC206 "two locks"
	__u64 n;
};

struct overlaid {
	union {
		struct bpf_spin_lock lock; // want BLC206 "union"
		__u32 raw;
	};
	__u64 n;
};

#define MAP(name, map_type, value_type) \
	struct { \
		__uint(type, map_type); \
		__uint(max_entries, 16); \
		__type(key, __u32); \
		__type(value, value_type); \
	} name SEC(".maps")

MAP(of_typedef, BPF_MAP_TYPE_HASH, struct hidden);
MAP(of_array, BPF_MAP_TYPE_HASH, struct several);
MAP(of_two, BPF_MAP_TYPE_HASH, struct two);
MAP(of_union, BPF_MAP_TYPE_HASH, struct overlaid);

#define USE(map) \
	do { \
		v = bpf_map_lookup_elem(&map, &key); \
		if (v) { \
			bpf_spin_lock(v); \
			bpf_spin_unlock(v); \
		} \
	} while (0)

SEC("tc")
int uses(struct __sk_buff *skb)
{
	__u32 key = 0;
	void *v;

	USE(of_typedef);
	USE(of_array);
	USE(of_two);
	USE(of_union);
	return TC_ACT_OK;
}

char LICENSE[] SEC("license") = "GPL";
