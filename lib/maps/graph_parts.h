/* Between graph.c and impact.c; nobody else includes this. */
#ifndef MAPS_GRAPH_PARTS_H
#define MAPS_GRAPH_PARTS_H

#include "maps/graph.h"

/* Targets of file f: to[start[f]] .. to[start[f + 1]], ascending, each once. */
struct adjacency {
	size_t *start;
	uint32_t *to;
};

/** @all  also edges within a unit */
struct adjacency graph_adjacency(struct arena *arena, size_t nfiles,
                                 const struct resolve_edge *edges, size_t nedges, bool all);

/**
 * Find the strongly connected sets of files.
 *
 * @ret  by file, the number of its set, from 1 on: all that a set depends on have smaller numbers
 * @ret  how many there are
 */
uint32_t graph_condense(struct arena *arena, const struct adjacency *adj, size_t nfiles,
                        uint32_t **ret);

#endif
