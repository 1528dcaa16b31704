/* Diff: matching files, imports and cycles.  Components and packages are in diff_parts.c. */
#include "maps/diff_private.h"

#include <stdlib.h>
#include <string.h>

#define EMPTY_BLOB "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"

void diff_add(struct arena *arena, struct diff_list *list, uint32_t from, uint32_t to)
{
	/* Doubling: the room is the next power of two. */
	if (list->n == 0 || (list->n >= 16 && (list->n & (list->n - 1)) == 0))
		list->rows = arena_grow(arena, list->rows, list->n * sizeof(*list->rows),
		                        (list->n == 0 ? 16 : list->n * 2) * sizeof(*list->rows));
	list->rows[list->n++] = (struct diff_pair){ from, to };
}

/* --- Files --- */

static void match_paths(struct differ *d)
{
	const struct view_files *from = &d->out->from->files, *to = &d->out->to->files;
	struct strmap paths = strmap_new(d->arena, to->n);

	for (size_t i = 0; i < to->n; i++) {
		strmap_add(&paths, to->path[i].data, to->path[i].len, (uint32_t)i);
		d->file_from[i] = DIFF_NONE;
	}
	for (size_t i = 0; i < from->n; i++) {
		uint32_t at = strmap_get(&paths, from->path[i].data, from->path[i].len);

		d->out->file_to[i] = at;
		if (at != STRMAP_NONE)
			d->file_from[at] = (uint32_t)i;
	}
}

/* Of what is left over, the same blob is the same file. */
static void match_blobs(struct differ *d)
{
	const struct view_files *from = &d->out->from->files, *to = &d->out->to->files;
	struct strmap blobs = strmap_new(d->arena, 64);

	for (size_t i = to->n; i-- > 0;)
		if (d->file_from[i] == DIFF_NONE && !view_json_is(to->oid[i], EMPTY_BLOB))
			strmap_set(&blobs, to->oid[i].data, to->oid[i].len, (uint32_t)i);
	for (size_t i = 0; i < from->n; i++) {
		uint32_t at;

		if (d->out->file_to[i] != DIFF_NONE)
			continue;
		at = strmap_get(&blobs, from->oid[i].data, from->oid[i].len);
		if (at == STRMAP_NONE || d->file_from[at] != DIFF_NONE)
			continue;
		d->out->file_to[i] = at;
		d->file_from[at] = (uint32_t)i;
	}
}

static void list_files(struct differ *d)
{
	const struct view_files *from = &d->out->from->files, *to = &d->out->to->files;
	struct diff_list *list = &d->out->files;

	for (size_t i = 0; i < to->n; i++) {
		if (d->file_from[i] != DIFF_NONE)
			continue;
		diff_add(d->arena, list, DIFF_NONE, (uint32_t)i);
		list->added++;
	}
	for (size_t i = 0; i < from->n; i++) {
		uint32_t at = d->out->file_to[i];

		if (at == DIFF_NONE)
			list->removed++;
		else if (!diff_same(from->path[i], to->path[at]))
			list->moved++;
		else if (!diff_same(from->oid[i], to->oid[at]))
			list->changed++;
		else
			continue;
		diff_add(d->arena, list, (uint32_t)i, at);
	}
}

/* --- Imports --- */

