/* Chart: how far the nearest test is. */
#include "maps/chart_parts.h"

#include <string.h>

/* a/b.c and a/b.h: the same but for what stands behind the last dot of the name. */
static bool same_stem(struct span a, struct span b)
{
	const char *dot = memrchr(a.data, '.', a.len);
	size_t n = dot == NULL ? 0 : (size_t)(dot - a.data) + 1;

	return n > 1 && b.len >= n && memcmp(a.data, b.data, n) == 0 &&
	       memchr(b.data + n, '.', b.len - n) == NULL &&
	       memchr(b.data + n, '/', b.len - n) == NULL;
}

static bool nearer(int8_t *steps, uint32_t from, uint32_t to, int8_t step)
{
	if (steps[from] != step || steps[to] >= 0)
		return false;
	steps[to] = (int8_t)(step + 1);
	return true;
}

int8_t *chart_tested(struct arena *arena, const struct content_in *in)
{
	const struct map_file *files = in->tree->files;
	const struct resolve_edge *edges = in->resolved->edges;
	int8_t *steps = arena_array(arena, in->tree->nfiles, sizeof(*steps));
	bool more = true;

	for (size_t f = 0; f < in->tree->nfiles; f++)
		steps[f] = files[f].role == FILE_TEST ? 0 : -1;
	for (int8_t step = 0; more && step + 1 < CHART_TESTED_MAX; step++) {
		more = false;
		for (size_t i = 0; i < in->resolved->nedges; i++)
			more |= nearer(steps, edges[i].from, edges[i].to, step);
		for (size_t i = 0; i < in->resolved->nedges; i++)
			if (steps[edges[i].from] < 0 && steps[edges[i].to] == step + 1 &&
			    same_stem(files[edges[i].to].path, files[edges[i].from].path)) {
				steps[edges[i].from] = (int8_t)(step + 1);
				more = true;
			}
	}
	return steps;
}
