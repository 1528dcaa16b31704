/* Diff: as a drawing of the components of both maps. */
#include "maps/diff_private.h"

#include <stdlib.h>

struct choice {
	uint32_t from, to; /* component of either side, DIFF_NONE: not there */
	int64_t state, code;
	size_t order;
};

static int by_worth(const void *a, const void *b)
{
	const struct choice *x = a, *y = b;

	if ((x->state != DRAWING_SAME) != (y->state != DRAWING_SAME))
		return x->state != DRAWING_SAME ? -1 : 1;
	if (x->code != y->code)
		return x->code > y->code ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

static int by_order(const void *a, const void *b)
{
	const struct choice *x = a, *y = b;

	return x->order < y->order ? -1 : x->order > y->order;
}

/* Components in which a file came, went or changed: a flag each. */
static void mark_files(const struct diff *d, bool *from, bool *to)
{
	for (size_t i = 0; i < d->files.n; i++) {
		struct diff_pair row = d->files.rows[i];

		if (row.from != DIFF_NONE)
			from[d->from->files.component[row.from]] = true;
		if (row.to != DIFF_NONE)
			to[d->to->files.component[row.to]] = true;
	}
}

/* Every component of now, then those that went. */
static struct choice *choose(struct arena *arena, const struct diff *d, size_t *ret_n)
{
	const struct view_components *a = &d->from->components, *b = &d->to->components;
	struct choice *all = arena_array(arena, a->n + b->n, sizeof(*all));
	bool *touched_from = arena_array(arena, a->n, sizeof(bool));
	bool *touched = arena_array(arena, b->n, sizeof(bool));
	size_t n = 0;

	mark_files(d, touched_from, touched);
	for (size_t i = 0; i < b->n; i++, n++)
		all[n] = (struct choice){ d->component_from[i], (uint32_t)i,
			                  touched[i] ? DRAWING_CHANGED : DRAWING_SAME, b->code[i],
			                  n };
	for (size_t i = 0; i < d->components.n; i++) {
		struct diff_pair row = d->components.rows[i];

		if (row.to != DIFF_NONE) {
			all[row.to].state = row.from == DIFF_NONE ? DRAWING_ADDED : DRAWING_CHANGED;
			continue;
		}
		all[n] = (struct choice){ row.from, DIFF_NONE, DRAWING_REMOVED, a->code[row.from],
			                  n };
		n++;
	}
	*ret_n = n;
	return all;
}

static void describe(struct arena *arena, const struct diff *d, const struct choice *c,
                     struct drawing_node *node)
{
	const struct view *v = c->to != DIFF_NONE ? d->to : d->from;
	uint32_t at = c->to != DIFF_NONE ? c->to : c->from;

	*node = drawing_component(arena, v, at);
	node->state = c->state;
}

/* What files of before say of a node that is no more. */
static void fill_removed(const struct diff *d, const struct choice *c, struct drawing_node *node)
{
	node->files = d->from->components.files[c->from];
	node->code = d->from->components.code[c->from];
}

/* Weights of before between nodes, so that what differs is known. */
static uint32_t *old_weights(struct arena *arena, const struct diff *d, const int32_t *node_of,
                             size_t n)
{
	const struct view_files *files = &d->from->files;
	int32_t *group = arena_array(arena, files->n, sizeof(*group));

	for (size_t f = 0; f < files->n; f++)
		group[f] = node_of[files->component[f]];
	return drawing_weights(arena, d->from, group, n);
}

static void mark_edges(struct arena *arena, struct drawing *d, uint32_t *old)
{
	size_t n = d->nodes.n, nedges = d->edges.n;
	const struct drawing_edge *now = d->edges.items;
	struct drawing_edge *edges = arena_array(arena, nedges + n * n / 2 + 1, sizeof(*edges));

	for (size_t i = 0; i < nedges; i++) {
		struct drawing_edge e = now[i];
		uint32_t *out = &old[(size_t)e.from * n + (size_t)e.to];
		uint32_t *in = &old[(size_t)e.to * n + (size_t)e.from];

		if (*out == 0 && *in == 0)
			e.state = DRAWING_ADDED;
		else if ((*out == 0) != (e.weight == 0) || (*in == 0) != (e.back == 0))
			e.state = DRAWING_CHANGED;
		*out = *in = 0;
		edges[i] = e;
	}
	for (size_t a = 0; a < n; a++) {
		for (size_t b = 0; b < n; b++) {
			uint32_t weight = old[a * n + b];

			if (weight == 0)
				continue;
			edges[nedges++] = (struct drawing_edge){ .from = (int64_t)a,
				                                 .to = (int64_t)b,
				                                 .weight = weight,
				                                 .back = old[b * n + a],
				                                 .state = DRAWING_REMOVED };
			old[b * n + a] = 0;
		}
	}
	d->edges = (struct list){ edges, nedges };
}

void diff_drawing(struct arena *arena, const struct diff *d, struct drawing *ret)
{
	size_t all, n;
	struct choice *c = choose(arena, d, &all);
	int32_t *now = arena_array(arena, d->to->components.n, sizeof(*now));
	int32_t *before = arena_array(arena, d->from->components.n, sizeof(*before));
	int32_t *group = arena_array(arena, d->to->files.n, sizeof(*group));
	struct drawing_node *nodes = arena_array(arena, DRAWING_NODES_MAX, sizeof(*nodes));

	if (all > 1)
		qsort(c, all, sizeof(*c), by_worth);
	n = all < DRAWING_NODES_MAX ? all : DRAWING_NODES_MAX;
	if (n > 1)
		qsort(c, n, sizeof(*c), by_order);
	memset(now, -1, d->to->components.n * sizeof(*now));
	memset(before, -1, d->from->components.n * sizeof(*before));
	for (size_t i = 0; i < n; i++) {
		describe(arena, d, &c[i], &nodes[i]);
		if (c[i].to != DIFF_NONE)
			now[c[i].to] = (int32_t)i;
		if (c[i].from != DIFF_NONE)
			before[c[i].from] = (int32_t)i;
	}
	for (size_t f = 0; f < d->to->files.n; f++)
		group[f] = now[d->to->files.component[f]];
	*ret = (struct drawing){
		.title = arena_printf(arena, "Components: %.*s \xe2\x86\x92 %.*s",
		                      d->from->commit.len < 12 ? (int)d->from->commit.len : 12,
		                      d->from->commit.data,
		                      d->to->commit.len < 12 ? (int)d->to->commit.len : 12,
		                      d->to->commit.data),
		.compares = true,
		.merged = (int64_t)(all - n),
	};
	drawing_fill(arena, d->to, group, nodes, n, ret);
	for (size_t i = 0; i < n; i++)
		if (c[i].state == DRAWING_REMOVED)
			fill_removed(d, &c[i], &nodes[i]);
	mark_edges(arena, ret, old_weights(arena, d, before, n));
	drawing_prune(arena, ret);
}
