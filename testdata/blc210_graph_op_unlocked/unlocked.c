// Operations without the lock beside the root.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "graph.h"

SEC("tc")
int push(struct __sk_buff *skb)
{
	__u32 zero = 0;
	struct lhead *l = bpf_map_lookup_elem(&lists, &zero);
	struct item *n;

	if (!l)
		return TC_ACT_OK;
	n = bpf_obj_new(typeof(*n));
	if (!n)
		return TC_ACT_OK;
	n->key = skb->len;
	bpf_list_push_back(&l->head, &n->list); // want BLC210 "without the lock beside the root in lists"
	return TC_ACT_OK;
}

SEC("tc")
int pop_under_another(struct __sk_buff *skb)
{
	__u32 zero = 0, one = 1;
	struct lhead *a = bpf_map_lookup_elem(&lists, &zero);
	struct lhead *b = bpf_map_lookup_elem(&lists, &one);
	struct bpf_list_node *n;

	if (!a || !b)
		return TC_ACT_OK;
	bpf_spin_lock(&a->lock);
	n = bpf_list_pop_front(&b->head); // want BLC210 "the lock held is another"
	bpf_spin_unlock(&a->lock);
	if (n)
		bpf_obj_drop(container_of(n, struct item, list));
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
	bpf_rbtree_add(&t->root, &n->tree, less); // want BLC210 "trees"
	return TC_ACT_OK;
}

// The kernel function by its address: the compiler sees through it.
SEC("tc")
int pop_by_pointer(struct __sk_buff *skb)
{
	struct bpf_list_node *(*pop)(struct bpf_list_head *) = bpf_list_pop_front;
	__u32 zero = 0;
	struct lhead *l = bpf_map_lookup_elem(&lists, &zero);
	struct bpf_list_node *first;

	if (!l)
		return TC_ACT_OK;
	first = pop(&l->head); // want BLC210 "bpf_list_pop_front is called without the lock"
	if (first)
		bpf_obj_drop(container_of(first, struct item, list));
	return TC_ACT_OK;
}

char LICENSE[] SEC("license") = "GPL";
