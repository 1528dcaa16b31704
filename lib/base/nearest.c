/* Edit distance (optimal string alignment) between short names. */
#include "base/nearest.h"

#include <ctype.h>
#include <string.h>

struct nearest nearest_to(const char *wanted)
{
	return (struct nearest){ .wanted = wanted, .wanted_len = strlen(wanted) };
}

static int min(int a, int b)
{
	return a < b ? a : b;
}

static bool same(char a, char b)
{
	return tolower((unsigned char)a) == tolower((unsigned char)b);
}

/* Three rows of the table are enough: a swap of neighbours looks two rows back. */
static int distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
	int rows[3][NEAREST_NAME_MAX + 1];

	for (size_t j = 0; j <= b_len; j++)
		rows[0][j] = (int)j;
	for (size_t i = 1; i <= a_len; i++) {
		int *now = rows[i % 3];
		const int *up = rows[(i + 2) % 3], *up2 = rows[(i + 1) % 3];

		now[0] = (int)i;
		for (size_t j = 1; j <= b_len; j++) {
			now[j] = min(up[j - 1] + !same(a[i - 1], b[j - 1]),
			             min(up[j], now[j - 1]) + 1);
			if (i > 1 && j > 1 && same(a[i - 1], b[j - 2]) && same(a[i - 2], b[j - 1]))
				now[j] = min(now[j], up2[j - 2] + 1);
		}
	}
	return rows[a_len % 3][b_len];
}

void nearest_offer(struct nearest *near, const char *name)
{
	size_t len = strlen(name);
	int d;

	if (len > NEAREST_NAME_MAX || near->wanted_len > NEAREST_NAME_MAX)
		return;
	d = distance(near->wanted, near->wanted_len, name, len);
	if (d > (int)(len + 2) / 3 || (near->best != NULL && d >= near->distance))
		return;
	near->best = name;
	near->distance = d;
}
