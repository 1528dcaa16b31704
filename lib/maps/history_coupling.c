/*
 * History: files that change together.
 *
 * For each file its commits are gone through and the other files of each are counted, in one array that
 * all files share: time is the number of pairs in all commits, memory that of the files.
 */
#include "maps/history_parts.h"

#include <stdlib.h>

#define GATHERED_MAX                                                                               \
	((size_t)HISTORY_COUPLED_MAX * 32) /* pairs, before all but the best are let go */

static int by_degree(const void *a, const void *b)
{
	const struct history_pair *x = a, *y = b;

	if (x->degree != y->degree)
		return x->degree > y->degree ? -1 : 1;
	if (x->together != y->together)
		return x->together > y->together ? -1 : 1;
	if (x->a != y->a)
		return x->a < y->a ? -1 : 1;
	return x->b < y->b ? -1 : x->b > y->b;
}

static void keep_best(struct history *out)
{
	if (out->npairs > 1)
		qsort(out->pairs, out->npairs, sizeof(*out->pairs), by_degree);
	if (out->npairs > HISTORY_COUPLED_MAX) {
		out->npairs = HISTORY_COUPLED_MAX;
		out->pairs_truncated = true;
	}
}

static bool is_source(const struct history_walk *w, uint32_t file)
{
	return w->in->tree->files[file].role == FILE_SOURCE;
}

static void gather(struct history *out, struct history_pair pair, const uint32_t *commits)
{
	uint64_t a = commits[pair.a], b = commits[pair.b];

	pair.degree = (uint32_t)((uint64_t)pair.together * 200 / (a + b));
	if (pair.together < HISTORY_COUPLED_LEAST || pair.degree < HISTORY_COUPLED_DEGREE)
		return;
	pair.a_to_b = (uint32_t)((uint64_t)pair.together * 100 / a);
	pair.b_to_a = (uint32_t)((uint64_t)pair.together * 100 / b);
	if (out->npairs == GATHERED_MAX)
		keep_best(out);
	out->pairs[out->npairs++] = pair;
}

static bool imports(const struct history_in *in, uint32_t from, uint32_t to)
{
	size_t low = 0, high = in->nedges;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (in->edges[middle].from < from)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < in->nedges && in->edges[low].from == from; low++)
		if (in->edges[low].to == to)
			return true;
	return false;
}

/* The files that have a commit in common with f, and come behind it. */
static size_t count_partners(const struct history_walk *w, uint32_t f, uint32_t *together,
                             uint32_t *met)
{
	size_t n = 0;

	for (uint32_t i = w->start[f]; i < w->start[f + 1]; i++) {
		const struct visit *visit = &w->visits[w->by_file[i]];

		for (uint32_t k = visit[0].first; k < visit[1].first && !visit->wide; k++) {
			uint32_t other = w->touched[k];

			if (other > f && together[other]++ == 0)
				met[n++] = other;
		}
	}
	return n;
}

void history_coupling(struct history_walk *w)
{
	struct history *out = w->out;
	size_t nfiles = w->in->tree->nfiles;
	uint32_t *commits = arena_array(w->arena, nfiles, sizeof(uint32_t));
	uint32_t *together = arena_array(w->arena, nfiles, sizeof(uint32_t));
	uint32_t *met = arena_array(w->arena, nfiles, sizeof(uint32_t));
	struct history_pair *gathered = arena_array(w->arena, GATHERED_MAX, sizeof(*gathered));

	for (size_t v = 0; v < w->nvisits; v++)
		for (uint32_t i = w->visits[v].first;
		     i < w->visits[v + 1].first && !w->visits[v].wide; i++)
			commits[w->touched[i]]++;
	out->pairs = gathered;
	for (uint32_t f = 0; f < nfiles; f++) {
		size_t n = count_partners(w, f, together, met);

		for (size_t i = 0; i < n; i++) {
			if (is_source(w, f) || is_source(w, met[i]))
				gather(out,
				       (struct history_pair){
					       .a = f, .b = met[i], .together = together[met[i]] },
				       commits);
			together[met[i]] = 0;
		}
	}
	keep_best(out);
	out->pairs = arena_memdup(w->cx->arena, gathered, out->npairs * sizeof(*gathered));
	for (size_t i = 0; i < out->npairs; i++)
		out->pairs[i].linked = imports(w->in, out->pairs[i].a, out->pairs[i].b) ||
		                       imports(w->in, out->pairs[i].b, out->pairs[i].a);
}
