/* Structure: how components depend on each other. */
#include "maps/structure_parts.h"

#include "maps/graph.h"

#include <string.h>

/* Files that import out of their component count once for it, and so do those imported from outside. */
static void count_files(struct structuring *s, const struct resolve_edge *edges, size_t nedges)
{
	struct structure *out = s->out;
	size_t n = s->in->nfiles;
	bool *leads_out = arena_array(s->arena, n, sizeof(bool));
	uint64_t *seen = arena_array(s->arena, out->ncomponents, sizeof(uint64_t));

	for (size_t e = 0; e < nedges; e++) {
		uint32_t from = edges[e].from;
		uint32_t own = out->file_component[from], to = out->file_component[edges[e].to];

		if (own == to)
			continue;
		if (!leads_out[from])
			out->components[own].efferent++;
		leads_out[from] = true;
		if (seen[to] != (uint64_t)from + 1) /* edges of one file are neighbours */
			out->components[to].afferent++;
		seen[to] = (uint64_t)from + 1;
	}
}

void structure_couple(struct structuring *s, const struct resolve_edge *edges, size_t nedges)
{
	struct structure *out = s->out;
	struct resolve_edge *links = arena_array(s->arena, out->nlinks, sizeof(*links));
	struct graph graph;

	count_files(s, edges, nedges);
	for (size_t i = 0; i < out->nlinks; i++)
		links[i] =
			(struct resolve_edge){ .from = out->links[i].from, .to = out->links[i].to };
	graph_measure(s->arena, out->ncomponents, links, out->nlinks, &graph);
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
