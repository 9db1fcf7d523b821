/* SPDX-License-Identifier: Apache-2.0 */
/* A list and a tree in map values, each beside its lock. */
#ifndef __TEST_GRAPH_H__
#define __TEST_GRAPH_H__

#include "kfuncs.h"

/* One node type for each root: the kernel checks that what a root contains ends there. */
struct item {
	struct bpf_list_node list;
	__u64 key;
};

struct tnode {
	struct bpf_rb_node tree;
	__u64 key;
};

struct lhead {
	struct bpf_spin_lock lock;
	struct bpf_list_head head __contains(item, list);
};

struct troot {
	struct bpf_spin_lock lock;
	struct bpf_rb_root root __contains(tnode, tree);
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, struct lhead);
} lists SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, struct troot);
} trees SEC(".maps");

static bool less(struct bpf_rb_node *a, const struct bpf_rb_node *b)
{
	struct tnode *x = container_of(a, struct tnode, tree);
	struct tnode *y = container_of(b, struct tnode, tree);

	return x->key < y->key;
}

#endif
