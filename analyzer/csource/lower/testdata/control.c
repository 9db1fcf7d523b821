/* Control flow. */
int loops(int n)
{
	int sum = 0;
	for (int i = 0; i < n; i++) {
		if (i == 3)
			continue;
		if (sum > 100)
			break;
		sum += i;
	}
	while (n-- > 0)
		;
	do {
		sum--;
	} while (sum && n);
	for (;;) {
		if (!--sum)
			return n;
	}
}

int choose(__u32 x)
{
	switch (x) {
	case 1:
	case 2:
		x = 7;
		break;
	case 10 ... 20:
		x++;
		/* fallthrough */
	default:
		x--;
	}
	switch (sizeof(x)) {
	case 4:
		return x;
	case 8:
		return -1;
	}
	return 0;
}

int jumps(int a)
{
again:
	if (a > 0) {
		a--;
		goto again;
	}
	if (a)
		goto out;
	a = 9;
out:
	return a;
}

int shortcut(struct val *v, int a, int b)
{
	int both = a && b;
	if (v && v->count != 3 || !a)
		return both;
	if (__builtin_expect(!!(5 <= v->count), 0))
		return 2;
	return a ? b : a ?: 4;
}

void lookup_loop(void)
{
	__u32 key = 0;
	struct val *v;
	while ((v = bpf_map_lookup_elem(&m, &key)))
		v->count = 1;
}

int blocks(int x)
{
	return ({ int y = x + 1; if (y) y++; y * 2; }) + ({ 3; });
}

int constant(int x)
{
	if (0)
		return 1;
	if (x && 0)
		return 2;
	return sizeof(int) == 4 ? x : 9;
}
