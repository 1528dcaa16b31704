/* Impact: reachability by blocks of bits. */
#include "maps/impact.h"

#include "maps/graph_parts.h"

#include <string.h>

#define WORDS 8 /* of one block: a cache line */
#define BLOCK ((size_t)WORDS * 64)

/* Who imports whom, between sets of files that import each other; the number of a set is below its importers'. */
struct condensed {
	size_t nsets;
	uint32_t *set;   /* by file, from 0 on */
	uint32_t *order; /* the files, by set */
	uint32_t *start,
		*into; /* into[start[s]] .. into[start[s + 1]]: the sets that set s depends on */
};

/* A counting sort. */
static uint32_t *by_set(struct arena *arena, const struct condensed *c, size_t nfiles)
{
	uint32_t *next = arena_array(arena, c->nsets + 1, sizeof(uint32_t));
	uint32_t *order = arena_array(arena, nfiles, sizeof(uint32_t));

	for (size_t f = 0; f < nfiles; f++)
		next[c->set[f] + 1]++;
	for (size_t s = 0; s < c->nsets; s++)
		next[s + 1] += next[s];
	for (uint32_t f = 0; f < nfiles; f++)
		order[next[c->set[f]]++] = f;
	return order;
}

static struct condensed condense(struct arena *arena, const struct adjacency *adj, size_t nfiles)
{
	struct condensed c = { .into = arena_array(arena, adj->start[nfiles], sizeof(uint32_t)) };
	uint32_t *last, n = 0; /* by set: the one that was last seen to depend on it, plus 1 */

	c.nsets = graph_condense(arena, adj, nfiles, &c.set);
	for (size_t f = 0; f < nfiles; f++)
		c.set[f]--;
	c.order = by_set(arena, &c, nfiles);
	c.start = arena_array(arena, c.nsets + 1, sizeof(uint32_t));
	last = arena_array(arena, c.nsets, sizeof(uint32_t));
	for (size_t i = 0; i < nfiles; i++) {
		uint32_t f = c.order[i], s = c.set[f];

		for (size_t e = adj->start[f]; e < adj->start[f + 1]; e++) {
			uint32_t to = c.set[adj->to[e]];

			if (to == s || last[to] == s + 1)
				continue;
			last[to] = s + 1;
			c.into[n++] = to;
		}
		c.start[s + 1] = n;
	}
	return c;
}

/*
 * The files first .. first + BLOCK - 1 in the order of their sets: which sets do they import, directly or
 * not?  None above their own.
 */
static void count_block(const struct condensed *c, size_t first, size_t nfiles,
                        uint64_t (*bits)[WORDS], uint32_t *count)
{
	size_t last = first + BLOCK < nfiles ? first + BLOCK : nfiles;
	size_t nsets = c->set[c->order[last - 1]] + (size_t)1;

	memset(bits, 0, nsets * sizeof(*bits));
	for (size_t i = first; i < last; i++)
		bits[c->set[c->order[i]]][(i - first) / 64] |= UINT64_C(1) << (i - first) % 64;
	for (size_t s = nsets; s-- > 0;) {
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
