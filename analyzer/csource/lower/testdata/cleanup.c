/* Cleanups run at every way out of their scope. */
extern void release(int *p);
extern int acquire(void);
#define guard __attribute__((cleanup(release)))

int ways(int a)
{
	int x guard = acquire();
	if (a == 1)
		return a;
	for (int i = 0; i < 3; i++) {
		int y guard = i;
		if (a == 2)
			break;
		if (a == 3)
			goto out;
		if (a == 4)
			continue;
	}
out:
	return 0;
}
