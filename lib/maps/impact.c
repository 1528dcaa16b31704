/* Impact: reachability by blocks of bits. */
#include "maps/impact.h"

#include "maps/graph_parts.h"

#include <stdlib.h>
#include <string.h>

#define WORDS 8 /* of one block: a cache line */
#define BLOCK ((size_t)WORDS * 64)

/* Who imports whom, between sets of files that import each other; the number of a set is below its importers'. */
struct condensed {
	size_t nsets;
	uint32_t *set; /* by file, from 0 on */
	uint32_t *start,
		*into; /* into[start[s]] .. into[start[s + 1]]: the sets that set s depends on */
};

static int by_number(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static struct condensed condense(struct arena *arena, const struct adjacency *adj, size_t nfiles)
{
	uint64_t *pairs = arena_array(arena, adj->start[nfiles], sizeof(uint64_t));
	struct condensed c = { 0 };
	size_t n = 0, kept = 0;

	c.nsets = graph_condense(arena, adj, nfiles, &c.set);
	for (size_t f = 0; f < nfiles; f++)
		c.set[f]--;
	for (size_t f = 0; f < nfiles; f++)
		for (size_t e = adj->start[f]; e < adj->start[f + 1]; e++)
			if (c.set[f] != c.set[adj->to[e]])
				pairs[n++] = (uint64_t)c.set[f] << 32 | c.set[adj->to[e]];
	if (n > 1)
		qsort(pairs, n, sizeof(uint64_t), by_number);
	c.start = arena_array(arena, c.nsets + 1, sizeof(uint32_t));
	c.into = arena_array(arena, n, sizeof(uint32_t));
	for (size_t i = 0; i < n; i++) {
		if (i > 0 && pairs[i] == pairs[i - 1])
			continue;
		c.start[(pairs[i] >> 32) + 1]++;
		c.into[kept++] = (uint32_t)pairs[i];
	}
	for (size_t s = 0; s < c.nsets; s++)
		c.start[s + 1] += c.start[s];
	return c;
}

/* The files first .. first + BLOCK - 1: which sets do they import, directly or not? */
static void count_block(const struct condensed *c, size_t first, size_t nfiles,
                        uint64_t (*bits)[WORDS], uint32_t *count)
{
	memset(bits, 0, c->nsets * sizeof(*bits));
	for (size_t f = first; f < nfiles && f < first + BLOCK; f++)
		bits[c->set[f]][(f - first) / 64] |= UINT64_C(1) << (f - first) % 64;
	for (size_t s = c->nsets; s-- > 0;) {
		uint64_t any = 0;

		for (size_t w = 0; w < WORDS; w++)
			any |= bits[s][w];
		if (any == 0) /* which most are: a block has few of the files */
			continue;
		for (uint32_t i = c->start[s]; i < c->start[s + 1]; i++)
			for (size_t w = 0; w < WORDS; w++)
				bits[c->into[i]][w] |= bits[s][w];
		for (size_t w = 0; w < WORDS; w++)
			count[s] += (uint32_t)__builtin_popcountll(bits[s][w]);
	}
}

void impact_count(struct arena *arena, size_t nfiles, const struct resolve_edge *edges,
                  size_t nedges, uint64_t max_work, struct impact *ret)
{
	struct adjacency adj = graph_adjacency(arena, nfiles, edges, nedges, true);
	struct condensed c = condense(arena, &adj, nfiles);
	uint64_t blocks = (nfiles + BLOCK - 1) / BLOCK;
	uint64_t(*bits)[WORDS] = arena_array(arena, c.nsets, sizeof(*bits));
	uint32_t *count = arena_array(arena, c.nsets, sizeof(uint32_t));

	ret->importers = arena_array(arena, nfiles, sizeof(uint32_t));
	ret->exact = blocks * WORDS * (c.nsets + c.start[c.nsets]) <= max_work;
	if (!ret->exact) {
		for (size_t e = 0; e < adj.start[nfiles]; e++)
			ret->importers[adj.to[e]]++;
		return;
	}
	for (size_t first = 0; first < nfiles; first += BLOCK)
		count_block(&c, first, nfiles, bits, count);
	for (size_t f = 0; f < nfiles; f++)
		ret->importers[f] = count[c.set[f]] - 1;
}
