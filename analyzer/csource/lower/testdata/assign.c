/* Assignments, increments and compound assignments on memory and registers. */
static __u64 total;
struct bits { __u32 a : 3, b : 5; __u32 c : 20; __s32 d : 4; };
static struct bits bits;

int registers(int n)
{
	int i = n, old = i++;
	__u8 narrow = n;
	i += narrow;
	return old + i--;
}

void memory(struct val *v, __u8 by)
{
	v->count++;
	++v->bytes;
	v->bytes += v->count;
	v->in.a |= by;
	v->arr[by] <<= 1;
	total = v->bytes = 3;
}

int fields(void)
{
	bits.b = 7;
	bits.c++;
	return bits.d + bits.a;
}

void copies(struct val *a, struct val *b)
{
	struct val local = *a;
	*b = local;
	b->in = a->in;
}

int used(struct val *v)
{
	return (v->arr[0] = 300) + v->in.b--;
}
