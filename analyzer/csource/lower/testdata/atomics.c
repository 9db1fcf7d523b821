/* Atomic builtins: used and unused results, all spellings. */
struct cnt { __u64 n; __u32 w; int s; };

void unused(struct cnt *c, __u64 by)
{
	__sync_fetch_and_add(&c->n, by);
	__sync_fetch_and_sub(&c->w, 1);
	(void)__sync_or_and_fetch(&c->w, 4);
	__atomic_fetch_add(&c->n, 1, 0);
	__atomic_and_fetch(&c->s, -2, 5);
	__sync_synchronize();
}

__u64 used(struct cnt *c)
{
	__u64 old = __sync_fetch_and_add(&c->n, 1);
	if (__sync_add_and_fetch(&c->s, -1) < 0)
		return __sync_lock_test_and_set(&c->w, 1);
	__sync_lock_release(&c->w);
	return old + __atomic_exchange_n(&c->n, 0, 5);
}

int swaps(struct cnt *c)
{
	__u64 seen = 5;
	if (__sync_val_compare_and_swap(&c->n, 1, 2) == 1)
		return 1;
	if (__sync_bool_compare_and_swap(&c->w, 0, 1))
		return 2;
	return __atomic_compare_exchange_n(&c->n, &seen, 9, 0, 5, 5);
}

__u64 ordered(struct cnt *c)
{
	__atomic_store_n(&c->n, 1, 0);
	__atomic_store_n(&c->n, 2, 3);
	return __atomic_load_n(&c->n, 0) + __atomic_load_n((__u32 *)&c->w, 2);
}

static _Atomic int refs;
int qualified(void)
{
	refs++;
	return refs += 2;
}