static int by_number(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static size_t sort_unique(uint64_t *pairs, size_t n)
{
	size_t kept = 0;

	if (n > 1)
		qsort(pairs, n, sizeof(*pairs), by_number);
	for (size_t i = 0; i < n; i++)
		if (i == 0 || pairs[i] != pairs[i - 1])
			pairs[kept++] = pairs[i];
	return kept;
}

static uint64_t pair_of(uint32_t a, uint32_t b)
{
	return (uint64_t)a << 32 | b;
}

static bool has(const uint64_t *pairs, size_t n, uint64_t pair)
{
	return n > 0 && bsearch(&pair, pairs, n, sizeof(*pairs), by_number) != NULL;
}

/*
 * Pairs of one side that the other has not.  @other_of by node of this side: the other's, or DIFF_NONE
 * @other sorted  @ret in arena, sorted
 */
static struct diff_edge *lacking(struct arena *arena, const uint64_t *pairs, size_t n,
                                 const uint32_t *other_of, const uint64_t *other, size_t nother,
                                 size_t *ret_n)
{
	struct diff_edge *ret = arena_array(arena, n, sizeof(*ret));

	*ret_n = 0;
	for (size_t i = 0; i < n; i++) {
		uint32_t a = (uint32_t)(pairs[i] >> 32), b = (uint32_t)pairs[i];

		if (other_of[a] == DIFF_NONE || other_of[b] == DIFF_NONE ||
		    !has(other, nother, pair_of(other_of[a], other_of[b])))
			ret[(*ret_n)++] = (struct diff_edge){ a, b };
	}
	return ret;
}

void diff_edges(struct arena *arena, const struct diff_sides *s, struct diff_edge **ret_added,
                size_t *ret_nadded, struct diff_edge **ret_removed, size_t *ret_nremoved)
{
	*ret_added = lacking(arena, s->to, s->nto, s->from_of, s->from, s->nfrom, ret_nadded);
	*ret_removed = lacking(arena, s->from, s->nfrom, s->to_of, s->to, s->nto, ret_nremoved);
}

uint64_t *diff_pairs(struct arena *arena, const int32_t *from, const int32_t *to, size_t n,
                     size_t *ret_n)
{
	uint64_t *pairs = arena_array(arena, n, sizeof(*pairs));

	for (size_t i = 0; i < n; i++)
		pairs[i] = pair_of((uint32_t)from[i], (uint32_t)to[i]);
	*ret_n = sort_unique(pairs, n);
	return pairs;
}

static void list_imports(struct differ *d)
{
	struct diff *out = d->out;
	const struct view_imports *a = &out->from->imports, *b = &out->to->imports;
	struct diff_sides s = { .from_of = d->file_from, .to_of = out->file_to };

	s.from = diff_pairs(d->arena, a->from, a->to, a->n, &s.nfrom);
	s.to = diff_pairs(d->arena, b->from, b->to, b->n, &s.nto);
	out->imports_from = s.nfrom;
	out->imports_to = s.nto;
	diff_edges(d->arena, &s, &out->imports_added, &out->nimports_added, &out->imports_removed,
	           &out->nimports_removed);
}

/* --- Cycles --- */

/* @ret by file: the cycle it is in, or DIFF_NONE */
static uint32_t *cycle_of(struct arena *arena, const struct view *v)
{
	const struct view_graph *g = &v->graph;
	uint32_t *ret = arena_array(arena, v->files.n, sizeof(*ret));

	for (size_t i = 0; i < v->files.n; i++)
		ret[i] = DIFF_NONE;
	for (size_t c = 0; c < g->ncycles; c++)
		for (int32_t i = g->cycle_start[c]; i < g->cycle_start[c + 1]; i++)
			ret[g->cycle_files[i]] = (uint32_t)c;
	return ret;
}

static int32_t cycle_size(const struct view *v, size_t c)
{
	return v->graph.cycle_start[c + 1] - v->graph.cycle_start[c];
}

/*
 * The cycle of before that shares the most files with one of now, two at least.
 * @shared by cycle of before, all 0, and left so
 */
static uint32_t counterpart(struct differ *d, const uint32_t *before, size_t c, uint32_t *shared,
                            bool *ret_same)
{
	const struct view_graph *g = &d->out->to->graph;
	uint32_t best = DIFF_NONE, most = 1;

	for (int pass = 0; pass < 2; pass++) {
		for (int32_t i = g->cycle_start[c]; i < g->cycle_start[c + 1]; i++) {
			uint32_t file = d->file_from[g->cycle_files[i]];
			uint32_t old = file != DIFF_NONE ? before[file] : DIFF_NONE;

			if (old == DIFF_NONE)
				continue;
			if (pass == 1) {
				shared[old] = 0;
			} else if (++shared[old] > most) {
				most = shared[old];
				best = old;
			}
		}
	}
	*ret_same = best != DIFF_NONE && (int32_t)most == cycle_size(d->out->to, c) &&
	            (int32_t)most == cycle_size(d->out->from, best);
	return best;
}

static void list_cycles(struct differ *d)
{
	struct diff_list *list = &d->out->cycles;
	size_t nold = d->out->from->graph.ncycles;
	uint32_t *before = cycle_of(d->arena, d->out->from);
	uint32_t *shared = arena_array(d->arena, nold, sizeof(*shared));
	bool *matched = arena_array(d->arena, nold, sizeof(bool));

	for (size_t c = 0; c < d->out->to->graph.ncycles; c++) {
		bool unchanged;
		uint32_t old = counterpart(d, before, c, shared, &unchanged);

		if (old != DIFF_NONE && matched[old])
			old = DIFF_NONE; /* one that fell apart: the first part is it */
		if (old != DIFF_NONE)
			matched[old] = true;
		if (old != DIFF_NONE && unchanged)
			continue;
		list->added += old == DIFF_NONE;
		list->changed += old != DIFF_NONE;
		diff_add(d->arena, list, old, (uint32_t)c);
	}
	for (size_t c = 0; c < nold; c++) {
		if (matched[c])
			continue;
		list->removed++;
		diff_add(d->arena, list, (uint32_t)c, DIFF_NONE);
	}
}

static int64_t code_of(const struct view *v)
{
	int64_t code = 0;

	for (size_t i = 0; i < v->files.n; i++)
		code += v->files.code[i];
	return code;
}

void diff_maps(struct arena *arena, const struct view *from, const struct view *to,
               struct diff *ret)
{
	struct differ d = { .arena = arena, .out = ret };

	*ret = (struct diff){
		.from = from, .to = to, .code_from = code_of(from), .code_to = code_of(to)
	};
	ret->file_to = arena_array(arena, from->files.n, sizeof(uint32_t));
	d.file_from = arena_array(arena, to->files.n, sizeof(uint32_t));
	match_paths(&d);
	match_blobs(&d);
	list_files(&d);
	list_imports(&d);
	list_cycles(&d);
	diff_components(&d);
	diff_externals(&d);
	diff_routes(&d);
	diff_hotspots(&d);
}

bool diff_is_empty(const struct diff *d)
{
	return d->files.n + d->cycles.n + d->externals.n + d->routes.n + d->components.n +
	               d->hotspots.n + d->nimports_added + d->nimports_removed ==
	       0;
}
