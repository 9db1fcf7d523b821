// Under the lock of the same value.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "graph.h"

SEC("tc")
int push_and_pop(struct __sk_buff *skb)
{
	__u32 zero = 0;
	struct lhead *l = bpf_map_lookup_elem(&lists, &zero);
	struct bpf_list_node *first;
	struct item *n;

	if (!l)
		return TC_ACT_OK;
	n = bpf_obj_new(typeof(*n));
	if (!n)
		return TC_ACT_OK;
	n->key = skb->len;
	bpf_spin_lock(&l->lock);
	bpf_list_push_back(&l->head, &n->list);
	first = bpf_list_pop_front(&l->head);
	bpf_spin_unlock(&l->lock);
	if (first)
		bpf_obj_drop(container_of(first, struct item, list));
	return TC_ACT_OK;
}

SEC("tc")
int add(struct __sk_buff *skb)
{
	__u32 zero = 0;
	struct troot *t = bpf_map_lookup_elem(&trees, &zero);
	struct tnode *n;

	if (!t)
		return TC_ACT_OK;
	n = bpf_obj_new(typeof(*n));
	if (!n)
		return TC_ACT_OK;
	n->key = skb->len;
	bpf_spin_lock(&t->lock);
	bpf_rbtree_add(&t->root, &n->tree, less);
	bpf_spin_unlock(&t->lock);
	return TC_ACT_OK;
}

char LICENSE[] SEC("license") = "GPL";
