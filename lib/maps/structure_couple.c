/* Structure: how components depend on each other. */
#include "maps/structure_parts.h"

#include "maps/graph.h"

#include <stdlib.h>

/*
 * Tests reach everywhere, and say nothing of the program's own layers: their imports count only where a
 * component is nothing but tests.
 */
static bool *programs(struct structuring *s)
{
	bool *has_source = arena_array(s->arena, s->out->ncomponents, sizeof(bool));

	for (size_t i = 0; i < s->in->nfiles; i++)
		if (s->in->files[i].role == FILE_SOURCE)
			has_source[s->out->file_component[i]] = true;
	return has_source;
}

static int by_ends(const void *a, const void *b)
{
	const struct resolve_edge *x = a, *y = b;

	if (x->from != y->from)
		return x->from < y->from ? -1 : 1;
	return x->to < y->to ? -1 : x->to > y->to;
}

/*
 * Links between components, and the files at their ends: those that import out of their component, and
 * those elsewhere that import files of one, each once.
 */
static size_t count_files(struct structuring *s, const struct resolve_edge *edges, size_t nedges,
                          struct resolve_edge *links)
{
	struct structure *out = s->out;
	bool *leads_out = arena_array(s->arena, s->in->nfiles, sizeof(bool));
	uint64_t *seen = arena_array(s->arena, out->ncomponents, sizeof(uint64_t));
	const bool *has_source = programs(s);
	size_t n = 0;

	for (size_t e = 0; e < nedges; e++) {
		uint32_t from = edges[e].from;
		uint32_t own = out->file_component[from], to = out->file_component[edges[e].to];

		if (own == to || (s->in->files[from].role == FILE_TEST && has_source[own]) ||
		    seen[to] == (uint64_t)from + 1) /* edges of one file are neighbours */
			continue;
		seen[to] = (uint64_t)from + 1;
		links[n++] = (struct resolve_edge){ .from = own, .to = to };
		out->components[own].efferent += !leads_out[from];
		out->components[to].afferent++;
		leads_out[from] = true;
	}
	if (n > 1)
		qsort(links, n, sizeof(*links), by_ends);
	return n;
}

void structure_couple(struct structuring *s, const struct resolve_edge *edges, size_t nedges)
{
	struct structure *out = s->out;
	struct resolve_edge *links = arena_array(s->arena, nedges, sizeof(*links));
	size_t nlinks = count_files(s, edges, nedges, links);
	struct graph graph;

	graph_measure(s->arena, out->ncomponents, links, nlinks, &graph);
	for (size_t c = 0; c < out->ncomponents; c++) {
		struct structure_component *component = &out->components[c];
		uint64_t both = (uint64_t)component->afferent + component->efferent;

		component->fan_in = graph.fan_in[c];
		component->fan_out = graph.fan_out[c];
		component->layer = graph.layer[c];
		component->instability =
			both > 0 ? (int32_t)((uint64_t)component->efferent * 1000 / both) : -1;
	}
}
