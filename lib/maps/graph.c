/* Graph: adjacency in one array, Tarjan with an explicit stack, rank in fixed point. */
#include "maps/graph_parts.h"

#include <stdlib.h>
#include <string.h>

#define SCRATCH_MAX (SIZE_MAX / 2)
#define RANK_SUM    1000000000000000u /* 10^15: shares stay exact to 10^-6 of a part */
#define RANK_PARTS  (RANK_SUM / GRAPH_RANK_ONE)

static int by_number(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

/*
 * Turned round twice: the files that import each come in order, then so do the files that each imports.
 * Nothing is compared.
 */
struct adjacency graph_adjacency(struct arena *arena, size_t nfiles,
                                 const struct resolve_edge *edges, size_t nedges, bool all)
{
	CLEANUP(arena_free_ptr) struct arena *own = arena_new(SCRATCH_MAX);
	struct adjacency adj = { .start = arena_array(arena, nfiles + 2, sizeof(size_t)) };
	uint32_t *first = arena_array(own, nfiles + 1, sizeof(*first));
	uint32_t *end = arena_array(own, nfiles, sizeof(*end));
	uint32_t *from = arena_array(own, nedges, sizeof(*from));

	for (size_t e = 0; e < nedges; e++)
		first[edges[e].to + 1]++;
	for (size_t f = 0; f < nfiles; f++) {
		end[f] = first[f];
		first[f + 1] += first[f];
	}
	for (size_t e = 0; e < nedges; e++) {
		uint32_t to = edges[e].to;

		if ((!all && edges[e].within_unit) ||
		    (end[to] > first[to] && from[end[to] - 1] == edges[e].from))
			continue;
		from[end[to]++] = edges[e].from;
		adj.start[edges[e].from + 2]++;
	}
	for (size_t f = 0; f < nfiles; f++)
		adj.start[f + 2] += adj.start[f + 1];
	adj.to = arena_array(arena, adj.start[nfiles + 1], sizeof(uint32_t));
	for (uint32_t to = 0; to < nfiles; to++)
		for (uint32_t i = first[to]; i < end[to]; i++)
			adj.to[adj.start[from[i] + 1]++] = to;
	return adj;
}

/* Tarjan's algorithm: components come out with those they depend on before them. */
struct tarjan {
	const struct adjacency *adj;
	uint32_t *index, *low; /* index 0: not seen */
	uint32_t *component;   /* number plus 1; 0: none yet */
	uint32_t *stack, *path;
	size_t *next; /* by file: its next edge to look at */
	size_t nstack, npath;
	uint32_t seen, ncomponents;
};

static void enter(struct tarjan *t, uint32_t file)
{
	t->index[file] = t->low[file] = ++t->seen;
	t->next[file] = t->adj->start[file];
	t->stack[t->nstack++] = file;
	t->path[t->npath++] = file;
}

static void leave(struct tarjan *t, uint32_t file)
{
	uint32_t member;

	t->npath--;
	if (t->npath > 0 && t->low[file] < t->low[t->path[t->npath - 1]])
		t->low[t->path[t->npath - 1]] = t->low[file];
	if (t->low[file] != t->index[file])
		return;
	t->ncomponents++;
	do {
		member = t->stack[--t->nstack];
		t->component[member] = t->ncomponents;
	} while (member != file);
}

static void walk_from(struct tarjan *t, uint32_t root)
{
	enter(t, root);
	while (t->npath > 0) {
		uint32_t file = t->path[t->npath - 1], to;

		if (t->next[file] == t->adj->start[file + 1]) {
			leave(t, file);
			continue;
		}
		to = t->adj->to[t->next[file]++];
		if (t->index[to] == 0)
			enter(t, to);
		else if (t->component[to] == 0 && t->index[to] < t->low[file])
			t->low[file] = t->index[to];
	}
}

static int by_first(const void *a, const void *b)
{
	const struct graph_cycle *x = a, *y = b;

	return by_number(x->files, y->files);
}

static void list_cycles(struct arena *arena, const struct tarjan *t, struct graph *g)
{
	size_t *size = arena_array(arena, t->ncomponents + 1, sizeof(size_t));
	uint32_t *number = arena_array(arena, t->ncomponents + 1, sizeof(uint32_t));

	for (size_t f = 0; f < g->nfiles; f++)
		size[t->component[f]]++;
	for (uint32_t c = 1; c <= t->ncomponents; c++)
		g->ncycles += size[c] > 1;
	g->cycles = arena_array(arena, g->ncycles, sizeof(*g->cycles));
	g->ncycles = 0;
	for (uint32_t f = 0; f < g->nfiles; f++) {
		uint32_t c = t->component[f];
		struct graph_cycle *cycle;

		if (size[c] < 2)
			continue;
		if (number[c] == 0) {
			number[c] = (uint32_t)++g->ncycles;
			g->cycles[number[c] - 1].files =
				arena_array(arena, size[c], sizeof(uint32_t));
		}
		cycle = &g->cycles[number[c] - 1];
		cycle->files[cycle->nfiles++] = f;
	}
	if (g->ncycles > 1)
		qsort(g->cycles, g->ncycles, sizeof(*g->cycles), by_first);
}

/* Components are numbered so that all that one depends on have smaller numbers. */
static void set_layers(struct arena *arena, const struct tarjan *t, struct graph *g)
{
	uint32_t *first = arena_array(arena, t->ncomponents + 2, sizeof(uint32_t));
	uint32_t *members = arena_array(arena, g->nfiles, sizeof(uint32_t));
	uint32_t *layer = arena_array(arena, t->ncomponents + 1, sizeof(uint32_t));

	for (size_t f = 0; f < g->nfiles; f++)
		first[t->component[f] + 1]++;
	for (uint32_t c = 1; c <= t->ncomponents + 1; c++)
		first[c] += first[c - 1];
	for (uint32_t f = 0; f < g->nfiles; f++)
		members[first[t->component[f]]++] = f;
	/* first[c] is now the end of component c, and its begin is the end of c - 1 */
	for (uint32_t c = 1; c <= t->ncomponents; c++) {
		for (uint32_t i = first[c - 1]; i < first[c]; i++) {
			uint32_t f = members[i];

			for (size_t e = t->adj->start[f]; e < t->adj->start[f + 1]; e++) {
				uint32_t other = t->component[t->adj->to[e]];

				if (other != c && layer[other] + 1 > layer[c])
					layer[c] = layer[other] + 1;
			}
		}
		for (uint32_t i = first[c - 1]; i < first[c]; i++)
			g->layer[members[i]] = layer[c];
		if (layer[c] + 1 > g->nlayers)
			g->nlayers = layer[c] + 1;
	}
}

static struct tarjan condense(struct arena *arena, const struct adjacency *adj, size_t n)
{
	struct tarjan t = {
		.adj = adj,
		.index = arena_array(arena, n, sizeof(uint32_t)),
		.low = arena_array(arena, n, sizeof(uint32_t)),
		.component = arena_array(arena, n, sizeof(uint32_t)),
		.stack = arena_array(arena, n, sizeof(uint32_t)),
		.path = arena_array(arena, n, sizeof(uint32_t)),
		.next = arena_array(arena, n, sizeof(size_t)),
	};

	for (uint32_t f = 0; f < n; f++)
		if (t.index[f] == 0)
			walk_from(&t, f);
	return t;
}

uint32_t graph_condense(struct arena *arena, const struct adjacency *adj, size_t nfiles,
                        uint32_t **ret)
{
	struct tarjan t = condense(arena, adj, nfiles);

	*ret = t.component;
	return t.ncomponents;
}

static void find_cycles(struct arena *arena, const struct adjacency *adj, struct graph *g)
{
	struct tarjan t = condense(arena, adj, g->nfiles);

	list_cycles(arena, &t, g);
	set_layers(arena, &t, g);
}

static void set_rank(struct arena *arena, const struct adjacency *adj, struct graph *g)
{
	uint64_t *now = arena_array(arena, g->nfiles, sizeof(uint64_t));
	uint64_t *then = arena_array(arena, g->nfiles, sizeof(uint64_t));
	uint64_t n = 0;

	for (size_t f = 0; f < g->nfiles; f++)
		n += g->fan_in[f] + g->fan_out[f] > 0;
	if (n == 0)
		return;
	for (size_t f = 0; f < g->nfiles; f++)
		now[f] = g->fan_in[f] + g->fan_out[f] > 0 ? RANK_SUM / n : 0;
	for (int round = 0; round < GRAPH_RANK_ROUNDS; round++) {
		uint64_t loose = 0, base, *swap = then;

		for (size_t f = 0; f < g->nfiles; f++)
			loose += g->fan_out[f] == 0 ? now[f] : 0;
		base = RANK_SUM / 100 * 15 / n + loose / 100 * 85 / n;
		for (size_t f = 0; f < g->nfiles; f++)
			then[f] = g->fan_in[f] + g->fan_out[f] > 0 ? base : 0;
		for (size_t f = 0; f < g->nfiles; f++) {
			uint64_t share = g->fan_out[f] > 0 ? now[f] / g->fan_out[f] * 85 / 100 : 0;

			for (size_t e = adj->start[f]; e < adj->start[f + 1]; e++)
				then[adj->to[e]] += share;
		}
		then = now;
		now = swap;
	}
	for (size_t f = 0; f < g->nfiles; f++)
		g->rank[f] = (uint32_t)(now[f] / RANK_PARTS);
}

/* The files with the highest values, by insertion into a short list. */
static size_t top(const uint32_t *value, size_t n, uint32_t *ret)
{
	size_t used = 0;

	for (uint32_t f = 0; f < n; f++) {
		size_t at = used;

		if (value[f] == 0 ||
		    (used == GRAPH_CENTRAL_MAX && value[f] <= value[ret[used - 1]]))
			continue;
		if (used < GRAPH_CENTRAL_MAX)
			used++;
		else
			at--;
		for (; at > 0 && value[ret[at - 1]] < value[f]; at--)
			ret[at] = ret[at - 1];
		ret[at] = f;
	}
	return used;
}

void graph_measure(struct arena *arena, size_t nfiles, const struct resolve_edge *edges,
                   size_t nedges, struct graph *ret)
{
	struct adjacency all = graph_adjacency(arena, nfiles, edges, nedges, true);
	struct adjacency across = graph_adjacency(arena, nfiles, edges, nedges, false);

	*ret = (struct graph){
		.nfiles = nfiles,
		.fan_in = arena_array(arena, nfiles, sizeof(uint32_t)),
		.fan_out = arena_array(arena, nfiles, sizeof(uint32_t)),
		.layer = arena_array(arena, nfiles, sizeof(uint32_t)),
		.rank = arena_array(arena, nfiles, sizeof(uint32_t)),
	};
	for (size_t f = 0; f < nfiles; f++) {
		ret->fan_out[f] = (uint32_t)(all.start[f + 1] - all.start[f]);
		for (size_t e = all.start[f]; e < all.start[f + 1]; e++)
			ret->fan_in[all.to[e]]++;
	}
	find_cycles(arena, &across, ret);
	set_rank(arena, &all, ret);
	ret->ncentral = top(ret->rank, nfiles, ret->central);
	ret->ndepended = top(ret->fan_in, nfiles, ret->depended);
}
